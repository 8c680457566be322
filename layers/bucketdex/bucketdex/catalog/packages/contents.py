"""The entries of a revision, one folder at a time: from the index, or where that has none, from the manifest in S3."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bucketdex.catalog.edges import Edges
from bucketdex.catalog.packages.manifests import TooLargeError, manifest_of, too_large
from bucketdex.errors import Permanent
from bucketdex.index.pairs import flattened, named
from bucketdex.manifest import Entry
from bucketdex.manifest.layout import physical
from bucketdex.searching.details import EntryDetail, File, Folder, PackageDetail, Subfolder, folder_told
from bucketdex.searching.details.entries import Physical
from bucketdex.searching.details.folders import MOST_ITEMS
from bucketdex.searching.details.named import entries_named

FROM_MANIFEST = "These files are told by the manifest in S3: the index keeps entries of latest revisions only."
LOADING = "These files are told by the manifest in S3: the index is still taking up its entries."


class Contents(Protocol):
    """The entries of a revision; `note` says where they come from, if it matters."""

    note: str

    def folder(self, prefix: str, after: str) -> Folder:
        """Return one level below a prefix."""

    def named(self, keys: Sequence[str]) -> dict[str, EntryDetail]:
        """Return the entries of these logical keys."""


class Indexed:
    """The entries of a revision as the index has them."""

    note = ""

    def __init__(self, edges: Edges, package: PackageDetail) -> None:
        self._asked = (edges.opensearch, edges.viewer, package.registry, package.top_hash)

    def folder(self, prefix: str, after: str) -> Folder:
        """Return one level below a prefix."""
        return folder_told(*self._asked, prefix, after or None)

    def named(self, keys: Sequence[str]) -> dict[str, EntryDetail]:
        """Return the entries of these logical keys."""
        return entries_named(*self._asked, keys)


class Read:
    """The entries of a revision as its manifest has them; `after` is the last name that was told."""

    def __init__(self, entries: dict[str, Entry], note: str) -> None:
        self._entries, self.note = entries, note

    def folder(self, prefix: str, after: str) -> Folder:
        """Return one level below a prefix."""
        return folder_of(self._entries, prefix, after)

    def named(self, keys: Sequence[str]) -> dict[str, EntryDetail]:
        """Return the entries of these logical keys."""
        return {key: detail(self._entries[key]) for key in keys if key in self._entries}


def contents_of(edges: Edges, package: PackageDetail) -> Contents:
    """Return what tells the entries of a revision; raises `Transient`."""
    if package.searchable == "complete":
        return Indexed(edges, package)
    note = LOADING if package.searchable == "loading" else FROM_MANIFEST
    try:
        return Read(manifest_of(edges.s3, package.registry, package.top_hash).entries, note)
    except TooLargeError:
        return Read({}, f"The index has no entries of this revision, and {too_large(package.top_hash)}.")
    except Permanent as error:
        return Read({}, f"The index has no entries of this revision, and {error}.")


def folder_of(entries: Mapping[str, Entry], prefix: str, after: str, size: int = MOST_ITEMS) -> Folder:
    """Return one level of logical keys, `size` names of it after the name `after`."""
    inner: dict[str, list[Entry]] = {}
    for key, entry in entries.items():
        if key.startswith(prefix) and key != prefix:
            name, slash, _ = key[len(prefix) :].partition("/")
            inner.setdefault(name + slash, []).append(entry)
    names = sorted(name for name in inner if name > after)
    page = names[:size]
    folders = tuple(
        Subfolder(name[:-1], prefix + name, len(inner[name]), sum(_size(it) or 0 for it in inner[name]))
        for name in page
        if name.endswith("/")
    )
    files = tuple(_file(name, inner[name][0]) for name in page if not name.endswith("/"))
    return Folder(prefix, folders, files, page[-1] if len(names) > len(page) else None)


def detail(entry: Entry) -> EntryDetail:
    """Return an entry of a manifest as the index would tell of it."""
    return EntryDetail(**_fields(entry))


def _file(name: str, entry: Entry) -> File:
    return File(name=name, **_fields(entry))


def _fields(entry: Entry) -> dict[str, Any]:
    address = entry.physical_keys[0]
    where = physical(address)
    return {
        "logical_key": entry.logical_key,
        "physical_key": address,
        "physical": Physical(*where) if where else None,
        "size": _size(entry),
        "hash": {"type": entry.hash.type, "value": entry.hash.value} if entry.hash else {},
        "metadata": _metadata(entry),
    }


def _metadata(entry: Entry) -> tuple[str, ...]:
    try:
        return named(flattened("metadata", entry.metadata)[0])
    except (ValueError, RecursionError):  # it is no JSON
        return ()


def _size(entry: Entry) -> int | None:
    size = entry.size
    return int(size) if size is not None and math.isfinite(size) and size >= 0 else None
