"""All documents of one bucket at once: counted, and deleted when the bucket is no longer connected."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import NotFoundError, OpenSearchException

from bucketdex.errors import Transient
from bucketdex.index.deletion import delete_where
from bucketdex.index.generations import NOT_DELETED

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


LATEST = {"type": "pointer", "latest": True}  # one for each package


def count(client: "OpenSearch", index: str, bucket: str, terms: Mapping[str, object] = MappingProxyType({})) -> int:
    """Return how many documents of the bucket are indexed, of those with such fields; none where there is no index.

    Raises `Transient`.
    """
    narrowed = [{"term": {name: value}} for name, value in terms.items()]
    query = {"bool": {"filter": [_of(bucket), NOT_DELETED, *narrowed]}}
    try:
        return int(client.count(index=index, body={"query": query})["count"])
    except NotFoundError:
        return 0
    except OpenSearchException as error:
        raise Transient(f"OpenSearch did not count the documents of {bucket}: {error}") from error


def delete(
    client: "OpenSearch",
    indexes: Sequence[str],
    bucket: str,
    before: datetime | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Delete the bucket's documents, tombstones too, until none is left; return how many. Raises `Transient`.

    With `before` only what was looked at, or began to be loaded, before then, and reads of days before.
    """
    filters: list[dict[str, Any]] = [_of(bucket)]
    if before:
        older = [
            {"range": {"observed_at": {"lt": before.isoformat()}}},
            {"range": {"epoch": {"lt": int(before.timestamp() * 1000)}}},  # of entries
            {"range": {"day": {"lt": before.astimezone(UTC).date().isoformat()}}},  # of reads
        ]
        filters.append({"bool": {"should": older}})
    return delete_where(client, indexes, {"bool": {"filter": filters}}, sleep)


def _of(bucket: str) -> dict[str, Any]:
    return {"term": {"bucket": bucket}}
