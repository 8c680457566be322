"""What is shown of each hit, wherever hits are listed: its title and place with what matched, and why it was found."""

from collections.abc import Sequence, Set

import msgspec
from markupsafe import Markup, escape

from bucketdex.catalog import formats, links
from bucketdex.manifest.layout import physical
from bucketdex.searching.hits import EntryHit, Hit, ObjectHit, PackageHit
from bucketdex.searching.question import Kind

MOST_PAIRS = 4
MOST_PACKAGES = 3
SHORT_HASH = 12
CONTENTS = ("content", "message")  # fields of text, whose fragments are shown
PAIRS = ("columns", "tags", "metadata")

Marked = Sequence[tuple[str, bool]]  # text, and whether it matched


class Badge(msgspec.Struct, frozen=True):
    """A word about a hit; `title` explains it."""

    text: str
    tone: str = ""
    symbol: str = ""
    title: str = ""


class Chip(msgspec.Struct, frozen=True):
    """A package that the hit is in."""

    text: str
    href: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as it is shown: `folder` is what comes before the title; `snippet` and `pairs` say why it was found."""

    kind: Kind
    title: Markup
    href: str
    place: str
    place_href: str
    folder: Markup = Markup()
    folder_href: str = ""
    size: int | None = None
    modified: str | None = None
    entries: int | None = None
    author: str | None = None
    snippet: Markup | None = None
    pairs: tuple[Markup, ...] = ()
    badges: tuple[Badge, ...] = ()
    packages: tuple[Chip, ...] = ()
    more_packages: int = 0


def card(hit: Hit, buckets: Set[str]) -> Card:
    """Return what is shown of a hit; `buckets` are those whose objects have a page."""
    match hit:
        case ObjectHit():
            return _object(hit)
        case PackageHit():
            return _package(hit)
        case EntryHit():
            return _entry(hit, buckets)


def _object(hit: ObjectHit) -> Card:
    folder, name = _cut(_of(hit.highlights, "key", hit.key))
    if not any(matched for _, matched in name):
        name = _of(hit.highlights, "name", _text(name))
    chips = [Chip(it.handle, links.package(it.registry, it.handle)) for it in hit.packages]
    frozen = hit.storage_class in ("GLACIER", "DEEP_ARCHIVE")
    return Card(
        kind="object",
        title=formats.marked(name) or Markup("(no name)"),
        href=links.object(hit.bucket, hit.key),
        place=hit.bucket,
        place_href=links.bucket(hit.bucket),
        folder=formats.marked(folder),
        folder_href=links.folder(hit.bucket, _text(folder)),
        size=hit.size,
        modified=hit.modified,
        author=hit.written_by.name if hit.written_by else None,
        snippet=_snippet(hit.highlights),
        pairs=_pairs(hit.highlights),
        badges=(*_problem(hit.problem), *((Badge(str(hit.storage_class)),) if frozen else ())),
        packages=tuple(chips[:MOST_PACKAGES]),
        more_packages=max(0, len(chips) - MOST_PACKAGES),
    )


def _package(hit: PackageHit) -> Card:
    badges = list(_problem(hit.problem))
    if hit.verified is False:
        badges.append(Badge("not verified", "bad", "warn", "Its contents are not what its top hash says"))
    if hit.verified:
        badges.append(Badge("verified", "good", "verified", "Its contents are what its top hash says"))
    top_hash = (hit.top_hash or "")[:SHORT_HASH]
    if not hit.latest:
        badges.append(Badge(f"revision {top_hash}", title="Not its latest revision"))
    handle = hit.handle or ""
    title = (
        formats.marked(_of(hit.highlights, "handle", handle))
        if handle
        else escape(formats.visible(top_hash or "a manifest"))
    )
    revision = None if hit.latest else hit.top_hash
    return Card(
        kind="package",
        title=title,
        href=links.package(hit.bucket, handle, revision) if handle else "",
        place=hit.bucket,
        place_href=links.bucket(hit.bucket),
        size=hit.total_bytes,
        modified=hit.modified,
        entries=hit.entries,
        snippet=_snippet(hit.highlights) or (escape(formats.visible(hit.message)) if hit.message else None),
        pairs=_pairs(hit.highlights),
        badges=tuple(badges),
    )


def _entry(hit: EntryHit, buckets: Set[str]) -> Card:
    folder, name = _cut(_of(hit.highlights, "logical_key", hit.logical_key))
    chips = [Chip(it, links.package(hit.bucket, it, None if hit.latest else hit.top_hash)) for it in hit.handles]
    within = hit.handles[0] if hit.handles else ""
    in_package = links.package_folder(hit.bucket, within, hit.top_hash, _text(folder)) if within else ""
    where = physical(hit.physical_key or "")
    object_href = links.object(*where) if where and where.bucket in buckets else ""
    badges = [*_problem(hit.problem)] if hit.latest else [Badge("older revision"), *_problem(hit.problem)]
    return Card(
        kind="entry",
        title=formats.marked(name) or Markup("(no name)"),
        href=object_href or in_package,
        place=within or hit.bucket,
        place_href=links.package(hit.bucket, within, None if hit.latest else hit.top_hash) if within else "",
        folder=formats.marked(folder),
        folder_href=in_package,
        size=hit.size,
        pairs=_pairs(hit.highlights),
        badges=tuple(badges),
        packages=tuple(chips[1 : 1 + MOST_PACKAGES]),
        more_packages=max(0, len(chips) - 1 - MOST_PACKAGES),
    )


def _problem(problem: str | None) -> tuple[Badge, ...]:
    return (Badge("problem", "warn", "warn", problem),) if problem else ()


def _snippet(highlights: dict[str, list[str]]) -> Markup | None:
    found = [fragment for field in CONTENTS for fragment in highlights.get(field, ())]
    return Markup(" … ").join(map(formats.marked, found[:2])) if found else None


def _pairs(highlights: dict[str, list[str]]) -> tuple[Markup, ...]:
    found = [fragment for field in PAIRS for fragment in highlights.get(field, ())]
    return tuple(map(formats.marked, dict.fromkeys(found[:MOST_PAIRS])))


def _of(highlights: dict[str, list[str]], field: str, text: str) -> Marked:
    """Return a name with what matched in it; just the name, where the highlight is not of the whole of it."""
    for fragment in highlights.get(field, ()):
        parts = formats.pieces(fragment)
        if _text(parts) == text:
            return parts
    return [(text, False)]


def _cut(parts: Marked) -> tuple[Marked, Marked]:
    """Return the folder, with its last slash, and the name; a slash at the end belongs to the name."""
    text = _text(parts)
    at = text.rstrip("/").rfind("/") + 1
    before: list[tuple[str, bool]] = []
    after: list[tuple[str, bool]] = []
    for part, matched in parts:
        before += [(part[:at], matched)] if part[:at] else []
        after += [(part[at:], matched)] if part[at:] else []
        at = max(0, at - len(part))
    return before, after


def _text(parts: Marked) -> str:
    return "".join(text for text, _ in parts)
