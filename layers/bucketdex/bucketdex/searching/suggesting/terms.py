"""Values of a qualifier that begin with what was typed, by how many documents have them.

Nothing is counted to its end: of what matches, the first documents tell which values are frequent, and what is rare
enough is all among them. So a completion costs the same however large the index is.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.searching.language.qualifiers import QUALIFIERS
from bucketdex.searching.language.values import tidy
from bucketdex.searching.patterns import beginning
from bucketdex.searching.query import matching_clause
from bucketdex.searching.query.clauses import Clause, all_of
from bucketdex.searching.question import ALIASES, Kind
from bucketdex.searching.suggesting.told import Suggestion
from bucketdex.searching.suggesting.typing import Typing, completed
from bucketdex.searching.viewer import Viewer, ask, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ENOUGH = 10_000  # documents of a shard that are looked at
ENOUGH_NESTED = 2_000  # where the pairs of each have to be looked through
OF_FIELD = {
    "tag": ("tags", "tag"),
    "meta": ("metadata", "metadata"),
}  # the field with `name=value`, what its pairs are of


class Terms(msgspec.Struct, frozen=True):
    """Where the values of a qualifier are."""

    field: str
    kinds: tuple[Kind, ...]


TERMS = {
    "ext": Terms("extensions", ("object", "entry")),
    "author": Terms("author", ("package",)),
    "column": Terms("columns", ("object",)),
    "class": Terms("storage_class", ("object",)),
    "by": Terms("written_by.name", ("object",)),
}


def values(client: "OpenSearch", viewer: Viewer, typed: Typing, size: int) -> list[Suggestion]:
    """Return the values of `ext:`, `by:`, ... or of `tag.stage:` that begin with what was typed."""
    name = typed.name or ""
    if name in OF_FIELD:
        starting, terms = f"{typed.field}=", Terms(OF_FIELD[name][0], _kinds_of(name))
    else:
        starting, terms = "", TERMS[name]
    found = _begun(client, viewer, typed, terms, starting + _tidied(typed), size)
    values = [it[len(starting) :] for it in found]
    return [Suggestion(it, "value", completed(typed, name, it, typed.field)) for it in values if it.strip()]


def names(client: "OpenSearch", viewer: Viewer, typed: Typing, size: int) -> list[Suggestion]:
    """Return the names of metadata or tags that begin with what stands behind `meta.` or `tag.`."""
    name, _, begun = typed.word.partition(".")
    name = name.lower()
    of = {"term": {"pairs.of": OF_FIELD[name][1]}}
    called = {"prefix": {"pairs.name": {"value": begun, "case_insensitive": True}}}
    wanted = {"path": "pairs", "query": all_of(of, called) if begun else of, "ignore_unmapped": True}
    names = {"terms": {"field": "pairs.name", "size": size, "execution_hint": "map", **beginning(begun)}}
    pairs = {"nested": {"path": "pairs"}, "aggs": {"of": {"filter": of, "aggs": {"names": names}}}}
    body = _body(client, viewer, typed, _kinds_of(name), {"nested": wanted})
    answer = ask(
        client,
        [ALIASES[kind] for kind in _kinds_of(name)],
        body | {"terminate_after": ENOUGH_NESTED, "aggs": {"pairs": pairs}},
        viewer,
    )
    found = answer.get("aggregations", {}).get("pairs", {}).get("of", {}).get("names", {}).get("buckets", ())
    shown = [it["key"] for it in found if it["key"].strip() and it["key"].lower().startswith(begun.lower())]
    return [Suggestion(f"{name}.{it}:", "qualifier", completed(typed, name, "*", it).removesuffix("*")) for it in shown]


def _begun(client: "OpenSearch", viewer: Viewer, typed: Typing, terms: Terms, begun: str, size: int) -> list[str]:
    prefix: Clause = {"prefix": {terms.field: {"value": begun, "case_insensitive": True}}}
    if not begun:
        prefix = {"exists": {"field": terms.field}}
    body = _body(client, viewer, typed, terms.kinds, prefix)
    values = {"field": terms.field, "size": size, "execution_hint": "map", **beginning(begun)}
    body |= {"terminate_after": ENOUGH, "aggs": {"values": {"terms": values}}}
    answer = ask(client, [ALIASES[kind] for kind in terms.kinds], body, viewer)
    return [it["key"] for it in counted(answer, "values") if it["key"].lower().startswith(begun.lower())]


def _body(
    client: "OpenSearch", viewer: Viewer, typed: Typing, kinds: tuple[Kind, ...], wanted: Clause
) -> dict[str, Any]:
    rest = matching_clause(client, viewer, typed.rest, kinds)
    return {"query": all_of(rest, wanted), "size": 0, "track_total_hits": False}


def _kinds_of(name: str) -> tuple[Kind, ...]:
    return QUALIFIERS[name].kinds


def _tidied(typed: Typing) -> str:
    word = typed.word.removesuffix("*")
    return tidy(QUALIFIERS["ext"], word) if typed.name == "ext" and word.strip("*.") else word
