"""The kind `entries`: one document for each entry of a manifest whose entries are kept searchable.

It has no handle, since one manifest can stand under many; and no tombstones, since a load writes under an epoch.
"""

from typing import Any

from bucketdex.index.mappings.fragments import (
    EXTENSIONS,
    FILE_NAME,
    FOLDERS,
    KEYWORD,
    LONG,
    LONG_KEYWORD,
    METADATA,
    NAME,
    PAIRS,
    PROBLEM,
    index_body,
    strict,
)

ENTRIES_VERSION = 1

ENTRY = strict({
    "bucket": KEYWORD,  # the registry
    "top_hash": KEYWORD,
    "logical_key": KEYWORD | {"fields": {"text": NAME, "folders": FOLDERS}},
    "name": FILE_NAME,
    "extensions": EXTENSIONS,
    "physical_key": LONG_KEYWORD,
    "physical": {"properties": {"bucket": KEYWORD, "key": KEYWORD, "version_id": KEYWORD}},
    "object": KEYWORD,  # the id of the document of the physical key's object
    "size": LONG,
    "hash": {"properties": {"type": KEYWORD, "value": KEYWORD}},
    "metadata": METADATA,
    "pairs": PAIRS,
    "epoch": LONG,
    "problem": PROBLEM,
})  # fmt: skip


def entries_index(shards: int, replicas: int) -> dict[str, Any]:
    """Return the body that creates a generation of the kind `entries`."""
    return index_body("entries", ENTRIES_VERSION, ENTRY, shards, replicas)
