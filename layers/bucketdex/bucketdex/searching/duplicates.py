"""What the index knows of the digests of objects, and which objects have the same bytes."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.changes import Checksum
from bucketdex.digests.kept import is_plain_sha256
from bucketdex.hashing import CHUNKED
from bucketdex.index.generations import OBJECTS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.searching.viewer import Viewer, ask

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_OBJECTS = 100  # that are asked for, or listed, at once
FIELDS = ["bucket", "key", "size", "modified", "version_id", "etag", "checksums"]


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is indexed of an object's state: the version that its checksums are of."""

    bucket: str
    key: str
    size: int | None = None
    modified: str | None = None
    version_id: str | None = None
    etag: str | None = None
    checksums: tuple[Checksum, ...] = ()


class Duplicates(msgspec.Struct, frozen=True):
    """How many other objects have the digests of one, and at most 100 of them; `digests` (type -> value) are those.

    An object that is not indexed, or has no digest yet, has none.
    """

    total: int
    digests: dict[str, str]
    objects: list[Known]


def known(client: "OpenSearch", viewer: Viewer, names: Iterable[tuple[str, str]]) -> list[Known]:
    """Return what is indexed of at most 100 objects (bucket, key), as far as they are; raises `Transient`."""
    ids = [object_id(*name) for name in names]
    return _objects(client, viewer, {"ids": {"values": ids}}, [])[1] if ids else []


def duplicates(client: "OpenSearch", viewer: Viewer, bucket: str, key: str) -> Duplicates:
    """Return the objects with the same bytes as this one, wherever the viewer may see them; raises `Transient`."""
    found = known(client, viewer, [(bucket, key)])
    digests = _digests(found[0].checksums) if found else {}
    if not digests:
        return Duplicates(0, {}, [])
    same = [{"terms": {"checksums.value": list(digests.values())}}, {"term": {"size": found[0].size}}]
    query = {"bool": {"filter": same, "must_not": {"ids": {"values": [object_id(bucket, key)]}}}}
    total, objects = _objects(client, viewer, query, [{"bucket": "asc"}, {"key": "asc"}])
    return Duplicates(total, digests, objects)


def _digests(checksums: Sequence[Checksum]) -> dict[str, str]:
    """Return the digests that only the same bytes have; where S3 says another than they have, the computed one."""
    last = sorted(checksums, key=lambda it: it.origin == "computed")
    return {it.type: it.value for it in last if it.type == CHUNKED or is_plain_sha256(it)}


def _objects(
    client: "OpenSearch", viewer: Viewer, query: dict[str, Any], sort: Sequence[Any]
) -> tuple[int, list[Known]]:
    body = {"query": query, "size": MOST_OBJECTS, "_source": FIELDS, "track_total_hits": True, "sort": sort or ["_doc"]}
    hits = ask(client, (OBJECTS_ALIAS,), body, viewer)["hits"]
    return hits["total"]["value"], [msgspec.convert(hit["_source"], Known) for hit in hits["hits"]]
