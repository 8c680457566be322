"""All documents of one bucket at once: counted, and deleted when the bucket is no longer connected."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import NotFoundError, OpenSearchException

from bucketdex.errors import Transient
from bucketdex.index.generations import NOT_DELETED

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ROUND = 5_000  # documents that one request deletes: well inside the client's read timeout
MOST_IDLE_ROUNDS = 20  # that delete nothing, as each document was just written by a function
IDLE_SECONDS = 0.5


def count(client: "OpenSearch", index: str, bucket: str) -> int:
    """Return how many objects of the bucket are indexed; none where there is no index. Raises `Transient`."""
    query = {"bool": {"filter": [_of(bucket), NOT_DELETED]}}
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

    With `before` only those whose object was looked at before then.
    """
    if not indexes:
        return 0
    filters: list[dict[str, Any]] = [_of(bucket)]
    if before:
        filters.append({"range": {"observed_at": {"lt": before.isoformat()}}})
    query = {"query": {"bool": {"filter": filters}}}
    deleted = idle = 0
    try:
        while True:
            # A document that was written a moment ago is deleted only once a refresh has shown it.
            client.indices.refresh(index=list(indexes), params={"ignore_unavailable": "true"})
            answer = client.delete_by_query(
                index=list(indexes),
                body=query,
                params={"conflicts": "proceed", "refresh": "true", "max_docs": ROUND, "ignore_unavailable": "true"},
            )
            deleted += answer["deleted"]
            if not answer["deleted"] and not answer["version_conflicts"]:
                return int(deleted)
            idle = 0 if answer["deleted"] else idle + 1
            if idle:
                if idle > MOST_IDLE_ROUNDS:
                    raise Transient(f"documents of {bucket} are still being written; try again in a minute")
                sleep(IDLE_SECONDS)
    except OpenSearchException as error:
        raise Transient(f"OpenSearch did not delete the documents of {bucket}: {error}") from error


def _of(bucket: str) -> dict[str, Any]:
    return {"term": {"bucket": bucket}}
