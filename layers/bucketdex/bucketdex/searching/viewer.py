"""Who asks, and the one place through which every query reaches OpenSearch.

No other module sends a search. So what a viewer may not see is not in hits, totals, counts or highlights.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Permanent, Transient
from bucketdex.index.generations import ENTRIES_ALIAS, PACKAGES_ALIAS, READS_ALIAS

if TYPE_CHECKING:
    from opensearchpy import OpenSearch
    from opensearchpy.exceptions import NotFoundError

TIMEOUT_SECONDS = 10  # also OpenSearch's own limit: what was found until then is not an answer, so it is an error
# A stack that was made before them has none until a bucket is added.
YOUNG = frozenset({PACKAGES_ALIAS, ENTRIES_ALIAS, READS_ALIAS})


class Viewer(msgspec.Struct, frozen=True):
    """Somebody who may see these buckets (later: prefixes of them); of packages and entries, these registries."""

    buckets: frozenset[str]


def restricted(query: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Return the query with what the viewer may see as a filter; nothing to see finds nothing."""
    may_see = {"terms": {"bucket": sorted(viewer.buckets)}}
    return {"bool": {"must": [query], "filter": [may_see]}}


def ask(client: "OpenSearch", aliases: Sequence[str], body: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Send a search as the viewer. Indexes of packages and reads that are not there yet hold nothing.

    Raises `Transient` when OpenSearch does not answer, or only a part of it does, and `Permanent` for what it refuses.
    """
    from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError  # noqa: PLC0415, cold start

    allowed = body | {"query": restricted(body["query"], viewer), "timeout": f"{TIMEOUT_SECONDS}s"}
    there = list(aliases)
    while there:
        try:
            answer: dict[str, Any] = client.search(
                index=",".join(there), body=allowed, params={"allow_partial_search_results": "false"}
            )
        except NotFoundError as error:
            missing = _missing(error)
            if missing not in YOUNG or missing not in there:
                raise Transient("there is no index yet: connect a bucket first") from error
            there.remove(missing)
            continue
        except RequestError as error:
            raise Permanent(f"OpenSearch refuses this search: {error}") from error
        except OpenSearchException as error:
            raise Transient(f"OpenSearch did not answer the search: {error}") from error
        if answer.get("timed_out"):
            raise Transient(f"the search took longer than {TIMEOUT_SECONDS} s")
        return answer
    return {"hits": {"total": {"value": 0}, "hits": []}}


def counted(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the buckets of an aggregation; none where there was no index to count in."""
    return list(answer.get("aggregations", {}).get(name, {}).get("buckets", ()))


def _missing(error: "NotFoundError") -> str | None:
    info = error.info.get("error") if isinstance(error.info, dict) else None
    return info.get("index") if isinstance(info, dict) else None
