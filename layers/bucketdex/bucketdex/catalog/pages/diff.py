"""What changed between two revisions of a package, by their manifests in S3."""

from collections.abc import Set
from concurrent.futures import Future
from itertools import accumulate

import msgspec

from bucketdex.catalog import links
from bucketdex.catalog.answers import NotFound, Page
from bucketdex.catalog.beside import Beside, beside
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.packages import manifests, shown
from bucketdex.catalog.packages.comparing import MOST_SHOWN, Changes, changes
from bucketdex.catalog.packages.manifests import Manifest, TooLargeError, manifest_of, too_large
from bucketdex.http import Request
from bucketdex.manifest import Entry
from bucketdex.manifest.layout import physical
from bucketdex.searching.details import PackageDetail, package_told, revisions_told

CHOICES = 100  # revisions to choose from
MOST_CHARACTERS = 100_000  # of a list


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that differs: its key and size before and now, and what of it changed, in words."""

    key: str
    href: str
    old_key: str = ""
    old_size: float | None = None
    new_size: float | None = None
    said: tuple[str, ...] = ()


def page(request: Request, edges: Edges, registry: str, author: str, name: str) -> Page:
    """Compare two revisions; without `to` the latest, without `from` the one before."""
    edges.bucket(registry)
    handle = f"{author}/{name}"
    with beside() as requests:
        asked = requests.begin(revisions_told, edges.opensearch, edges.viewer, handle, registry, None, CHOICES)
        newer = requests.begin(package_told, edges.opensearch, edges.viewer, handle, registry, request.one("to"))
        listed = [it for it in asked.result().revisions if it.top_hash]
        new = _there(newer.result(), handle, registry, request.one("to"))
        wanted = request.one("from") or _before([str(it.top_hash) for it in listed], new.top_hash)
        old = _there(
            package_told(edges.opensearch, edges.viewer, handle, registry, wanted), handle, registry, wanted
        )  # fmt: skip
        found, refused = _compared(edges, requests, old, new)
    choices = {str(it.top_hash): it for it in reversed(listed)}
    values = {
        "title": f"Changes of {handle}",
        "package": new,
        "steps": [*shown.crumbs(registry, handle)[:-1], (handle, links.package(registry, handle)), ("Changes", None)],
        "old": old,
        "new": new,
        "short": shown.SHORT,
        "choices": list(reversed(choices.values())),
        "action": links.diff(registry, handle),
        "swapped": links.diff(registry, handle, new.top_hash, old.top_hash),
        "refused": refused,
        "found": found,
    }
    return Page("diff.html", values | {"rows": rows(found, edges.viewer.buckets) if found else {}})


def rows(found: Changes, buckets: Set[str]) -> dict[str, list[Row]]:
    """Return what is shown of what differs: of each list the first entries, so many as a page can hold."""
    changed = [
        Row(
            key=it.key,
            href=_href(it.new, buckets),
            old_size=it.old.size,
            new_size=it.new.size,
            said=tuple(word for word, holds in (("content", it.size or it.hash), ("metadata", it.metadata)) if holds),
        )
        for it in found.changed[:MOST_SHOWN]
    ]
    renamed = [
        Row(
            key=it.new.logical_key,
            href=_href(it.new, buckets),
            old_key=it.old.logical_key,
            new_size=it.new.size,
            said=("metadata",) if it.metadata else (),
        )
        for it in found.renamed[:MOST_SHOWN]
    ]
    added, removed = found.added[:MOST_SHOWN], found.removed[:MOST_SHOWN]
    return {
        "renamed": _few(renamed),
        "added": _few([Row(key=it.logical_key, href=_href(it, buckets), new_size=it.size) for it in added]),
        "changed": _few(changed),
        "removed": _few([Row(key=it.logical_key, href=_href(it, buckets), old_size=it.size) for it in removed]),
    }


def _few(made: list[Row]) -> list[Row]:
    """Return the rows until their keys are too long for a page: a key has up to 1,024 bytes."""
    lengths = accumulate(len(it.key) + len(it.old_key) + len(it.href) for it in made)
    return [it for it, length in zip(made, lengths, strict=True) if length <= MOST_CHARACTERS]


def _there(found: PackageDetail | None, handle: str, registry: str, wanted: str) -> PackageDetail:
    if found is None:
        which = f" with a top hash that begins with {wanted}" if wanted else ""
        raise NotFound(f"There is no package {handle}{which} in s3://{registry}, or the index does not have it yet.")
    return found


def _before(hashes: list[str], top_hash: str) -> str:
    """Return the revision before this one, of those that are listed the newest first; itself where there is none."""
    at = hashes.index(top_hash) if top_hash in hashes else -1
    return next((it for it in hashes[at + 1 :] if it != top_hash), top_hash)


def _compared(edges: Edges, requests: Beside, old: PackageDetail, new: PackageDetail) -> tuple[Changes | None, str]:
    """Return what changed, or why that cannot be said."""
    for it in (old, new):
        if (it.entries or 0) > manifests.MOST_ENTRIES:
            return None, f"{too_large(it.top_hash)}"
    asked: list[Future[Manifest]] = [
        requests.begin(manifest_of, edges.s3, it.registry, it.top_hash) for it in (old, new)
    ]
    try:
        before, after = (it.result() for it in asked)
    except TooLargeError as error:
        return None, str(error)
    return changes(before, after), ""


def _href(entry: Entry, buckets: Set[str]) -> str:
    where = physical(entry.physical_keys[0])
    return links.object(*where) if where and where.bucket in buckets else ""
