"""The entries of a manifest, in the order of their logical keys."""

from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS
from bucketdex.index.pairs import Pair
from bucketdex.searching.details.bounds import bounded
from bucketdex.searching.details.cursors import after, cursor_of
from bucketdex.searching.viewer import Viewer, ask

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_ENTRIES = 1_000  # of a page


class Physical(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the bytes of an entry are in S3."""

    bucket: str
    key: str
    version_id: str | None = None


class EntryDetail(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An entry of a manifest; `physical` is its address taken apart, where that is one of S3."""

    logical_key: str
    physical_key: str | None = None
    physical: Physical | None = None
    size: int | None = None
    hash: dict[str, str] = {}
    metadata: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    problem: str | None = None


class EntryList(msgspec.Struct, frozen=True):
    """How many entries are searchable below a prefix, how many bytes they have, and some of them, by logical key.

    `searchable` is that of the revision, where it is known: of one that is not `complete` there are none, or not all.
    """

    total: int
    total_bytes: int
    entries: list[EntryDetail]
    cursor: str | None = None
    searchable: str | None = None


def entries_told(
    client: "OpenSearch",
    viewer: Viewer,
    registry: str,
    top_hash: str,
    prefix: str = "",
    cursor: str | None = None,
    size: int = 100,
) -> EntryList:
    """Return the entries of a manifest whose logical keys begin with a prefix.

    There are none where the manifest's entries are not kept searchable (see `PackageDetail.searchable`). Raises
    `Transient`, and `Permanent` for a cursor that is none of this list.
    """
    about = f"entries {registry} {top_hash} {prefix}"
    body: dict[str, Any] = {
        "query": {"bool": {"filter": of_manifest(registry, top_hash, prefix)}},
        "size": size,
        "sort": [{"logical_key": "asc"}, {"epoch": "asc"}],
        "track_total_hits": True,
        "aggs": {"bytes": {"sum": {"field": "size"}}},
    }
    if cursor:
        body["search_after"] = after(about, cursor, (str, int))
    answer = ask(client, (ENTRIES_ALIAS,), body, viewer)
    hits = answer["hits"]["hits"]
    return EntryList(
        answer["hits"]["total"]["value"],
        int(answer.get("aggregations", {}).get("bytes", {}).get("value") or 0),
        [msgspec.convert(bounded(hit["_source"]), EntryDetail) for hit in hits],
        cursor_of(about, hits[-1]["sort"]) if len(hits) == size and size else None,
    )


def of_manifest(registry: str, top_hash: str, prefix: str = "") -> list[dict[str, Any]]:
    """Return what is asked of the entries of a manifest below a prefix."""
    below = [{"prefix": {"logical_key": prefix}}] if prefix else []
    return [{"term": {"bucket": registry}}, {"term": {"top_hash": top_hash}}, *below]
