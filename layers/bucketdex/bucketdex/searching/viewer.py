"""Who asks, and the one place through which every query reaches OpenSearch.

No other module sends a search. So what a viewer may not see is not in hits, totals, counts or highlights.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Permanent, Transient
from bucketdex.index.generations import ENTRIES_ALIAS, PACKAGES_ALIAS, READS_ALIAS

if TYPE_CHECKING:
    from opensearchpy import OpenSearch
    from opensearchpy.exceptions import NotFoundError

TIMEOUT_SECONDS = 10  # also OpenSearch's own limit: what was found until then is not an answer, so it is an error
WHOLE = {"allow_partial_search_results": "false"}
KEPT = "5m"  # a point in time, since it was last asked
NO_INDEX = "there is no index yet: connect a bucket first"
UNANSWERED = "OpenSearch did not answer the search"
TOO_MANY = "this search has too many words for OpenSearch: leave some of them out"
GONE = "the search was kept for 5 minutes and is gone: search again"
# How OpenSearch tells that it has no such point in time: it was let go, or was a node's that is gone, or never was one.
LOST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR})
CLAUSES = "maxClauseCount"  # in what OpenSearch says of a query with too many words, as an error of its own (500)
# A stack that was made before them has none until a bucket is added.
YOUNG = frozenset({PACKAGES_ALIAS, ENTRIES_ALIAS, READS_ALIAS})


class Gone(Permanent):
    """A point in time was let go."""


class Viewer(msgspec.Struct, frozen=True):
    """Somebody who may see these buckets (later: prefixes of them); of packages and entries, these registries."""

    buckets: frozenset[str]


def restricted(query: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Return the query with what the viewer may see as a filter; nothing to see finds nothing."""
    may_see = {"terms": {"bucket": sorted(viewer.buckets)}}
    # The aliases hide what was deleted; a point in time need not be one of ours.
    return {"bool": {"must": [query], "filter": [may_see], "must_not": [{"term": {"deleted": True}}]}}


def ask(client: "OpenSearch", aliases: Sequence[str], body: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Send a search as the viewer. Indexes of packages and reads that are not there yet hold nothing.

    Raises `Transient` when OpenSearch does not answer, or only a part of it does, and `Permanent` for what it refuses.
    """
    there, allowed = list(aliases), _allowed(body, viewer)
    while there:
        with _errors_told() as absent:
            answer: dict[str, Any] = client.search(index=",".join(there), body=allowed, params=WHOLE)
        if not absent:
            return _whole(answer)
        if absent[0] not in there:
            raise Transient(NO_INDEX)
        there.remove(absent[0])
    return nothing()


def ask_many(
    client: "OpenSearch", searches: Sequence[tuple[Sequence[str], dict[str, Any]]], viewer: Viewer,
    point: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Send several searches, each of aliases and a body, in one request; raises as `ask` does, for any of them.

    At a point in time they are all of it, and say themselves which of its indexes they are about.
    """
    if not searches:
        return []
    lines: list[dict[str, Any]] = []
    for aliases, body in searches:
        of = {"index": list(aliases), "allow_partial_search_results": False, "ignore_unavailable": True}
        at = {"pit": {"id": point, "keep_alive": KEPT}} if point else {}
        lines += [{} if point else of, _allowed(body, viewer) | at]
    with _errors_told(point=point is not None) as absent:
        told: dict[str, Any] = client.msearch(body=lines)
    if absent:
        raise Transient(NO_INDEX)
    return [_whole(_of_many(answer, point=point is not None)) for answer in told["responses"]]


def open_point(client: "OpenSearch", aliases: Sequence[str]) -> str:
    """Return the id of a point in time of the aliases that are there; raises as `ask` does."""
    there = list(aliases)
    while there:
        with _errors_told() as absent:
            opened: dict[str, Any] = client.create_pit(index=",".join(there), params={"keep_alive": KEPT})
        if not absent:
            return str(opened["pit_id"])
        if absent[0] not in there:
            raise Transient(NO_INDEX)
        there.remove(absent[0])
    raise Transient(NO_INDEX)


def ask_point(client: "OpenSearch", point: str, body: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Send a search of a point in time, which is kept for as long again; raises `Gone` where it is no more."""
    allowed = _allowed(body, viewer) | {"pit": {"id": point, "keep_alive": KEPT}}
    with _errors_told(point=True):
        answer: dict[str, Any] = client.search(body=allowed, params=WHOLE)
    return _whole(answer)


def close_point(client: "OpenSearch", point: str) -> None:
    """Let a point in time go; one that is gone already, or cannot be reached, goes by itself."""
    from opensearchpy.exceptions import OpenSearchException  # noqa: PLC0415, cold start

    with suppress(OpenSearchException):
        client.delete_pit(body={"pit_id": [point]})


def nothing() -> dict[str, Any]:
    """Return the answer of an index that holds nothing."""
    return {"hits": {"total": {"value": 0}, "hits": []}}


def _allowed(body: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    return body | {"query": restricted(body["query"], viewer), "timeout": f"{TIMEOUT_SECONDS}s"}


def _whole(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("timed_out"):
        raise Transient(f"the search took longer than {TIMEOUT_SECONDS} s")
    return answer


def _of_many(answer: dict[str, Any], *, point: bool) -> dict[str, Any]:
    if "error" not in answer:
        return answer if answer.get("_shards", {}).get("total", 1) else nothing()
    reason = answer["error"].get("reason", answer["error"]) if isinstance(answer["error"], dict) else answer["error"]
    if CLAUSES in str(answer["error"]):
        raise Permanent(TOO_MANY)
    if point and answer.get("status") in LOST:
        raise Gone(GONE)
    if HTTPStatus.BAD_REQUEST <= answer.get("status", 500) < HTTPStatus.TOO_MANY_REQUESTS:
        raise Permanent(f"OpenSearch refuses this search: {reason}")
    raise Transient(f"{UNANSWERED}: {reason}", UNANSWERED)


@contextmanager
def _errors_told(*, point: bool = False) -> Iterator[list[str]]:
    """Tell errors by our taxonomy; yields a list that then names an index that is young, and not there."""
    from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError  # noqa: PLC0415, cold start

    absent: list[str] = []
    try:
        yield absent
    except NotFoundError as error:
        if point:
            raise Gone(GONE) from error
        missing = _missing(error)
        if missing not in YOUNG:
            raise Transient(NO_INDEX) from error
        absent.append(missing)
    except RequestError as error:
        if point and "search_context" in str(error):
            raise Gone(GONE) from error
        raise Permanent(f"OpenSearch refuses this search: {error}") from error
    except OpenSearchException as error:
        if CLAUSES in str(error):
            raise Permanent(TOO_MANY) from error
        if point and getattr(error, "status_code", None) in LOST:
            raise Gone(GONE) from error
        raise Transient(f"{UNANSWERED}: {error}", UNANSWERED) from error


def counted(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the buckets of an aggregation; none where there was no index to count in."""
    return list(answer.get("aggregations", {}).get(name, {}).get("buckets", ()))


def _missing(error: "NotFoundError") -> str | None:
    info = error.info.get("error") if isinstance(error.info, dict) else None
    return info.get("index") if isinstance(info, dict) else None
