"""Which packages a manifest is. An entry names its manifest only, since one manifest can stand under many handles."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.index.generations import PACKAGES_ALIAS
from bucketdex.searching.manifests import Manifest, by_registry
from bucketdex.searching.query.clauses import all_of, among_manifests, any_of
from bucketdex.searching.viewer import Viewer, ask, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_MANIFESTS = 100  # of one look-up, which is a page
MOST_HANDLES = 20  # of one manifest


class Standing(msgspec.Struct, frozen=True):
    """The handles whose latest revision a manifest is; where there is none, those that it once was."""

    handles: tuple[str, ...] = ()
    latest: bool = False


def standing(
    client: "OpenSearch", viewer: Viewer, manifests: Collection[Manifest], if_latest: Collection[Manifest] = ()
) -> dict[Manifest, Standing]:
    """Return what manifests stand for, those that stand for something; of others only those that are a latest revision.

    Raises `Transient`.
    """
    if not manifests and not if_latest:
        return {}
    answer = ask(client, (PACKAGES_ALIAS,), _body(manifests, if_latest), viewer)
    found: dict[Manifest, Standing] = {}
    for of_registry in counted(answer, "registries"):
        for of_hash in of_registry["top_hashes"]["buckets"]:
            found[of_registry["key"], of_hash["key"]] = _standing(of_hash["handles"]["buckets"])
    return found


def _standing(buckets: list[dict[str, Any]]) -> Standing:
    latest = sorted(bucket["key"] for bucket in buckets if bucket["latest"]["value"])
    return Standing(tuple(latest or sorted(bucket["key"] for bucket in buckets)), bool(latest))


def _body(manifests: Collection[Manifest], if_latest: Collection[Manifest]) -> dict[str, Any]:
    whichever, others = (among_manifests(by_registry(sorted(it))) for it in (manifests, if_latest))
    named = any_of([whichever, *([all_of({"term": {"latest": True}}, others)] if if_latest else [])])
    each = {*manifests, *if_latest}
    registries = {registry for registry, _ in each}
    of_handle = {
        "terms": {"field": "handle", "size": MOST_HANDLES, "order": [{"latest": "desc"}, {"_key": "asc"}]},
        "aggs": {"latest": {"max": {"field": "latest"}}},
    }
    of_hash = {"terms": {"field": "top_hash", "size": len(each)}, "aggs": {"handles": of_handle}}
    of_registry = {"terms": {"field": "bucket", "size": len(registries)}, "aggs": {"top_hashes": of_hash}}
    pointers = {"term": {"type": "pointer"}}
    return {
        "query": all_of(pointers, named),
        "size": 0,
        "track_total_hits": False,
        "aggs": {"registries": of_registry},
    }
