"""The packages that contain an object: a query on entries, in every registry that the viewer may see."""

from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS, PACKAGES_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.searching.handles import MOST_MANIFESTS, Standing, standing
from bucketdex.searching.manifests import by_registry, each_manifest, manifests_told
from bucketdex.searching.query.clauses import Clause, all_of, among_manifests
from bucketdex.searching.query.packages import LATEST
from bucketdex.searching.viewer import Viewer, ask, ask_many

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_LOOKED_AT = 10_000  # manifests with the object, among which those are looked for that are a latest revision
UNSEARCHED: dict[str, Any] = {  # manifests
    "query": {
        "bool": {"filter": [{"term": {"type": "manifest"}}], "must_not": [{"term": {"entry_state.state": "complete"}}]}
    },
    "size": 0,
    "track_total_hits": True,
}


class Containing(msgspec.Struct, frozen=True):
    """A manifest that has the object under `logical_key`, in the version `version_id` (None: in none in particular).

    `handles` are the packages whose latest revision it is; where there is none, `latest` is false and they are those
    that had it.
    """

    registry: str
    handles: list[str]
    top_hash: str
    logical_key: str
    version_id: str | None
    latest: bool


class Containers(msgspec.Struct, frozen=True):
    """How many entries have the object, and at most 100 of them, those of latest revisions first.

    `unsearched` is how many manifests were not looked at, as their entries are not searchable: mostly older revisions.
    """

    total: int
    packages: list[Containing]
    unsearched: int = 0


def containing(
    client: "OpenSearch", viewer: Viewer, bucket: str, key: str, version_id: str | None = None
) -> Containers:
    """Return the packages that contain an object, or one version of it; raises `Transient`."""
    if not viewer.buckets:
        return Containers(0, [])
    entries = _entries(bucket, key, version_id)
    searches = [((ENTRIES_ALIAS,), _body(entries)), ((PACKAGES_ALIAS,), UNSEARCHED)]
    found, unsearched = ask_many(client, searches, viewer)
    sources = _sources(found)
    if found["hits"]["total"]["value"] > len(sources):
        latest = _of_latest(client, viewer, entries)
        sources = [*latest, *(it for it in sources if it not in latest)][:MOST_MANIFESTS]
    stands = standing(client, viewer, {(source["bucket"], source["top_hash"]) for source in sources})
    packages = [
        _containing(source, stands.get((source["bucket"], source["top_hash"]), Standing())) for source in sources
    ]
    return Containers(
        found["hits"]["total"]["value"],
        sorted(packages, key=lambda it: not it.latest),
        unsearched["hits"]["total"]["value"],
    )


def _of_latest(client: "OpenSearch", viewer: Viewer, entries: Clause) -> list[dict[str, Any]]:
    """Return those of the entries that are of latest revisions, which are not always among the first."""
    manifests = manifests_told(ask(client, (ENTRIES_ALIAS,), each_manifest(entries, MOST_LOOKED_AT), viewer))
    pointers = all_of(LATEST, among_manifests(by_registry(manifests)))
    latest = manifests_told(ask(client, (PACKAGES_ALIAS,), each_manifest(pointers, MOST_MANIFESTS), viewer))
    of_these = all_of(entries, among_manifests(by_registry(latest)))
    return _sources(ask(client, (ENTRIES_ALIAS,), _body(of_these), viewer))


def _sources(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [hit["_source"] for hit in found["hits"]["hits"]]


def _containing(source: dict[str, Any], stands: Standing) -> Containing:
    version_id = source.get("physical", {}).get("version_id")
    handles = list(stands.handles)
    return Containing(source["bucket"], handles, source["top_hash"], source["logical_key"], version_id, stands.latest)


def _entries(bucket: str, key: str, version_id: str | None) -> Clause:
    version = [{"term": {"physical.version_id": version_id}}] if version_id else []
    return all_of({"term": {"object": object_id(bucket, key)}}, *version)


def _body(entries: Clause) -> dict[str, Any]:
    return {
        "query": entries,
        "size": MOST_MANIFESTS,
        "track_total_hits": True,
        "_source": ["bucket", "top_hash", "logical_key", "physical.version_id"],
        "sort": [{"bucket": "asc"}, {"top_hash": "asc"}, {"logical_key": "asc"}],
    }
