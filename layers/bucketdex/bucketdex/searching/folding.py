"""One hit for each object: it, or an entry whose bytes it is, whichever comes first; the others are folded into that.

Whether a hit is folded depends on nothing but the query and the index, so it does not matter which pages were told
before, or to whom.
"""

from collections.abc import Sequence
from typing import Any

from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS
from bucketdex.searching.query.clauses import Clause
from bucketdex.searching.query.sorting import Field, Place, comes_before, sorted_by
from bucketdex.searching.question import Kind, kind_of
from bucketdex.searching.viewer import counted

Hit = dict[str, Any]  # as OpenSearch tells it
Search = tuple[tuple[str, ...], dict[str, Any]]  # aliases and a body


def folds(kinds: Sequence[Kind]) -> bool:
    """Tell whether hits are folded: not where only entries are asked for, as then each of them is meant."""
    return "entry" in kinds and "object" in kinds


def object_of(hit: Hit) -> str | None:
    """Return the id of the object that a hit is about; None for a package, and for an entry with bytes elsewhere."""
    match kind_of(hit["_index"]):
        case "object":
            return str(hit["_id"])
        case "entry":
            identity: str | None = hit["_source"].get("object")
            return identity
    return None


def others(found: Clause, order: Sequence[Field], hits: Sequence[Hit]) -> list[Search]:
    """Return the searches for what else is found of the objects of these hits: themselves, and their best entries."""
    ids = sorted({identity for hit in hits if (identity := object_of(hit))})
    if not ids:
        return []
    shown = {"sort": sorted_by(order), "_source": False, "track_total_hits": False}
    objects = {"bool": {"filter": [{"prefix": {"_index": f"{OBJECTS_ALIAS}-"}}, {"ids": {"values": ids}}]}}
    best = {"top_hits": {"size": 1, "_source": False, "sort": sorted_by(order)}}
    entries = {"terms": {"field": "object", "size": len(ids)}, "aggs": {"best": best}}
    searches: list[Search] = [
        (
            (ENTRIES_ALIAS,),
            {
                "query": _among(found, {"terms": {"object": ids}}),
                "size": 0,
                "track_total_hits": False,
                "aggs": {"objects": entries},
            },
        )
    ]
    if any(kind_of(hit["_index"]) == "entry" for hit in hits):
        searches.append(((OBJECTS_ALIAS,), {"query": _among(found, objects), "size": len(ids)} | shown))
    return searches


def firsts(answers: Sequence[dict[str, Any]], order: Sequence[Field]) -> dict[str, Place]:
    """Return the place of what comes first of each object, from the answers to `others`."""
    found: list[tuple[str, Place]] = []
    for answer in answers:
        found += [(it["key"], it["best"]["hits"]["hits"][0]["sort"]) for it in counted(answer, "objects")]
        found += [(hit["_id"], hit["sort"]) for hit in answer["hits"]["hits"]]
    first: dict[str, Place] = {}
    for identity, place in found:
        if identity not in first or comes_before(place, first[identity], order):
            first[identity] = place
    return first


def _among(found: Clause, among: Clause) -> Clause:
    return {"bool": {"must": [found], "filter": [among]}}
