"""Many documents deleted at once, by a query: only ever what nobody writes any more."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bucketdex.errors import Transient

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ROUND = 5_000  # documents that one request deletes: well inside the client's read timeout
MOST_IDLE_ROUNDS = 20  # that delete nothing, as each document was just written by a function
IDLE_SECONDS = 0.5


def delete_where(
    client: "OpenSearch",
    indexes: Sequence[str],
    query: dict[str, Any],
    sleep: Callable[[float], None] = time.sleep,
    time_is_up: Callable[[], bool] = lambda: False,
    *,
    refresh: bool = True,
) -> int:
    """Delete what the query finds until nothing is left, and return how much that was; raises `Transient`.

    Also when `time_is_up`, which is asked before each round. Without `refresh` what was written a second ago may stay.
    """
    from opensearchpy.exceptions import OpenSearchException  # noqa: PLC0415, cold start

    if not indexes:
        return 0
    deleted = idle = 0
    try:
        while not time_is_up():
            if refresh:  # only what a refresh has shown is found
                client.indices.refresh(index=list(indexes), params={"ignore_unavailable": "true"})
            answer = client.delete_by_query(
                index=list(indexes),
                body={"query": query},
                params={"conflicts": "proceed", "refresh": "true", "max_docs": ROUND, "ignore_unavailable": "true"},
            )
            deleted += answer["deleted"]
            if not answer["deleted"] and not answer["version_conflicts"]:
                return int(deleted)
            idle = 0 if answer["deleted"] else idle + 1
            if idle:
                if idle > MOST_IDLE_ROUNDS:
                    raise Transient("documents that are to be deleted are still being written; try again in a minute")
                sleep(IDLE_SECONDS)
    except OpenSearchException as error:
        raise Transient(f"OpenSearch did not delete documents: {error}") from error
    raise Transient(f"no time was left after deleting {deleted} documents")
