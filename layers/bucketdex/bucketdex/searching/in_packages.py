"""The packages that the objects of a page are in: entries by object, and what their manifests stand for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS
from bucketdex.searching.handles import Standing
from bucketdex.searching.manifests import Manifest
from bucketdex.searching.viewer import counted

MOST = 5  # that are told of an object
# Manifests with an object that are looked at, those that were loaded last, as many may be of earlier revisions; of all
# objects of a page together no more than so many, but a few of each.
MOST_MANIFESTS, MOST_OF_PAGE, LEAST_MANIFESTS = 100, 2_500, 10


class InPackage(msgspec.Struct, frozen=True):
    """A package whose latest revision has an object, under `logical_key`."""

    registry: str
    handle: str
    logical_key: str


class Entry(msgspec.Struct, frozen=True):
    """An entry that has an object: of a manifest with several the first by logical key."""

    manifest: Manifest
    logical_key: str


def body(ids: Sequence[str]) -> dict[str, Any]:
    """Return the search for entries of these objects."""
    each = max(LEAST_MANIFESTS, min(MOST_MANIFESTS, MOST_OF_PAGE // len(ids)))
    # Few documents are found: their values are taken as they come, not by the numbers of all values that the index has.
    few = {"execution_hint": "map"}
    first = {"terms": {"field": "logical_key", "size": 1, "order": {"_key": "asc"}, **few}}
    named = {
        "terms": [{"field": "bucket"}, {"field": "top_hash"}],
        "size": each,
        "order": [{"loaded": "desc"}, {"_key": "asc"}],
    }
    manifests = {"multi_terms": named, "aggs": {"loaded": {"max": {"field": "epoch"}}, "logical_keys": first}}
    objects = {"terms": {"field": "object", "size": len(ids), **few}, "aggs": {"manifests": manifests}}
    return {
        "query": {"bool": {"filter": [{"terms": {"object": list(ids)}}, {"prefix": {"_index": f"{ENTRIES_ALIAS}-"}}]}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"objects": objects},
    }


def entries(answer: dict[str, Any]) -> dict[str, list[Entry]]:
    """Return the entries of each object, one of a manifest."""
    return {
        of_object["key"]: [_entry(manifest) for manifest in of_object["manifests"]["buckets"]]
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


def _entry(manifest: dict[str, Any]) -> Entry:
    registry, top_hash = manifest["key"]
    return Entry((registry, top_hash), manifest["logical_keys"]["buckets"][0]["key"])
