"""One level of a package's tree: the files and the folders in a folder, however many files those hold."""

from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS
from bucketdex.searching.details.bounds import bounded
from bucketdex.searching.details.cursors import after as sort_values
from bucketdex.searching.details.cursors import cursor_of
from bucketdex.searching.details.entries import EntryDetail, of_manifest
from bucketdex.searching.viewer import Viewer, ask

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_ITEMS = 200  # folders and files that are told at once
ROUNDS = 40  # of asking, of which each finds a folder at least; a folder of many files takes one
STEP = 200  # entries that a round asks for
NEXT = "\0"  # with it a key becomes the first that comes after it


class File(EntryDetail, frozen=True, omit_defaults=True, kw_only=True):
    """A file in the folder; `name` is the last part of its logical key."""

    name: str


class Subfolder(msgspec.Struct, frozen=True):
    """A folder in the folder: its name, its prefix with the slash, and how many files and bytes are in it."""

    name: str
    prefix: str
    entries: int
    total_bytes: int


class Folder(msgspec.Struct, frozen=True):
    """What is in a folder, by name; `cursor` brings what comes after it, None where this is all.

    `searchable` is that of the revision, where it is known: of one that is not `complete` there is nothing, or not all.
    """

    prefix: str
    folders: tuple[Subfolder, ...]
    files: tuple[File, ...]
    cursor: str | None = None
    searchable: str | None = None


def folder_told(
    client: "OpenSearch",
    viewer: Viewer,
    registry: str,
    top_hash: str,
    prefix: str = "",
    after: str | None = None,
    size: int = MOST_ITEMS,
) -> Folder:
    """Return one level of the logical keys of a manifest: what is right below `prefix`, which ends with a slash.

    `after` is the cursor of the part before. Found by skipping: where the last entry that was seen is in a subfolder,
    what else is in that is jumped over, so a subfolder of a million files costs one step. Raises `Transient`, and
    `Permanent` for a cursor that is none of this folder.
    """
    about = f"folder {registry} {top_hash} {prefix}"
    start = sort_values(about, after, (str,))[0] if after else prefix
    found, goes_on_at = _level(client, viewer, of_manifest(registry, top_hash, prefix), prefix, start, size)
    folders = [it for it, file in found.items() if file is None]
    return Folder(
        prefix,
        _counted(client, viewer, of_manifest(registry, top_hash), prefix, folders),
        tuple(file for file in found.values() if file),
        None if goes_on_at is None else cursor_of(about, [goes_on_at]),
    )


def _level(
    client: "OpenSearch", viewer: Viewer, filters: list[dict[str, Any]], prefix: str, start: str, size: int
) -> tuple[dict[str, File | None], str | None]:
    """Return what is found from a key on, folders (with a slash) as None, and where it goes on, if it does."""
    found: dict[str, File | None] = {}
    for _ in range(ROUNDS):
        sources = _from(client, viewer, filters, start)
        for source in sources:
            key: str = source["logical_key"]
            name, slash, _ = key[len(prefix) :].partition("/")
            path = prefix + name + slash
            if path == prefix or path in found:  # what is said of the folder itself, or is in one that is known
                start = max(start, key + NEXT)
                continue
            if len(found) == size:
                return found, key
            found[path] = None if slash else msgspec.convert(bounded(source) | {"name": name}, File)
            start = _past(path) if slash else key + NEXT
        if len(sources) < STEP:
            return found, None
    return found, start


def _past(folder: str) -> str:
    """Return the first text that comes after all that is in a folder: a 0 is what follows its slash."""
    return folder.removesuffix("/") + "0"


def _from(client: "OpenSearch", viewer: Viewer, filters: list[dict[str, Any]], start: str) -> list[dict[str, Any]]:
    body = {
        "query": {"bool": {"filter": [*filters, {"range": {"logical_key": {"gte": start}}}]}},
        "size": STEP,
        "sort": [{"logical_key": "asc"}],
        "track_total_hits": False,
        "_source": {"excludes": ["pairs"]},
    }
    return [hit["_source"] for hit in ask(client, (ENTRIES_ALIAS,), body, viewer)["hits"]["hits"]]


def _counted(
    client: "OpenSearch", viewer: Viewer, filters: list[dict[str, Any]], prefix: str, prefixes: list[str]
) -> tuple[Subfolder, ...]:
    """Return the folders with what is in them, all counted at once."""
    if not prefixes:
        return ()
    ranges = [{"range": {"logical_key": {"gte": it, "lt": _past(it)}}} for it in prefixes]
    of_folder = {"bytes": {"sum": {"field": "size"}}}
    body = {
        "query": {"bool": {"filter": filters}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"folders": {"filters": {"filters": ranges}, "aggs": of_folder}},
    }
    answer = ask(client, (ENTRIES_ALIAS,), body, viewer)
    counts = answer.get("aggregations", {}).get("folders", {}).get("buckets", ())
    return tuple(
        Subfolder(it[len(prefix) : -1], it, count["doc_count"], int(count["bytes"]["value"]))
        for it, count in zip(prefixes, counts, strict=True)
    )
