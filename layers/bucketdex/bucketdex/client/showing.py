"""What a search found, as people are shown it in Python: a few lines, or a table in a notebook."""

import re
from collections.abc import Sequence
from html import escape, unescape
from typing import TYPE_CHECKING

from bucketdex.client.amounts import size
from bucketdex.client.errors import UNSHOWN
from bucketdex.client.hits import EntryHit, Hit, ObjectHit, PackageHit

if TYPE_CHECKING:
    from bucketdex.client.hits import Page

SHOWN = 10  # hits
NOUNS = {"package": ("package", "packages"), "entry": ("entry", "entries"), "object": ("object", "objects")}
FRAGMENTS = 2  # of a hit
MARK = re.compile(r"(</?mark>)")


def as_text(page: "Page", hits: Sequence[Hit]) -> str:
    """Return how many there are, and the best of them, each in a line."""
    shown = f", the best {SHOWN} of them:" if len(hits) > SHOWN else ""
    head = [
        f"{counted(page)} found{shown}",
        *([f"did you mean: {_plain(page.did_you_mean)}"] if page.did_you_mean else []),
    ]
    return "\n".join([*head, *(f"  {_plain(str(hit))}" for hit in hits[:SHOWN])])


def as_html(page: "Page", hits: Sequence[Hit]) -> str:
    """Return the same as a table; whatever a hit holds is text in it."""
    head = "".join(f"<th style='text-align:left'>{it}</th>" for it in ("kind", "name", "where", "size", "modified", ""))
    body = "".join(_row(hit) for hit in hits[:SHOWN])
    shown = f", the best {SHOWN} of them here" if len(hits) > SHOWN else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if hits else ""
    meant = f"<p>Did you mean <code>{escape(_plain(page.did_you_mean))}</code>?</p>" if page.did_you_mean else ""
    return f"<div><p>{escape(counted(page))} found{shown}.</p>{meant}{table}</div>"


def counted(page: "Page") -> str:
    """Return how many there are of each kind, in words."""
    counts = [f"{page.totals[it]:,} {NOUNS[it][page.totals[it] != 1]}" for it in NOUNS if page.totals.get(it)]
    *first, last = counts or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def _row(hit: Hit) -> str:
    name, where, bytes_, modified = _told(hit)
    cells = [
        *(
            escape(_plain(it))
            for it in (_kind(hit), name, where, size(bytes_), (modified or "")[:16].replace("T", " "))
        ),
        _found_in(hit),
    ]
    return f"<tr>{''.join(f"<td style='text-align:left'>{it}</td>" for it in cells)}</tr>"


def _told(hit: Hit) -> tuple[str, str, int | None, str | None]:
    match hit:
        case ObjectHit():
            return hit.key, f"s3://{hit.bucket}", hit.size, hit.modified
        case PackageHit():
            name = f"{hit.handle or '(no handle)'}@{(hit.top_hash or '')[:8]}"
            return name, f"s3://{hit.bucket}", hit.total_bytes, hit.modified
        case EntryHit():
            return hit.logical_key, ", ".join(hit.handles) or hit.top_hash[:12], hit.size, None


def _kind(hit: Hit) -> str:
    return str(type(hit).__struct_config__.tag)


def _found_in(hit: Hit) -> str:
    """Return what matched; fragments are safe HTML already, and made so once more, as they come from elsewhere."""
    fragments = [it for found in hit.highlights.values() for it in found[:1]]
    return " … ".join(map(_marked, fragments[:FRAGMENTS]))


def _marked(fragment: str) -> str:
    pieces = MARK.split(fragment)
    return "".join(it if MARK.fullmatch(it) else escape(_plain(unescape(it))) for it in pieces)


def _plain(text: str) -> str:
    return UNSHOWN.sub(" ", text)
