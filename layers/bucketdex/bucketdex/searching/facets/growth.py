"""What is in a bucket, by extension and as it grew: from the objects that are there now, each in the month it is of."""

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.index.generations import OBJECTS_ALIAS
from bucketdex.searching.viewer import Viewer, ask, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_EXTENSIONS = 12
SHARD_SIZE = 1_000


class OfExtension(msgspec.Struct, frozen=True):
    """How many objects have an extension, and their bytes; what is `.csv.gz` is counted as `.gz` too."""

    extension: str
    count: int
    bytes: int


class Month(msgspec.Struct, frozen=True):
    """How many objects, and bytes, are of a month (`2026-01`, UTC) or of one before it."""

    month: str
    count: int
    bytes: int


class Growth(msgspec.Struct, frozen=True):
    """All objects of a bucket and their bytes, the extensions that most of them have, and every month since the first.

    What was overwritten or deleted is not in it, nor is an object in `months` of which S3 did not tell its date.
    """

    count: int
    bytes: int
    extensions: list[OfExtension]
    months: list[Month]


def growth(client: "OpenSearch", viewer: Viewer, bucket: str) -> Growth:
    """Return what is in a bucket; nothing, where the viewer may not see it. Raises `Transient`."""
    if bucket not in viewer.buckets:
        return Growth(0, 0, [], [])
    answer = ask(client, (OBJECTS_ALIAS,), _body(bucket), viewer)
    extensions = [OfExtension(it["key"], it["doc_count"], _bytes(it)) for it in counted(answer, "extensions")]
    months = counted(answer, "months")
    grown = zip(
        months,
        accumulate(it["doc_count"] for it in months),
        accumulate(map(_bytes, months)),
        strict=True,
    )
    return Growth(
        answer["hits"]["total"]["value"],
        _bytes(answer.get("aggregations", {})),
        extensions,
        [Month(it["key_as_string"], count, size) for it, count, size in grown],
    )


def _bytes(of: dict[str, Any]) -> int:
    return int(of.get("bytes", {}).get("value", 0))


def _body(bucket: str) -> dict[str, Any]:
    size = {"bytes": {"sum": {"field": "size"}}}
    extensions = {"field": "extensions", "size": MOST_EXTENSIONS, "shard_size": SHARD_SIZE}
    months = {"field": "modified", "calendar_interval": "month", "format": "yyyy-MM"}
    return {
        "query": {"bool": {"filter": [{"term": {"bucket": bucket}}]}},
        "size": 0,
        "track_total_hits": True,
        "aggs": size
        | {
            "extensions": {"terms": extensions, "aggs": size},
            "months": {"date_histogram": months, "aggs": size},
        },
    }
