"""Indexes of a test's own behind the aliases that searches ask, and documents in them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from opensearchpy import OpenSearch

from bucketdex.index.generations import ENTRIES_ALIAS, NOT_DELETED, OBJECTS_ALIAS, PACKAGES_ALIAS, READS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.mappings import entries_index, objects_index, packages_index, reads_index
from bucketdex.index.names import extensions, name_of
from bucketdex.index.pairs import flattened, named
from bucketdex.searching.question import ALIASES, Kind

BODIES = {
    OBJECTS_ALIAS: objects_index, PACKAGES_ALIAS: packages_index, ENTRIES_ALIAS: entries_index,
    READS_ALIAS: reads_index,
}  # fmt: skip
Document = tuple[str, str, dict[str, Any]]  # alias, id, and what it says


@contextmanager
def indexes(index: OpenSearch, of: str) -> Iterator[OpenSearch]:
    """Make the indexes of a test."""
    for alias, body in BODIES.items():
        aliases = {alias: {} if alias == ENTRIES_ALIAS else {"filter": NOT_DELETED}}
        index.indices.create(index=f"{alias}-{of}", body=body(1, 0) | {"aliases": aliases})
    yield index
    index.indices.delete(index=",".join(f"{alias}-{of}" for alias in BODIES))


def write(index: OpenSearch, of: str, documents: Iterable[Document]) -> None:
    """Write documents over what is there, so that they are found."""
    lines: list[Any] = []
    for alias, identity, told in documents:
        lines += [{"index": {"_index": f"{alias}-{of}", "_id": identity}}, told]
    written = index.bulk(body=b"".join(msgspec.json.encode(line) + b"\n" for line in lines), params={"refresh": "true"})
    assert not written["errors"], [it for it in written["items"] if "error" in it["index"]][:3]


def an_object(bucket: str, key: str, metadata: Any = None, tags: Any = None, **told: Any) -> Document:
    """Return an object's document."""
    of_metadata, of_tags = flattened("metadata", metadata or {})[0], flattened("tag", tags or {})[0]
    name = name_of(key)
    document = {
        "bucket": bucket, "key": key, "name": name, "extensions": extensions(name), "metadata": named(of_metadata),
        "tags": named(of_tags), "pairs": [*of_metadata, *of_tags],
    }  # fmt: skip
    return OBJECTS_ALIAS, object_id(bucket, key), document | told


def a_package(registry: str, handle: str, top_hash: str, metadata: Any = None, **told: Any) -> Document:
    """Return the document of a package's pointer `latest`."""
    author, name = handle.split("/")
    pairs = flattened("metadata", metadata or {})[0]
    key = f".quilt/named_packages/{handle}/{told.get('revision', 'latest')}"
    document = {
        "bucket": registry, "key": key, "handle": handle, "author": author, "name": name, "type": "pointer",
        "latest": "revision" not in told, "top_hash": top_hash, "metadata": named(pairs), "pairs": pairs,
    }  # fmt: skip
    return PACKAGES_ALIAS, object_id(registry, key), document | told


def an_entry(
    registry: str, top_hash: str, logical_key: str, bucket: str, key: str, metadata: Any = None, **told: Any
) -> Document:
    """Return the document of an entry whose bytes are an object's."""
    pairs, name = flattened("metadata", metadata or {})[0], name_of(logical_key)
    document = {
        "bucket": registry, "top_hash": top_hash, "logical_key": logical_key, "name": name,
        "extensions": extensions(name), "physical": {"bucket": bucket, "key": key}, "object": object_id(bucket, key),
        "physical_key": f"s3://{bucket}/{key}", "metadata": named(pairs), "pairs": pairs, "epoch": 1,
    }  # fmt: skip
    return ENTRIES_ALIAS, object_id(registry, f"{top_hash}/{logical_key}"), document | told


def tombstone(kind: Kind, identity: str, bucket: str, key: str) -> Document:
    """Return what a deleted document says."""
    return ALIASES[kind], identity, {"bucket": bucket, "key": key, "deleted": True}
