"""Did you mean: near words that are in the index, where a search found nothing.

A fuzzy search that the viewer's filter holds for finds documents, and its highlights tell which words of them are near.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bucketdex.searching.language.parsing import QuerySyntaxError, is_query, parse
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import All, Node, Not, Phrase, Qualifier, Query, Word
from bucketdex.searching.language.syntax import Any as AnyOf
from bucketdex.searching.query import matching_clause
from bucketdex.searching.query.clauses import Clause, any_of
from bucketdex.searching.question import ALIASES, KINDS, Kind
from bucketdex.searching.viewer import Viewer, ask_many

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

WORDS = (  # a key has the words of the name, too
    "handle.text", "key.text", "logical_key.text", "columns.text", "metadata.text", "tags.text", "message",
    "content",
)  # fmt: skip
WHOLE = ("handle", "columns", "name")  # for a word of several parts, `bio/penguins`
VALUES: dict[str, tuple[str, ...]] = {  # of qualifiers whose values are words
    "bucket": ("bucket",), "ext": ("extensions",), "author": ("author",), "package": ("handle", "name"),
    "by": ("written_by.name",), "class": ("storage_class",), "column": ("columns", "columns.text"),
    "name": ("name.text",), "key": ("key.text", "logical_key.text"),
}  # fmt: skip
LENGTHS = range(4, 51)  # letters of a word: a shorter one is near to too many, and of a longer one it costs much
MOST_WORDS = 6  # that are looked up
HITS = 10  # whose words are compared
MOST_EXPANSIONS = 10  # near words of a field that are looked for
KEYWORDS = frozenset(
    {"bucket", "extensions", "author", "handle", "name", "written_by.name", "storage_class", "columns"}
)
EDITS = {"fuzziness": "AUTO", "prefix_length": 1, "max_expansions": MOST_EXPANSIONS}
MOST_EDITS = 2  # as OpenSearch's AUTO
BEGIN, END = "\ue000", "\ue001"  # of what is near, in a highlight: in no text that people write
MARKED = re.compile(f"{BEGIN}(.*?){END}")
LETTERS = re.compile(r"[^\W\d_]")
PARTS = re.compile(r"[^\W_]+")


def did_you_mean(
    client: "OpenSearch", viewer: Viewer, text: str, kinds: tuple[Kind, ...] = KINDS, buckets: tuple[str, ...] = ()
) -> str | None:
    """Return the text of a query that finds something, with near words for those that nothing is found by.

    None where there is none. To be asked where a search found nothing; raises `Transient`.
    """
    try:
        query = parse(text)
    except QuerySyntaxError as error:
        return error.suggestion
    asked = list(dict.fromkeys(_doubtful(query.all)))[:MOST_WORDS]
    if not asked or not viewer.buckets or not kinds:
        return None
    aliases = [ALIASES[kind] for kind in kinds]
    narrowed: list[Clause] = [{"terms": {"bucket": list(buckets)}}] if buckets else []
    there = any_found(
        client, viewer, aliases, [matching_clause(client, viewer, _only(it), kinds, buckets) for it in asked]
    )
    missing = [node for node, found in zip(asked, there, strict=True) if not found]
    near = ask_many(client, [(aliases, _near(node, narrowed)) for node in missing], viewer)
    nearest = {node: it for node, answer in zip(missing, near, strict=True) if (it := _nearest(node, answer))}
    if not nearest:
        return None
    corrected = replace(query, all=_with(query.all, nearest))
    [found] = any_found(client, viewer, aliases, [matching_clause(client, viewer, corrected, kinds, buckets)])
    return _said(corrected) if found else None


def _said(query: Query) -> str | None:
    """Return the text of a query; None where what was found, as a word, would be read as something else."""
    text = written(query).rstrip()
    return text if is_query(text) else None


def _only(node: Node) -> Query:
    return Query(All((node,)))


def any_found(client: "OpenSearch", viewer: Viewer, aliases: Sequence[str], clauses: Sequence[Clause]) -> list[bool]:
    """Tell for each clause whether anything is found by it."""
    one = {"size": 0, "terminate_after": 1, "track_total_hits": 1}
    answers = ask_many(client, [(aliases, {"query": clause, **one}) for clause in clauses], viewer)
    return [bool(answer["hits"]["total"]["value"]) for answer in answers]


def _doubtful(node: Node) -> Iterator[Node]:
    """The words and texts that may be mistyped."""
    match node:
        case All(nodes) | AnyOf(nodes):
            for inner in nodes:
                yield from _doubtful(inner)
        case Word(text, prefix) if len(LETTERS.findall(text)) in LENGTHS and (_is_one(text) or not prefix):
            yield node
        case Qualifier(name, value=str(value)) if name in VALUES and "*" not in value and len(value) in LENGTHS:
            yield node


def _is_one(word: str) -> bool:
    return len(PARTS.findall(word)) == 1


def _near(node: Node, narrowed: list[Clause]) -> dict[str, Any]:
    if isinstance(node, Qualifier):
        text, fields = str(node.value), VALUES[node.name]
    else:
        text = getattr(node, "text", "")
        fields = WORDS if _is_one(text) else WHOLE
    analysed = [it for it in fields if it not in KEYWORDS]
    near: list[Clause] = [{"fuzzy": {it: {"value": text, **EDITS}}} for it in fields if it in KEYWORDS]
    if analysed:
        near.append({"multi_match": {"query": text, "fields": analysed, "operator": "and", **EDITS}})
    return {
        "query": {"bool": {"must": [any_of(near)], "filter": narrowed}},
        "size": HITS,
        "track_total_hits": False,
        "_source": False,
        "highlight": {
            "pre_tags": [BEGIN],
            "post_tags": [END],
            "number_of_fragments": 1,
            "fields": {it: {} for it in fields},
        },
    }


def _nearest(node: Node, answer: dict[str, Any]) -> Node | None:
    typed = (str(node.value) if isinstance(node, Qualifier) else getattr(node, "text", "")).lower()
    fragments = (
        fragment
        for hit in answer["hits"]["hits"]
        for of_field in hit.get("highlight", {}).values()
        for fragment in of_field
    )
    counts = Counter(word.lower() for fragment in fragments for word in MARKED.findall(fragment))
    best = min(counts.keys() - {typed}, key=lambda word: (*_far(typed, word), -counts[word], word), default=None)
    if best is None or _far(typed, best)[0] > MOST_EDITS:
        return None
    return Qualifier(node.name, best, best, node.field) if isinstance(node, Qualifier) else Word(best)


def _far(typed: str, word: str) -> tuple[int, bool]:
    """How many edits a word is away; of those as far, one with the same letters in another order is nearer."""
    return edits(typed, word), sorted(typed) != sorted(word)


def edits(one: str, other: str) -> int:
    """Return how many letters have to be changed, put in, left out or swapped with the next to make the other word."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for down, letter in enumerate(one, 1):
        above, before, row = before, row, [down]
        for across, wanted in enumerate(other, 1):
            cost = min(before[across] + 1, row[-1] + 1, before[across - 1] + (letter != wanted))
            swapped = down > 1 and across > 1 and (letter, one[down - 2]) == (other[across - 2], wanted)
            row.append(min(cost, above[across - 2] + 1) if swapped else cost)
    return row[-1]


def _with(node: All, nearest: Mapping[Node, Node]) -> All:
    return All(tuple(_replaced(it, nearest) for it in node.nodes))


def _replaced(node: Node, nearest: Mapping[Node, Node]) -> Node:
    match node:
        case All(nodes):
            return All(tuple(_replaced(it, nearest) for it in nodes))
        case AnyOf(nodes):
            return AnyOf(tuple(_replaced(it, nearest) for it in nodes))
        case Not() | Phrase():
            return node
    return nearest.get(node, node)
