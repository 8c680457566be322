"""The body of a search: what a page of hits shows, and how it goes on."""

from collections.abc import Collection, Sequence
from typing import Any

from bucketdex.searching.query.clauses import Clause
from bucketdex.searching.query.sorting import Field, Place, sorted_by
from bucketdex.searching.question import ALIASES

# What a hit shows of its document, see hits.py; and `object`, by which entries are folded.
SHOWN = (
    "bucket", "key", "name", "extensions", "size", "modified", "version_id", "content_type", "storage_class",
    "metadata", "tags", "columns", "written_by", "problem",
    "type", "handle", "top_hash", "revision", "latest", "message", "workflow", "entries", "total_bytes", "verified",
    "logical_key", "physical_key", "hash", "object",
)  # fmt: skip


def page_body(
    found: Clause, order: Sequence[Field], size: int, after: Place | None = None, without: Collection[str] = ()
) -> dict[str, Any]:
    """Return the search for the hits that come `after` a place, without those of objects that were told already."""
    body = {
        "query": without_objects(found, without) if without else found,
        "size": size,
        "_source": list(SHOWN),
        "sort": sorted_by(order),
        "track_total_hits": False,
    }
    return body | ({"search_after": list(after)} if after else {})


def counting_all() -> dict[str, Any]:
    """Return what makes a search count all that it finds, by index."""
    return {"track_total_hits": True, "aggs": {"indexes": {"terms": {"field": "_index", "size": 2 * len(ALIASES)}}}}


def without_objects(found: Clause, objects_ids: Collection[str]) -> Clause:
    """Return the clause without these objects, and without entries whose bytes they are."""
    ids = sorted(objects_ids)
    return {"bool": {"must": [found], "must_not": [{"ids": {"values": ids}}, {"terms": {"object": ids}}]}}
