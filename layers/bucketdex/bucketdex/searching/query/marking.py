"""What is marked in hits: the words that were typed, as safe HTML.

It is asked for by a query of its own: that of the search has hundreds of clauses, of which each hit would be searched
for again.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bucketdex.searching.language.syntax import All, Node, Phrase, Qualifier, Query, Word
from bucketdex.searching.language.syntax import Any as AnyOf
from bucketdex.searching.query import entries, objects, packages
from bucketdex.searching.query.clauses import Clause
from bucketdex.searching.query.forms import forms_of
from bucketdex.searching.query.qualifying import text_of
from bucketdex.searching.query.words import other_number, revision
from bucketdex.searching.question import Kind

FRAGMENT_CHARACTERS, MOST_FRAGMENTS = 120, 3
FIELDS: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "object": (objects.WHOLE, objects.FRAGMENTS),
    "package": (packages.WHOLE, packages.FRAGMENTS),
    "entry": (entries.WHOLE, entries.FRAGMENTS),
}
OF_QUALIFIERS = {
    "key": ["key.text", "logical_key.text"], "name": ["name.text", "handle.text"], "package": ["handle.text"],
    "author": ["handle.text"], "column": ["columns.text"], "meta": ["metadata.text"], "tag": ["tags.text"],
}  # fmt: skip


def marking(query: Query, kinds: Sequence[Kind]) -> dict[str, Any]:
    """Return what makes a search mark in each hit what was typed; nothing, if nothing is to be marked."""
    fields: dict[str, Any] = {}
    for kind in kinds:
        whole, fragments = FIELDS[kind]
        fields |= {field: {"number_of_fragments": 0} for field in whole} | {field: {} for field in fragments}
    last = query.all.nodes[-1] if query.unfinished and query.all.nodes else None
    wanted = [
        clause
        for node in query.all.nodes
        for form in forms_of(node)
        for clause in _marks(form, list(fields), unfinished=node is last)
    ]
    if not wanted:
        return {}
    return {
        "highlight": {
            "encoder": "html",
            "pre_tags": ["<mark>"],
            "post_tags": ["</mark>"],
            "fragment_size": FRAGMENT_CHARACTERS,
            "number_of_fragments": MOST_FRAGMENTS,
            "highlight_query": {"bool": {"should": wanted}},
            "fields": fields,
        }
    }


def _marks(node: Node, fields: list[str], *, unfinished: bool = False) -> Iterator[Clause]:
    match node:
        case Word(text, prefix):
            named = revision(text)
            text = named[0] if named else text
            yield _match(text, fields, "bool_prefix" if prefix or unfinished else "best_fields")
            if not prefix and (other := other_number(text)):
                yield _match(other, fields, "best_fields")
        case Phrase(text):
            yield _match(text, fields, "phrase")
        case Qualifier(name) if name in OF_QUALIFIERS:
            yield _match(text_of(node).strip("*"), OF_QUALIFIERS[name], "phrase")
        case All(nodes) | AnyOf(nodes):
            for inner in nodes:
                for form in forms_of(inner):
                    yield from _marks(form, fields)


def _match(text: str, fields: list[str], how: str) -> Clause:
    return {"multi_match": {"query": text, "type": how, "fields": fields}}
