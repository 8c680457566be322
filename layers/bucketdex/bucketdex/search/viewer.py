"""Who asks, and the one place through which every query reaches OpenSearch.

No other module sends a search. So what a viewer may not see is not in hits, totals or highlights.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Permanent, Transient

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

TIMEOUT_SECONDS = 10  # also OpenSearch's own limit: what was found until then is not an answer, so it is an error


class Viewer(msgspec.Struct, frozen=True):
    """Somebody who may see these buckets (later: prefixes of them)."""

    buckets: frozenset[str]


def restricted(query: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Return the query with what the viewer may see as a filter; nothing to see finds nothing."""
    may_see = {"terms": {"bucket": sorted(viewer.buckets)}}
    return {"bool": {"must": [query], "filter": [may_see]}}


def ask(client: "OpenSearch", alias: str, body: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Send a search as the viewer.

    Raises `Transient` when OpenSearch does not answer, or only a part of it does, and `Permanent` for what it refuses.
    """
    from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError  # noqa: PLC0415, cold start

    allowed = body | {"query": restricted(body["query"], viewer), "timeout": f"{TIMEOUT_SECONDS}s"}
    try:
        answer: dict[str, Any] = client.search(
            index=alias, body=allowed, params={"allow_partial_search_results": "false"}
        )
    except NotFoundError as error:
        raise Transient("there is no index yet: connect a bucket first") from error
    except RequestError as error:
        raise Permanent(f"OpenSearch refuses this search: {error}") from error
    except OpenSearchException as error:
        raise Transient(f"OpenSearch did not answer the search: {error}") from error
    if answer.get("timed_out"):
        raise Transient(f"the search took longer than {TIMEOUT_SECONDS} s")
    return answer
