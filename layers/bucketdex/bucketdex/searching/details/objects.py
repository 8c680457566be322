"""An object as it is indexed, all of it, and the packages that contain it."""

from typing import TYPE_CHECKING

import msgspec

from bucketdex.changes import Author, Checksum
from bucketdex.index.generations import OBJECTS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.pairs import Pair
from bucketdex.searching.containing import Containers, containing
from bucketdex.searching.details.bounds import bounded
from bucketdex.searching.viewer import Viewer, ask

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


class ObjectDetail(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is indexed of an object: the version that S3 showed when it was last looked at (`observed_at`).

    `pairs` are metadata and tags once more, typed. `content` is the beginning of its text, and `content_from` says how
    that was found. `packages` are those that contain this object, in whatever version. Times are ISO 8601.
    """

    bucket: str
    key: str
    observed_at: str
    name: str | None = None
    extensions: tuple[str, ...] = ()
    size: int | None = None
    modified: str | None = None
    version_id: str | None = None
    etag: str | None = None
    storage_class: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    encryption: dict[str, str] = {}
    checksums: tuple[Checksum, ...] = ()
    digest_note: str | None = None
    metadata: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    columns: tuple[str, ...] = ()
    content: str | None = None
    content_from: str | None = None
    written_by: Author | None = None
    written_at: str | None = None
    problem: str | None = None
    packages: Containers = Containers(0, [])


def object_told(client: "OpenSearch", viewer: Viewer, bucket: str, key: str) -> ObjectDetail | None:
    """Return all that is indexed of an object; None where nothing is, or the viewer may not see it.

    Raises `Transient`.
    """
    if bucket not in viewer.buckets:
        return None
    body = {"query": {"ids": {"values": [object_id(bucket, key)]}}, "size": 1, "track_total_hits": False}
    hits = ask(client, (OBJECTS_ALIAS,), body, viewer)["hits"]["hits"]
    if not hits:
        return None
    told = msgspec.convert(bounded(hits[0]["_source"]), ObjectDetail)
    return msgspec.structs.replace(told, packages=containing(client, viewer, bucket, key))
