"""How far the index is behind S3, as far as what was written lately tells, and how many documents it has."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.searching.viewer import Viewer, ask_many, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

HOURS = 1  # that are looked back
MOST_BUCKETS = 10_000
# How long after its last change an object was last looked at: at most so far was the index behind. A document does not
# tell when it was first looked at; what is told of an object later (tags that are set) has it looked at again. A day's
# check looks too, hours later; but what it finds right it does not write, so that does not count here.
SECONDS = "(doc['observed_at'].value.toInstant().toEpochMilli() - doc['modified'].value.toInstant().toEpochMilli())/1e3"


class Lag(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long it took at most until what was written to S3 in the last hour was indexed: half, 95 % and all of it.

    An object that was looked at again, as when its tags were set, counts from then: it was indexed before. No seconds
    where nothing was written. What is not indexed yet is not in it; it waits in a queue.
    """

    objects: int
    median_seconds: float | None = None
    p95_seconds: float | None = None
    worst_seconds: float | None = None


class Documents(msgspec.Struct, frozen=True):
    """How many documents of each kind the index has of a bucket; of packages, the pointers `latest`."""

    objects: int = 0
    packages: int = 0
    entries: int = 0


def lag_and_documents(client: "OpenSearch", viewer: Viewer, now: datetime) -> tuple[Lag, dict[str, Documents]]:
    """Return how far the index is behind, and what it holds of each bucket; raises `Transient`."""
    since = (now - timedelta(hours=HOURS)).isoformat()
    lately = [{"range": {"modified": {"gte": since}}}, {"exists": {"field": "observed_at"}}]
    script = {"lang": "painless", "source": SECONDS}
    lag = {
        "query": {"bool": {"filter": lately}},
        "size": 0,
        "track_total_hits": True,
        "aggs": {
            "percentiles": {"percentiles": {"script": script, "percents": [50, 95]}},
            "worst": {"max": {"script": script}},
        },
    }
    everything: dict[str, Any] = {"match_all": {}}
    latest = {"bool": {"filter": [{"term": {"type": "pointer"}}, {"term": {"latest": True}}]}}
    bodies = [(OBJECTS_ALIAS, everything), (PACKAGES_ALIAS, latest), (ENTRIES_ALIAS, everything)]
    of_bucket = {"buckets": {"terms": {"field": "bucket", "size": MOST_BUCKETS}}}
    counts = [
        ((alias,), {"query": query, "size": 0, "track_total_hits": False, "aggs": of_bucket}) for alias, query in bodies
    ]
    told, *numbers = ask_many(client, [((OBJECTS_ALIAS,), lag), *counts], viewer)
    objects, packages, entries = ({it["key"]: it["doc_count"] for it in counted(each, "buckets")} for each in numbers)
    names = {*objects, *packages, *entries}
    return _lag(told), {
        it: Documents(objects.get(it, 0), packages.get(it, 0), entries.get(it, 0)) for it in sorted(names)
    }


def _lag(told: dict[str, object]) -> Lag:
    found = msgspec.convert(told, _Told)
    if not found.hits.total.value or found.aggregations is None:
        return Lag(0)
    values = found.aggregations.percentiles.values
    median, p95, worst = values.get("50.0"), values.get("95.0"), found.aggregations.worst.value
    return Lag(found.hits.total.value, *(None if it is None else max(0.0, round(it, 3)) for it in (median, p95, worst)))


class _Total(msgspec.Struct):
    value: int


class _Hits(msgspec.Struct):
    total: _Total


class _Worst(msgspec.Struct):
    value: float | None


class _Percentiles(msgspec.Struct):
    values: dict[str, float | None]


class _Aggregations(msgspec.Struct):
    percentiles: _Percentiles
    worst: _Worst


class _Told(msgspec.Struct):
    hits: _Hits
    aggregations: _Aggregations | None = None
