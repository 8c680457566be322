"""The time that a page has for all that it asks, together: who looks at it is told after that what does not answer."""

import time
from collections.abc import Callable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, cast

from bucketdex.errors import Transient

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

# Seconds. The function, and the load balancer before it, wait 30 for a page.
PAGE_SECONDS = 27
OPENSEARCH_SECONDS = 11  # searches end by themselves before it
# The longest that a request may take, all attempts together, by the settings of `aws.clients`.
S3_SECONDS = 11
OTHER_SECONDS = 17  # DynamoDB and SQS, which are asked once more
ASKS_NOBODY = frozenset({"meta", "exceptions", "generate_presigned_url"})
TOO_LATE = "no time was left for all of this page, as a part of the stack answers slowly: try again in a moment"


class Deadline:
    """When a page has to be done."""

    def __init__(self, seconds: float = PAGE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self._until - self._clock()


def opensearch_within(client: "OpenSearch", deadline: Deadline) -> "OpenSearch":
    """Return the client for one page: each of its requests has the time that is left, and no more than 11 s."""
    bounded = copy(client)
    bounded.transport = cast("Any", _Timed(client.transport, deadline))
    return bounded


class _Timed:
    """A transport of OpenSearch's client, over the same connections."""

    def __init__(self, transport: Any, deadline: Deadline) -> None:
        self._transport, self._deadline = transport, deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def perform_request(
        self, method: str, url: str, params: Mapping[str, Any] | None = None, body: Any = None, **more: Any
    ) -> Any:
        """Perform a request in the time that is left."""
        if (left := self._deadline.left) <= 0:
            raise Transient(TOO_LATE)
        asked = dict(params or {})
        bounded = {**asked, "request_timeout": min(left, OPENSEARCH_SECONDS, asked.get("request_timeout", left))}
        return self._transport.perform_request(method, url, params=bounded, body=body, **more)


def aws_within[T](client: T, deadline: Deadline, longest: float) -> T:
    """Return a client of AWS for one page, which begins no request that may last longer than there is time left.

    How long its requests take is settled when it is made.
    """
    return cast("T", _Begun(client, deadline, longest))


class _Begun:
    def __init__(self, client: Any, deadline: Deadline, longest: float) -> None:
        self._client, self._deadline, self._longest = client, deadline, longest

    def __getattr__(self, name: str) -> Any:
        if name not in ASKS_NOBODY and self._deadline.left < self._longest:
            raise Transient(TOO_LATE)
        return getattr(self._client, name)
