"""The objects that were read most, which come a little earlier than others that are found as well."""

import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bucketdex.index.generations import READS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.searching.viewer import Viewer, ask, ask_point, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST = 100
DAYS = 90  # before the day of the search, which is not over yet
KEPT_SECONDS = 60
OBJECTS_OF_A_SHARD = 1_000  # that its share of those is chosen from
MOST_BUCKETS = 3  # that have a key of the same name, and read as much
MOST_VIEWERS = 100

Asked = tuple[Viewer, date, str | None]
_kept: "WeakKeyDictionary[OpenSearch, dict[Asked, tuple[float, list[str]]]]" = WeakKeyDictionary()


def most_read(client: "OpenSearch", viewer: Viewer, day: date, point: str | None = None) -> list[str]:
    """Return the ids of the objects that were read most before a day, at a point in time if it has one.

    What was asked within the last minute is not asked again. Raises `Transient`.
    """
    kept, asked = _kept.setdefault(client, {}), (viewer, day, point)
    if asked in kept and time.monotonic() < kept[asked][0]:
        return kept[asked][1]
    body = _body(day)
    answer = ask_point(client, point, body, viewer) if point else ask(client, (READS_ALIAS,), body, viewer)
    found = _ids(answer)
    if len(kept) >= MOST_VIEWERS:
        kept.clear()
    kept[asked] = (time.monotonic() + KEPT_SECONDS, found)
    return found


def _ids(answer: dict[str, Any]) -> list[str]:
    counts = {
        object_id(bucket["key"], key["key"]): bucket["count"]["value"]
        for key in counted(answer, "keys")
        for bucket in key["buckets"]["buckets"]
    }
    return sorted(counts, key=lambda it: (-counts[it], it))[:MOST]


def _body(day: date) -> dict[str, Any]:
    within = {"gte": (day - timedelta(days=DAYS)).isoformat(), "lt": day.isoformat()}
    reads = [{"range": {"day": within}}, {"prefix": {"_index": f"{READS_ALIAS}-"}}]
    count, most = {"sum": {"field": "count"}}, [{"count": "desc"}, {"_key": "asc"}]
    buckets = {"terms": {"field": "bucket", "size": MOST_BUCKETS, "order": most}, "aggs": {"count": count}}
    keys = {"field": "key", "size": MOST, "shard_size": OBJECTS_OF_A_SHARD, "order": most}
    return {
        "query": {"bool": {"filter": reads}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"keys": {"terms": keys, "aggs": {"count": count, "buckets": buckets}}},
    }
