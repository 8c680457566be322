"""How facets ask: each says which counts it needs, all facets' counts go in one request, and those may call for more.

A facet is counted under the query without what the query says of that facet, so facets have queries of their own. Those
with the same query share a search.
"""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.searching.language.syntax import Query
from bucketdex.searching.query import matching_clause
from bucketdex.searching.question import ALIASES, Kind
from bucketdex.searching.viewer import Viewer, ask_many
from bucketdex.searching.viewer import counted as of_answer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

SHARD_SIZE = 1_000  # values that each shard tells, so that the counts of the most frequent are right


class Part(msgspec.Struct, frozen=True):
    """What is counted of what `query` finds: an aggregation, and how many of it `each` query finds by itself."""

    query: Query
    aggregation: dict[str, Any] | None = None
    each: tuple[Query, ...] = ()


class Counted(msgspec.Struct, frozen=True):
    """The answer to a part; the aggregation is empty where there was no index to count in."""

    total: int
    aggregation: dict[str, Any]
    each: tuple[int, ...]

    @property
    def buckets(self) -> list[dict[str, Any]]:
        """Return the aggregation's buckets."""
        return list(self.aggregation.get("buckets", ()))


type Asking[T] = Generator[Sequence[Part], Sequence[Counted], T]


def answered(
    client: "OpenSearch",
    viewer: Viewer,
    kinds: tuple[Kind, ...],
    buckets: tuple[str, ...],
    asking: Sequence[Asking[Any]],
) -> list[Any]:
    """Return what each comes to; raises `Transient`, and `Permanent` for what OpenSearch refuses."""
    came_to: dict[int, Any] = {}
    wanted = {number: list(next(it)) for number, it in enumerate(asking)}
    while wanted:
        parts = [part for of_one in wanted.values() for part in of_one]
        counted = iter(_counted(client, viewer, kinds, buckets, parts))
        more: dict[int, list[Part]] = {}
        for number, of_one in wanted.items():
            try:
                more[number] = list(asking[number].send([next(counted) for _ in of_one]))
            except StopIteration as done:
                came_to[number] = done.value
        wanted = more
    return [came_to[number] for number in range(len(asking))]


def _counted(
    client: "OpenSearch", viewer: Viewer, kinds: tuple[Kind, ...], buckets: tuple[str, ...], parts: Sequence[Part]
) -> list[Counted]:
    together: dict[Query, list[int]] = {}
    for number, part in enumerate(parts):
        together.setdefault(part.query, []).append(number)
    aliases = [ALIASES[kind] for kind in kinds]
    searches = []
    for query, numbers in together.items():
        aggs: dict[str, Any] = {}
        for number in numbers:
            if parts[number].aggregation is not None:
                aggs[f"of {number}"] = parts[number].aggregation
            if parts[number].each:
                filters = [matching_clause(client, viewer, it, kinds) for it in parts[number].each]
                aggs[f"each of {number}"] = {"filters": {"filters": filters}}
        found = matching_clause(client, viewer, query, kinds, buckets)
        body = {"query": {"bool": {"filter": [found]}}, "size": 0, "track_total_hits": True, "aggs": aggs}
        searches.append((aliases, body))
    counted: dict[int, Counted] = {}
    for numbers, answer in zip(together.values(), ask_many(client, searches, viewer), strict=True):
        for number in numbers:
            counted[number] = _of_part(parts[number], number, answer)
    return [counted[number] for number in range(len(parts))]


def _of_part(part: Part, number: int, answer: dict[str, Any]) -> Counted:
    each = [it["doc_count"] for it in of_answer(answer, f"each of {number}")]
    aggregation = answer.get("aggregations", {}).get(f"of {number}", {})
    return Counted(answer["hits"]["total"]["value"], aggregation, tuple(each) or (0,) * len(part.each))
