"""Which packages a manifest is. An entry names its manifest only, since one manifest can stand under many handles."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.index.generations import PACKAGES_ALIAS
from bucketdex.searching.viewer import Viewer, ask, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_MANIFESTS = 100  # of one look-up, which is a page
MOST_HANDLES = 20  # of one manifest

Manifest = tuple[str, str]  # registry, top hash


class Standing(msgspec.Struct, frozen=True):
    """The handles whose latest revision a manifest is; where there is none, those that it once was."""

    handles: tuple[str, ...] = ()
    latest: bool = False


def standing(client: "OpenSearch", viewer: Viewer, manifests: Collection[Manifest]) -> dict[Manifest, Standing]:
    """Return what manifests stand for, those that stand for something; raises `Transient`."""
    if not manifests:
        return {}
    answer = ask(client, (PACKAGES_ALIAS,), _body(manifests), viewer)
    found: dict[Manifest, Standing] = {}
    for of_registry in counted(answer, "registries"):
        for of_hash in of_registry["top_hashes"]["buckets"]:
            found[of_registry["key"], of_hash["key"]] = _standing(of_hash["handles"]["buckets"])
    return found


def _standing(buckets: list[dict[str, Any]]) -> Standing:
    latest = sorted(bucket["key"] for bucket in buckets if bucket["latest"]["value"])
    return Standing(tuple(latest or sorted(bucket["key"] for bucket in buckets)), bool(latest))


def _body(manifests: Collection[Manifest]) -> dict[str, Any]:
    of_registries: dict[str, list[str]] = {}
    for registry, top_hash in sorted(manifests):
        of_registries.setdefault(registry, []).append(top_hash)
    named = [
        {"bool": {"filter": [{"term": {"bucket": registry}}, {"terms": {"top_hash": top_hashes}}]}}
        for registry, top_hashes in of_registries.items()
    ]
    of_handle = {
        "terms": {"field": "handle", "size": MOST_HANDLES, "order": [{"latest": "desc"}, {"_key": "asc"}]},
        "aggs": {"latest": {"max": {"field": "latest"}}},
    }
    of_hash = {"terms": {"field": "top_hash", "size": len(manifests)}, "aggs": {"handles": of_handle}}
    of_registry = {"terms": {"field": "bucket", "size": len(of_registries)}, "aggs": {"top_hashes": of_hash}}
    pointers = {"term": {"type": "pointer"}}
    return {
        "query": {"bool": {"filter": [pointers], "should": named, "minimum_should_match": 1}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"registries": of_registry},
    }
