"""Which pointers name a manifest: a search, of an index in which everything that was written before can be found."""

import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Transient
from bucketdex.index.requests import post

if TYPE_CHECKING:
    from bucketdex.packages.edges import Edges

PAGE = 1_000
SHOWN = ["key", "latest", "manifest", "manifest_problem", "entries", "verified"]


class Pointer(msgspec.Struct, frozen=True):
    """A pointer's document, in part."""

    index: str
    key: str
    latest: bool
    source: dict[str, Any]


def pointers(edges: "Edges", indexes: list[str], bucket: str, top_hash: str) -> list[Pointer]:
    """Return the pointers of this bucket that name the top hash, in each index; raises `Transient`."""
    found: list[Pointer] = []
    for index in indexes:
        _REFRESHES.refresh(edges, index)
        terms = [{"term": {"bucket": bucket}}, {"term": {"top_hash": top_hash}}, {"term": {"type": "pointer"}}]
        query = {"bool": {"filter": terms, "must_not": [{"term": {"deleted": True}}]}}
        after: list[Any] = []
        while True:
            body = {"query": query, "size": PAGE, "sort": [{"key": "asc"}], "_source": SHOWN}
            hits = _search(edges, index, body | ({"search_after": after} if after else {}))
            found += [
                Pointer(index, it["_source"]["key"], bool(it["_source"].get("latest")), it["_source"]) for it in hits
            ]
            if len(hits) < PAGE:
                break
            after = hits[-1]["sort"]
    return found


def _search(edges: "Edges", index: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = post(
        edges.opensearch,
        f"/{index}/_search",
        msgspec.json.encode(body),
        edges.seconds(),
        allow_partial_search_results="false",
    )
    if answer.get("timed_out"):
        raise Transient(f"the search in {index} took too long")
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits


class _Refreshes:
    """Refreshes of indexes, one for all that wait for one: each waits for a refresh that began after it asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[tuple[int, str], float] = {}

    def refresh(self, edges: "Edges", index: str) -> None:
        asked = time.perf_counter()
        place = (id(edges.opensearch), index)
        with self._lock:
            if self._begun.get(place, 0.0) > asked:
                return
            begun = time.perf_counter()
            post(edges.opensearch, f"/{index}/_refresh", b"", edges.seconds())
            self._begun[place] = begun


_REFRESHES = _Refreshes()
