"""The kind `packages`: one document for each pointer file and one for each manifest file, told apart by `type`.

A pointer holds what its manifest says (message, metadata, counts, `verified`), so that one document a handle is all
that a package search needs; `manifest` tells which version of the manifest file that was copied from.
"""

from typing import Any

from bucketdex.index.mappings.fragments import (
    BOOLEAN,
    DATE,
    KEYWORD,
    LONG,
    METADATA,
    NAMED,
    PAIRS,
    PROBLEM,
    PROSE,
    STORED_ONLY,
    index_body,
    strict,
)

PACKAGES_VERSION = 1

PACKAGE = strict({
    "bucket": KEYWORD,  # the registry
    "key": KEYWORD,
    "type": KEYWORD,  # pointer or manifest
    "handle": NAMED,
    "author": NAMED,
    "name": NAMED,
    "latest": BOOLEAN,
    "revision": KEYWORD,  # file name of the pointer
    "created": DATE,
    "top_hash": KEYWORD,
    "computed_top_hash": KEYWORD,
    "verified": BOOLEAN,
    "message": PROSE,
    "metadata": METADATA,
    "pairs": PAIRS,
    "workflow": KEYWORD,
    "entries": LONG,
    "directories": LONG,
    "total_bytes": LONG,
    "size": LONG,  # of the file itself
    "modified": DATE,
    "version_id": KEYWORD,
    "etag": KEYWORD,
    "manifest": {"properties": {"version_id": KEYWORD, "etag": KEYWORD}},
    "manifest_problem": STORED_ONLY,
    "left": STORED_ONLY,
    "entry_state": {
        "properties": {
            "state": KEYWORD,  # none, loading, complete or removing
            "epoch": LONG,
            "offset": LONG,
            "loaded": LONG,
            "refused": LONG,
            "since": DATE,
        }
    },
    "observed_at": DATE,
    "problem": PROBLEM,
    "deleted": BOOLEAN,
})  # fmt: skip


def packages_index(shards: int, replicas: int) -> dict[str, Any]:
    """Return the body that creates a generation of the kind `packages`."""
    return index_body("packages", PACKAGES_VERSION, PACKAGE, shards, replicas)
