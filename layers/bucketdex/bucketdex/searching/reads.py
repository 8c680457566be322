"""How often an object, or what is in a folder, was read, and by how many: a query on the rows of its days."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Permanent
from bucketdex.index.generations import READS_ALIAS
from bucketdex.index.mappings import READS_DAYS
from bucketdex.searching.viewer import Viewer, ask, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_DAYS = READS_DAYS
MOST_OBJECTS = 10  # of a folder, those that are read most
OBJECTS_OF_A_SHARD = 1_000  # that its share of those is chosen from
LEVELS = 60  # of folders, below what the index keeps of a key
# Up to so many readers are counted exactly (nearly, where there are more): of all days, and of each of 365, where each
# count takes 16 kB of OpenSearch's memory.
EXACT_READERS, EXACT_READERS_OF_A_DAY = 40_000, 3_000


class Asked(msgspec.Struct, frozen=True):
    """An object of a bucket by its key; or, where that is None, what begins with `prefix`: the bucket, if it is empty.

    A prefix ends with a slash. Of the last `days`, today (UTC) included.
    """

    bucket: str
    key: str | None = None
    prefix: str = ""
    days: int = MOST_DAYS


class Day(msgspec.Struct, frozen=True):
    """The reads of one day (`2026-01-31`, UTC), and by how many readers."""

    day: str
    count: int
    readers: int


class OfObject(msgspec.Struct, frozen=True):
    """How often an object was read."""

    key: str
    count: int


class Readings(msgspec.Struct, frozen=True):
    """The reads of all days, by how many readers, and of each day on which there were any, the earliest first.

    `objects` are the ten of a folder that were read most. `since` is the first day of which any read in the bucket is
    known; None: none is, so there may be no trail.
    """

    total: int
    readers: int
    since: str | None
    days: list[Day]
    objects: list[OfObject]


def reads(client: "OpenSearch", viewer: Viewer, asked: Asked, today: date) -> Readings:
    """Return the reads that are known of what is asked for; raises `Transient`, and `Permanent` for no folder."""
    if asked.prefix and not asked.prefix.endswith("/"):
        raise Permanent(f"a prefix ends with a slash, as that of a folder: {asked.prefix!r}")
    in_bucket = {"bool": {"filter": [{"term": {"bucket": asked.bucket}}]}}
    first = {"query": in_bucket, "size": 1, "_source": ["day"], "sort": [{"day": "asc"}], "track_total_hits": False}
    if asked.bucket not in viewer.buckets or not (found := ask(client, (READS_ALIAS,), first, viewer)["hits"]["hits"]):
        return Readings(0, 0, None, [], [])
    answer = ask(client, (READS_ALIAS,), _body(asked, today), viewer)
    days = [
        Day(it["key_as_string"], int(it["count"]["value"]), int(it["readers"]["value"]))
        for it in counted(answer, "days")
    ]
    objects = [OfObject(it["key"], int(it["count"]["value"])) for it in counted(answer, "objects")]
    readers = answer.get("aggregations", {}).get("readers", {}).get("value", 0)
    return Readings(sum(it.count for it in days), readers, found[0]["_source"]["day"], days, objects)


def _body(asked: Asked, today: date) -> dict[str, Any]:
    count = {"sum": {"field": "count"}}
    of_row = {"max": {"field": "reader_count"}}  # of an object each day is one row, which knows
    of_day = {"cardinality": {"field": "readers", "precision_threshold": EXACT_READERS_OF_A_DAY}}
    days = {"field": "day", "calendar_interval": "day", "format": "yyyy-MM-dd", "min_doc_count": 1}
    aggs: dict[str, Any] = {
        "readers": {"cardinality": {"field": "readers", "precision_threshold": EXACT_READERS}},
        "days": {
            "date_histogram": days,
            "aggs": {"count": count, "readers": of_day if asked.key is None else of_row},
        },
    }
    if asked.key is None:
        most = {
            "field": "key", "size": MOST_OBJECTS, "shard_size": OBJECTS_OF_A_SHARD,
            "order": [{"count": "desc"}, {"_key": "asc"}],
        }  # fmt: skip
        aggs["objects"] = {"terms": most, "aggs": {"count": count}}
    since = (today - timedelta(days=asked.days - 1)).isoformat()
    filters = [{"term": {"bucket": asked.bucket}}, {"range": {"day": {"gte": since, "lte": today.isoformat()}}}]
    query = {"bool": {"filter": [*filters, *_place(asked)]}}
    return {"query": query, "size": 0, "track_total_hits": False, "aggs": aggs}


def _place(asked: Asked) -> list[dict[str, Any]]:
    if asked.key is not None:
        return [{"term": {"key": asked.key}}]
    if not asked.prefix:
        return []
    folder = asked.prefix.removesuffix("/")
    if not folder or asked.prefix.count("/") > LEVELS:
        return [{"prefix": {"key": asked.prefix}}]
    # An object may be called as a folder is.
    return [{"bool": {"filter": {"term": {"key.folders": folder}}, "must_not": {"term": {"key": folder}}}}]
