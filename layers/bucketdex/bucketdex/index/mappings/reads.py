"""The kind `reads`: a row for each object and day on which it was read, made of what log files say of it."""

from typing import Any

from bucketdex.index.mappings.fragments import DATE, FOLDERS, KEYWORD, LONG, STORED_ONLY, index_body, strict

READS_VERSION = 1
READS_DAYS = 365  # before today that rows are kept

READS = strict({
    "bucket": KEYWORD,
    "key": KEYWORD | {"fields": {"folders": FOLDERS}},
    "day": DATE,  # UTC
    "count": LONG,  # the sum of the parts
    "parts": STORED_ONLY,  # each `file:segment count`
    "readers": {"type": "keyword", "index": False},  # digests: counted across rows, never looked up
    "reader_count": LONG,
})  # fmt: skip


def reads_index(shards: int, replicas: int) -> dict[str, Any]:
    """Return the body that creates a generation of the kind `reads`."""
    return index_body("reads", READS_VERSION, READS, shards, replicas)
