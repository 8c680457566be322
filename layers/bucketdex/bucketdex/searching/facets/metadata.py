"""Facets of metadata: which names there are, and the values, numbers or dates of one name, from the nested pairs."""

import math
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec

from bucketdex.searching.facets.asking import Asking, Counted, Part
from bucketdex.searching.facets.ranges import label, moment, spans
from bucketdex.searching.facets.taken import Own, Property, alone, can_be_taken, fields, most, own, shown
from bucketdex.searching.facets.told import Facet, FacetValue, TypeOfValue
from bucketdex.searching.facets.values import SHARD_SIZE, counted_by_search, once
from bucketdex.searching.language.editing import with_value, without_value
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import Between, Qualifier, Query
from bucketdex.searching.query.clauses import all_of

ANY = "*"
METADATA = {"term": {"pairs.of": "metadata"}}
TYPES: tuple[TypeOfValue, ...] = ("number", "date", "boolean")
SPARE = 5  # values beyond those that are shown, as some are the same but for capitals
MOST_NAMES = 200  # that are looked through for those that differ in capitals only
MOST_RANGES = 7  # between the tails
TAILS = (5, 95)  # percent: what is beyond is one range at each end, so that one wild number does not decide all
LEAST_STEP, ALMOST = 1e-300, 0.999_999
DOCUMENTS: dict[str, Any] = {"documents": {"reverse_nested": {}}}


def of_names(query: Query, size: int) -> Asking[Facet]:
    """Count the documents that have metadata of a name, for each name, with the type that all of its values have."""
    narrowed = [own(query, Property("meta", name)) for name in fields(query, "meta")]
    counts = [Part(said.left_out, None, (alone(said.of, ANY),)) for said in narrowed]
    types = {kind: {"value_count": {"field": f"pairs.{kind}"}} for kind in TYPES}
    names = {"terms": {"field": "pairs.name", "size": MOST_NAMES, "shard_size": SHARD_SIZE}, "aggs": DOCUMENTS | types}
    everything, *of_narrowed = yield [Part(query, _of(METADATA, {"names": names})), *counts]
    found = _within(everything.aggregation).get("names", {"buckets": [], "sum_other_doc_count": 0})
    known = {it["key"]: _type(it) for it in found["buckets"]}
    taken = {said.of.field or "": said for said in narrowed}
    told = {name.lower() for name in taken}
    values = [
        _named(own(query, Property("meta", it["key"])), it["documents"]["doc_count"], known[it["key"]])
        for it in found["buckets"]
        if it["key"].lower() not in told and it["key"].strip()
    ]
    values = yield from _once(query, [it for it in values if can_be_taken(it)])
    for (name, said), counted in zip(taken.items(), of_narrowed, strict=True):
        values.append(_named(said, counted.each[0], known.get(name)))
    kept, left = most(values, size)
    return Facet("meta", "Metadata", "values", kept, left + found["sum_other_doc_count"])


def of_values(name: str, query: Query, size: int) -> Asking[Facet]:
    """Count the values of metadata of one name; where there are too many to show, and all are numbers or dates, ranges
    of them."""
    # A value takes the place of `*`, beside which it would narrow nothing.
    said = own(without_value(query, "meta", ANY, name), Property("meta", name))
    asked = {
        "values": {"terms": {"field": "pairs.keyword", "size": size + SPARE, "shard_size": SHARD_SIZE}},
        "number": {"stats": {"field": "pairs.number"}},
        "tails": {"percentiles": {"field": "pairs.number", "percents": list(TAILS), "keyed": False}},
        "date": {"stats": {"field": "pairs.date", "format": "strict_date_optional_time"}},
    }
    [answer] = yield [Part(said.left_out, _of(_called(name), asked), said.each)]
    found = _within(answer.aggregation)
    terms = found.get("values", {"buckets": [], "sum_other_doc_count": 0})
    many = len(terms["buckets"]) > size
    ranged = msgspec.structs.replace(said, of=Property("meta", name, is_range=True))
    ends = _ends(found)
    if many and found["number"]["count"] == found["doc_count"]:
        bounds = ranges(found["number"]["min"], *_tails(found["tails"]), found["number"]["max"])
        in_ranges = {"field": "pairs.number", "ranges": [{"key": it} | ends_of(it) for it in bounds]}
        [counted] = yield [Part(said.left_out, _of(_called(name), {"in": {"range": in_ranges, "aggs": DOCUMENTS}}))]
        values = _ranges(counted)
        return Facet(f"meta.{name}", name, "ranges", shown(ranged, values, answer.each), 0, *ends)
    if many and found["date"]["count"] == found["doc_count"]:
        bounds = spans(moment(found["date"]["min"]), moment(found["date"]["max"]))
        in_spans = {"field": "pairs.date", "ranges": [{"key": it} | _dates(ranged.of, it) for it in bounds]}
        [counted] = yield [Part(said.left_out, _of(_called(name), {"in": {"date_range": in_spans, "aggs": DOCUMENTS}}))]
        values = _ranges(counted)
        return Facet(f"meta.{name}", name, "histogram", shown(ranged, values, answer.each), 0, *ends)
    # Of those that have a value more than once only the search tells how many they are.
    values = yield from counted_by_search([(said, it) for it in once(terms["buckets"])], every=True)
    kept, left = most(shown(said, values, answer.each), size)
    return Facet(f"meta.{name}", name, "values", kept, left + terms["sum_other_doc_count"], *ends)


def ranges(lowest: float, low: float, high: float, highest: float) -> list[str]:
    """Return ranges with round ends from `low` to `high`, and one for what is beyond either end, as they are typed."""
    # Ends are told by 15 digits, and have to differ.
    step = _round_step(max((high - low) / (MOST_RANGES - 1), 1e-12 * max(abs(low), abs(high))) or 1.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    ends = [f"{number * step:.15g}" for number in range(first, max(last, first + 1) + 1)]
    between = [f"{one}..{other}" for one, other in pairwise(ends)]
    below = [f"<{ends[0]}"] if lowest < float(ends[0]) else []
    return below + between + ([f">{ends[-1]}"] if highest > float(ends[-1]) else [])


def ends_of(typed: str) -> dict[str, float]:
    """Return from where (included) to where (left out) a range of numbers goes that `ranges` made."""
    if typed[0] == "<":
        return {"to": float(typed[1:])}
    if typed[0] == ">":
        return {"from": math.nextafter(float(typed[1:]), math.inf)}
    low, high = typed.split("..")
    return {"from": float(low), "to": math.nextafter(float(high), math.inf)}


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(max(step, LEAST_STEP)))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= step * ALMOST)


def _of(which: dict[str, Any], aggs: dict[str, Any]) -> dict[str, Any]:
    return {"nested": {"path": "pairs"}, "aggs": {"of": {"filter": which, "aggs": aggs}}}


def _called(name: str) -> dict[str, Any]:
    return all_of(METADATA, {"term": {"pairs.name": {"value": name, "case_insensitive": True}}})


def _within(aggregation: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = aggregation.get("of", {"doc_count": 0})
    return found


def _ranges(counted: Counted) -> list[FacetValue]:
    buckets = _within(counted.aggregation).get("in", {"buckets": []})["buckets"]
    return [FacetValue(it["key"], label(it["key"]), it["documents"]["doc_count"], "") for it in buckets]


def _dates(of: Property, typed: str) -> dict[str, str]:
    """Return from when (included) to when (left out) a span of time goes, as the search reads it."""
    match alone(of, typed).all.nodes:
        case (Qualifier(value=Between(datetime() as low, datetime() as high)),):
            return {"from": low.isoformat(), "to": high.isoformat()}
    raise AssertionError(f"{typed} is no span of time")


def _type(of_name: dict[str, Any]) -> TypeOfValue:
    return next((kind for kind in TYPES if of_name[kind]["value"] == of_name["doc_count"]), "text")


def _tails(percentiles: dict[str, Any]) -> tuple[float, float]:
    low, high = (it["value"] for it in percentiles["values"])
    return low, high


def _ends(found: dict[str, Any]) -> tuple[str | None, str | None]:
    if not found["doc_count"]:
        return None, None
    if found["number"]["count"] == found["doc_count"]:
        return f"{found['number']['min']:.12g}", f"{found['number']['max']:.12g}"
    if found["date"]["count"] == found["doc_count"]:
        return found["date"]["min_as_string"], found["date"]["max_as_string"]
    return None, None


def _named(said: Own, count: int, of_type: TypeOfValue | None) -> FacetValue:
    """A name is taken where the query says anything of it; it is taken back whole."""
    name = said.of.field or ""
    after = said.left_out if said.taken else with_value(said.query, "meta", ANY, name)
    return FacetValue(name, name, count, written(after), bool(said.taken), of_type)


def _once(query: Query, values: list[FacetValue]) -> Asking[list[FacetValue]]:
    """Return each name once: in capitals or not it is the same to a search, which then counts."""
    names = {it.value.lower(): it for it in reversed(values)}
    again = [it for it in values if sum(other.value.lower() == it.value.lower() for other in values) > 1]
    several = [it for it in names.values() if it in again]
    if not several:
        return values
    [counted] = yield [Part(query, None, tuple(alone(Property("meta", it.value), ANY) for it in several))]
    told = {it.value: count for it, count in zip(several, counted.each, strict=True)}
    return [msgspec.structs.replace(it, count=told.get(it.value, it.count)) for it in names.values()]
