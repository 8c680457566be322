"""A query as it was read, compiled for documents of one kind."""

from collections.abc import Sequence
from typing import Literal

from bucketdex.searching.language.syntax import All, Any, Node, Not, Phrase, Qualifier, Query, Word
from bucketdex.searching.query.clauses import EVERYTHING, NOTHING, Clause, all_of, any_of, best, counting
from bucketdex.searching.query.forms import forms, forms_of
from bucketdex.searching.query.kinds import Fields, KindOf, Known
from bucketdex.searching.query.words import ends_short, other_number, parts, revision

Match = Literal["best_fields", "phrase", "bool_prefix"]
MOST_PARTS = 40  # of a word or a phrase (`a-b` has two); a longer one is only looked for as it stands
OTHER_NUMBER = 0.7  # how much a find of `penguin` counts, where `penguins` was typed


def compiled(query: Query, kind: KindOf, known: Known) -> Clause:
    """Return what finds documents of a kind: by everything that was typed, or all of them if nothing was."""
    found = _all(query.all, kind, known, unfinished=query.unfinished)
    narrowed = list(kind.shown(known))
    return {"bool": {"must": [found], "filter": narrowed}} if narrowed else found


def has_words(node: Node) -> bool:
    """Tell whether a query is for words too, so that some finds are better than others."""
    match node:
        case Word() | Phrase():
            return True
        case All(nodes) | Any(nodes):
            return any(has_words(inner) for inner in nodes)
    return False


def _node(node: Node, kind: KindOf, known: Known, *, unfinished: bool = False) -> Clause:
    match node:
        case Word() | Phrase() | Qualifier():
            found = [
                _leaf(it, kind, known, unfinished=unfinished) for it in (forms_of(node) if known.forms else (node,))
            ]
            return any_of(found) if isinstance(node, Qualifier) else best(found)
        case Not(inner):
            return {"bool": {"must_not": [_node(inner, kind, known)]}}
        case All():
            return _all(node, kind, known, unfinished=unfinished)
        case Any(nodes):
            *others, last = nodes
            return best([*(_node(it, kind, known) for it in others), _node(last, kind, known, unfinished=unfinished)])


def _leaf(node: Node, kind: KindOf, known: Known, *, unfinished: bool) -> Clause:
    match node:
        case Word():
            return _word(node, kind, known, unfinished=unfinished)
        case Phrase(text):
            return best([*_match(kind.fields, text, "phrase"), *_exact(kind.fields, text)])
        case Qualifier(name) if finds := kind.qualifiers.get("bucket" if name == "registry" else name):
            return all_of(finds(node, known))
    return NOTHING


def _all(node: All, kind: KindOf, known: Known, *, unfinished: bool) -> Clause:
    """Return what finds each of the nodes. Words beside each other may also be one name, with spaces in it."""
    words = [it for it in node.nodes if isinstance(it, Word)]
    told = [it for it in words if parts(it.text)] or words  # `a & b` is not looked for `&`
    must = [_node(it, kind, known, unfinished=unfinished and it is node.nodes[-1]) for it in told]
    if len(words) > 1:
        whole = " ".join(f"{it.text}*" if it.prefix else it.text for it in words)
        as_one = [it for form in forms(whole) for it in (*_exact(kind.fields, form), *kind.special(form, known))]
        must = [best([{"bool": {"must": must}}, *as_one])]
    clauses: dict[str, list[Clause]] = {"must": must, "filter": [], "must_not": []}
    for it in node.nodes:
        match it:
            case Word():
                pass
            case Qualifier():
                clauses["filter"].append(_node(it, kind, known))
            case Not(inner):
                clauses["must_not"].append(_node(inner, kind, known))
            case _:
                clauses["must"].append(_node(it, kind, known, unfinished=unfinished and it is node.nodes[-1]))
    clauses = {how: each for how, each in clauses.items() if each}
    if list(clauses) == ["must"] and len(must) == len(clauses["must"]) == 1:
        return must[0]
    return {"bool": clauses} if clauses else EVERYTHING


def _word(word: Word, kind: KindOf, known: Known, *, unfinished: bool) -> Clause:
    if named := revision(word.text):
        return {"bool": {"must": [_word(Word(part), kind, known, unfinished=False) for part in named]}}
    if word.prefix:
        begun = _match(kind.fields, word.text, "bool_prefix") or [EVERYTHING if not word.text else NOTHING]
        return best(begun)
    found = [
        *_match(kind.fields, word.text, "best_fields"),
        *_exact(kind.fields, word.text),
        *kind.special(word.text, known),
    ]
    if other := other_number(word.text):
        found += [_boosted(clause, OTHER_NUMBER) for clause in _match(kind.fields, other, "best_fields")]
    return best([*found, *_match(kind.fields, word.text, "bool_prefix")] if unfinished else found)


def _match(fields: Fields, text: str, kind: Match) -> list[Clause]:
    if not 0 < parts(text) <= MOST_PARTS:
        return []
    left_out = fields.prose if kind == "bool_prefix" and ends_short(text) else frozenset()
    weighed = [f"{field}^{boost}" for field, boost in fields.words.items() if field not in left_out]
    sure = [
        counting(_multi_match(text, kind, [field]), score)
        for field, score in fields.sure.items()
        if field not in left_out
    ]
    return [_multi_match(text, kind, weighed), *sure]


def _multi_match(text: str, kind: Match, fields: Sequence[str]) -> Clause:
    every = {} if kind == "phrase" else {"operator": "and"}
    return {"multi_match": {"query": text, "type": kind, "fields": list(fields), **every}}


def _boosted(clause: Clause, boost: float) -> Clause:
    return {"bool": {"must": [clause], "boost": boost}}


def _exact(fields: Fields, value: str) -> list[Clause]:
    """The value as it stands: a key, a name, `.csv.gz`, `project=penguins`, an etag."""
    found = [counting({"term": {field: value}}, score) for field, score in fields.exact.items()]
    return found + [
        counting({"term": {field: {"value": value, "case_insensitive": True}}}, score)
        for field, score in fields.folded.items()
    ]
