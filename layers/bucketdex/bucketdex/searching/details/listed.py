"""What the index knows of objects that S3 lists: whether they are in it, what is wrong with them, their packages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.searching import in_packages
from bucketdex.searching.handles import standing
from bucketdex.searching.in_packages import InPackage
from bucketdex.searching.viewer import Viewer, ask_many

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


class Known(msgspec.Struct, frozen=True):
    """What the index knows of an object: its etag, what is wrong with it, and the packages that it is in."""

    etag: str | None = None
    problem: str | None = None
    packages: tuple[InPackage, ...] = ()


def known(client: "OpenSearch", viewer: Viewer, bucket: str, keys: Sequence[str]) -> dict[str, Known]:
    """Return what is known of these objects of a bucket, by key; those that are not indexed are left out.

    Raises `Transient`.
    """
    if not keys or bucket not in viewer.buckets:
        return {}
    ids = {object_id(bucket, key): key for key in keys}
    objects = {
        "query": {"ids": {"values": list(ids)}},
        "size": len(ids),
        "_source": ["key", "etag", "problem"],
        "track_total_hits": False,
    }
    found, contained = ask_many(
        client, [((OBJECTS_ALIAS,), objects), ((ENTRIES_ALIAS,), in_packages.body(list(ids)))], viewer
    )
    entries = in_packages.entries(contained)
    stands = standing(client, viewer, (), {entry.manifest for some in entries.values() for entry in some})
    return {
        ids[hit["_id"]]: Known(
            hit["_source"].get("etag"),
            hit["_source"].get("problem"),
            tuple(in_packages.in_packages(entries.get(hit["_id"], ()), stands)),
        )
        for hit in found["hits"]["hits"]
    }
