"""Facets of values: buckets, kinds, extensions, storage classes, writers; and tags, which are values of many names."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from bucketdex.searching.facets.asking import Asking, Part
from bucketdex.searching.facets.taken import Own, Property, alone, fields, most, own, shown
from bucketdex.searching.facets.told import Facet, FacetValue
from bucketdex.searching.language.syntax import Qualifier, Query
from bucketdex.searching.patterns import beginning
from bucketdex.searching.question import kind_of

# Facet: the field that is counted, and its title. The qualifier is called as the facet is.
TERMS = {
    "bucket": ("bucket", "Bucket"),
    "ext": ("extensions", "Extension"),
    "class": ("storage_class", "Storage class"),
    "by": ("written_by.name", "Written by"),
}
# What a search finds by such a value is more than the documents with it, so the search itself counts: `by:anna` finds
# sessions too, and texts are found in capitals or not.
COUNTED_BY_SEARCH = frozenset({"by"})
KIND_TITLES: dict[str, str] = {"object": "Objects", "package": "Packages", "entry": "Package entries"}
MOST_INDEXES = 50
MANY = 1_000  # values, so that those that differ in capitals only are all among them
UNKNOWN = -1
SHARD_SIZE = 1_000  # values that each shard tells, so that the counts of the most frequent are right


def of_terms(name: str, query: Query, size: int) -> Asking[Facet]:
    """Count a property whose values are the terms of a field."""
    field, title = TERMS[name]
    said = own(query, Property(name))
    [answer] = yield [Part(said.left_out, terms(field, size), said.each)]
    found = values(answer.buckets)
    if name in COUNTED_BY_SEARCH:
        found = yield from counted_by_search([(said, it) for it in once(answer.buckets)], every=True)
    meant = {typed: extension(typed) for typed in said.taken} if name == "ext" else {}
    kept, left = most(shown(said, found, answer.each, meant), size)
    return Facet(name, title, "values", kept, left + answer.aggregation.get("sum_other_doc_count", 0))


def of_kind(query: Query, size: int) -> Asking[Facet]:
    """Count the kinds, which are known by their indexes."""
    said = own(query, Property("type"))
    [answer] = yield [Part(said.left_out, terms("_index", MOST_INDEXES), said.each)]
    counts: dict[str, int] = {}
    for it in answer.buckets:
        counts[kind_of(it["key"])] = counts.get(kind_of(it["key"]), 0) + it["doc_count"]
    found = shown(said, [FacetValue(kind, kind, count, "") for kind, count in counts.items()], answer.each)
    titled = [replace(it, label=KIND_TITLES.get(it.value, it.value)) for it in found]
    return Facet("kind", "Kind", "values", *most(titled, size))


def of_tags(query: Query, size: int) -> Asking[Facet]:
    """Count `name=value` of all tags. What the query says of a tag is left out only where that tag is counted."""
    narrowed = [own(query, Property("tag", name)) for name in fields(query, "tag")]
    asked = [Part(it.left_out, terms("tags", MANY, f"{it.of.field}="), it.each) for it in narrowed]
    everything, *of_names = yield [Part(query, terms("tags", MANY)), *asked]
    known = {f"{it.of.field}=".lower() for it in narrowed}
    proposed = [(own(query, Property("tag", it.value.partition("=")[0])), it) for it in once(everything.buckets)]
    proposed = [it for it in proposed if f"{it[0].of.field}=".lower() not in known]
    others = sum(max(it.count, 0) for _, it in proposed[size:]) + everything.aggregation.get("sum_other_doc_count", 0)
    proposed = proposed[:size]
    for said, answer in zip(narrowed, of_names, strict=True):
        start = f"{said.of.field}=".lower()
        proposed += [(said, it) for it in once(answer.buckets) if it.value.lower().startswith(start)][:size]
    cut = [(said, replace(it, value=it.value[len(said.of.field or "") + 1 :])) for said, it in proposed]
    cut = [(said, it) for said, it in cut if said.of.field and it.value.strip()]  # an empty one cannot be typed
    counted = yield from counted_by_search(cut)
    told: list[FacetValue] = []
    taken = {it.of: answer.each for it, answer in zip(narrowed, of_names, strict=True)}
    for said in dict.fromkeys([*(said for said, _ in cut), *narrowed]):
        found = [it for of, it in zip((said for said, _ in cut), counted, strict=True) if of == said]
        for it in shown(said, found, taken.get(said.of, ())):
            named = f"{said.of.field}={it.value}"
            told.append(replace(it, value=named, label=named))
    kept, left = most(told, size)
    return Facet("tag", "Tags", "values", kept, left + others)


def counted_by_search(proposed: Sequence[tuple[Own, FacetValue]], *, every: bool = False) -> Asking[list[FacetValue]]:
    """Return the values with the count of what a search finds by each.

    It is asked for those that may mean more than the value as it stands: numbers, dates, patterns, what was met in
    capitals and not; or for `every` one.
    """
    doubtful = [(said, it) for said, it in proposed if every or it.count == UNKNOWN or not _is_plain(said.of, it.value)]
    if not doubtful:
        return [it for _, it in proposed]
    answers = yield [Part(said.left_out, None, (alone(said.of, it.value),)) for said, it in doubtful]
    counts = {(said, it.value): answer.each[0] for (said, it), answer in zip(doubtful, answers, strict=True)}
    return [replace(it, count=counts.get((said, it.value), it.count)) for said, it in proposed]


def once(buckets: Iterable[dict[str, Any]]) -> list[FacetValue]:
    """Return the values of a terms aggregation, each once, in capitals or not; how many have one of several is
    `UNKNOWN`."""
    found: dict[str, FacetValue] = {}
    for it in values(buckets):
        same = found.setdefault(it.value.lower(), it)
        if same is not it:
            found[it.value.lower()] = replace(same, count=UNKNOWN)
    return list(found.values())


def _is_plain(of: Property, value: str) -> bool:
    match alone(of, value).all.nodes:
        case (Qualifier(value=str(text)),):
            return "*" not in text
    return False


def values(buckets: Iterable[dict[str, Any]]) -> list[FacetValue]:
    """Return the values of a terms aggregation."""
    return [FacetValue(it["key"], it["key"], it["doc_count"], "") for it in buckets if it["key"].strip()]


def terms(field: str, size: int, starting: str = "") -> dict[str, Any]:
    """Return the aggregation that counts the values of a field, only those that begin so."""
    return {"terms": {"field": field, "size": size, "shard_size": max(SHARD_SIZE, size), **beginning(starting)}}


def extension(typed: str) -> str:
    """Return what is meant by an extension that was typed: `CSV` is `.csv`."""
    return "." + typed.lower().removeprefix(".")
