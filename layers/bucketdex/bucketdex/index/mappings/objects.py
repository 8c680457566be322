"""The kind `objects`: one document for each key of a connected bucket."""

from typing import Any

from bucketdex.index.mappings.fragments import (
    BOOLEAN,
    DATE,
    EXTENSIONS,
    FILE_NAME,
    FOLDERS,
    KEYWORD,
    LONG,
    METADATA,
    NAME,
    NAMED,
    PAIRS,
    PROBLEM,
    PROSE,
    STORED_ONLY,
    index_body,
    strict,
)

OBJECTS_VERSION = 4
# What a version has beside the one before it. Fields are put into the live mappings of older generations; until that is
# done, writers leave them out. A version that does more than add fields begins this anew, and needs a rebuild.
OBJECTS_ADDED: dict[int, frozenset[str]] = {
    2: frozenset({"digest_note"}),
    3: frozenset({"written_at"}),
    4: frozenset({"columns"}),
}

OBJECT = strict({
    "bucket": KEYWORD,
    "key": KEYWORD | {"fields": {"text": NAME, "folders": FOLDERS, "wildcard": {"type": "wildcard"}}},
    "name": FILE_NAME,
    "extensions": EXTENSIONS,
    "size": LONG,
    "modified": DATE,
    "version_id": KEYWORD,
    "etag": KEYWORD,
    "storage_class": KEYWORD,
    "content_type": KEYWORD,
    "content_encoding": KEYWORD,
    "encryption": {"properties": {"type": KEYWORD, "key": KEYWORD}},
    "checksums": {"properties": {"type": KEYWORD, "value": KEYWORD, "origin": KEYWORD, "scope": KEYWORD}},
    "digest_note": KEYWORD,
    "metadata": METADATA,
    "tags": METADATA,
    "pairs": PAIRS,
    "content": PROSE | {"index_options": "offsets"},
    "content_from": STORED_ONLY,
    "columns": NAMED,  # of a table
    "written_by": {"properties": {"type": KEYWORD, "name": KEYWORD, "session": KEYWORD}},
    "written_at": DATE,
    "observed_at": DATE,
    "problem": PROBLEM,
    "deleted": BOOLEAN,
})  # fmt: skip


def unknown_to(version: int) -> frozenset[str]:
    """Return the fields that a mapping of this version has not."""
    return frozenset().union(*(fields for added, fields in OBJECTS_ADDED.items() if added > version))


def objects_index(shards: int, replicas: int) -> dict[str, Any]:
    """Return the body that creates a generation of the kind `objects`."""
    return index_body("objects", OBJECTS_VERSION, OBJECT, shards, replicas)
