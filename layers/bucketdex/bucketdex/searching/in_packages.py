"""The packages that the objects of a page are in: entries by object, and what their manifests stand for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS
from bucketdex.searching.handles import Manifest, Standing
from bucketdex.searching.viewer import counted

MOST = 5  # that are told of an object
MOST_ENTRIES = 10  # of an object that are looked at, since some may be of earlier revisions


class InPackage(msgspec.Struct, frozen=True):
    """A package whose latest revision has an object, under `logical_key`."""

    registry: str
    handle: str
    logical_key: str


class Entry(msgspec.Struct, frozen=True):
    """An entry that has an object."""

    manifest: Manifest
    logical_key: str


def body(ids: Sequence[str]) -> dict[str, Any]:
    """Return the search for entries of these objects."""
    shown = {"size": MOST_ENTRIES, "_source": ["bucket", "top_hash", "logical_key"]}
    # A point in time has other indexes too.
    newest = {"epoch": {"order": "desc", "unmapped_type": "long"}}
    by_name = {"logical_key": {"order": "asc", "unmapped_type": "keyword"}}
    some = {"top_hits": shown | {"sort": [{"bucket": "asc"}, newest, by_name]}}
    return {
        "query": {"bool": {"filter": [{"terms": {"object": list(ids)}}, {"prefix": {"_index": f"{ENTRIES_ALIAS}-"}}]}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"objects": {"terms": {"field": "object", "size": len(ids)}, "aggs": {"some": some}}},
    }


def entries(answer: dict[str, Any]) -> dict[str, list[Entry]]:
    """Return the entries of each object."""
    return {
        of_object["key"]: [_entry(hit["_source"]) for hit in of_object["some"]["hits"]["hits"]]
        for of_object in counted(answer, "objects")
    }


def in_packages(found: Sequence[Entry], standing: Mapping[Manifest, Standing]) -> list[InPackage]:
    """Return the packages whose latest revision has an entry, each once."""
    named: dict[tuple[str, str], InPackage] = {}
    for package in _latest(found, standing):
        named.setdefault((package.registry, package.handle), package)
    return list(named.values())[:MOST]


def _latest(found: Sequence[Entry], standing: Mapping[Manifest, Standing]) -> Iterator[InPackage]:
    for entry in found:
        stands = standing.get(entry.manifest, Standing())
        if stands.latest:
            yield from (InPackage(entry.manifest[0], handle, entry.logical_key) for handle in stands.handles)


def _entry(source: dict[str, Any]) -> Entry:
    return Entry((source["bucket"], source["top_hash"]), source["logical_key"])
