"""What the queries of all kinds are made of."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from bucketdex.searching.query.words import Digest, Piece, Typed

Clause = dict[str, Any]
Match = Literal["best_fields", "phrase", "bool_prefix"]
TIE = 0.3  # how much further finds of a word count beside its best, so that they decide between equals


class Fields(msgspec.Struct, frozen=True):
    """Where a kind is looked in, and how much a find there counts."""

    words: dict[str, float]  # analysed: times how rare the word is
    sure: dict[str, float] = {}  # analysed: this much, however rare the word is
    exact: dict[str, float] = {}  # keywords: the value as it stands, this much
    folded: dict[str, float] = {}  # keywords: the value in capitals or not, this much


def matching(fields: Fields, typed: Typed, special: Callable[[str], Sequence[Clause]]) -> Clause:
    """Return what finds everything that was typed: each piece, or the text as a whole; an empty text finds all.

    `special` gives what else finds a word or the whole text, as it is told by its form.
    """
    if not typed.text:
        return {"match_all": {}}
    whole = best([*_exact(fields, typed.text), *special(typed.text)])
    if not typed.pieces:
        return whole
    pieces = [_piece(fields, piece, special) for piece in typed.pieces]
    if typed.unfinished:
        last = typed.pieces[-1].text
        pieces[-1] = best([pieces[-1], *_match(fields, last, "bool_prefix")])
    return best([{"bool": {"must": pieces}}, whole])


def counting(clause: Clause, score: float) -> Clause:
    """Return a clause whose finds count the same, however rare they are."""
    return {"constant_score": {"filter": clause, "boost": score}}


def best(clauses: Sequence[Clause]) -> Clause:
    """Return what finds by any of the clauses, and counts the best find."""
    return {"dis_max": {"queries": list(clauses), "tie_breaker": TIE}}


def all_of(*clauses: Clause) -> Clause:
    """Return what finds by all of the clauses together, without a score."""
    return {"bool": {"filter": list(clauses)}}


def having(field: str, wanted: Digest) -> Clause:
    """Return what finds by a digest in `field`, which has `type` and `value`."""
    values = {"terms": {f"{field}.value": list(wanted.values)}}
    if wanted.type is None:
        return values
    return all_of(values, {"term": {f"{field}.type": {"value": wanted.type, "case_insensitive": True}}})


def any_of(clauses: Sequence[Clause]) -> Clause:
    """Return what finds by any of the clauses."""
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _piece(fields: Fields, piece: Piece, special: Callable[[str], Sequence[Clause]]) -> Clause:
    if piece.quoted:
        return best([*_match(fields, piece.text, "phrase"), *_exact(fields, piece.text)])
    return best([*_match(fields, piece.text, "best_fields"), *_exact(fields, piece.text), *special(piece.text)])


def _match(fields: Fields, words: str, kind: Match) -> list[Clause]:
    weighed = [f"{field}^{boost}" for field, boost in fields.words.items()]
    sure = [counting(_multi_match(words, kind, [field]), score) for field, score in fields.sure.items()]
    return [_multi_match(words, kind, weighed), *sure]


def _multi_match(words: str, kind: Match, fields: list[str]) -> Clause:
    every = {} if kind == "phrase" else {"operator": "and"}
    return {"multi_match": {"query": words, "type": kind, "fields": fields, **every}}


def _exact(fields: Fields, value: str) -> list[Clause]:
    """The value as it stands: a key, a name, `.csv.gz`, `project=penguins`, an etag."""
    found = [counting({"term": {field: value}}, score) for field, score in fields.exact.items()]
    return found + [
        counting({"term": {field: {"value": value, "case_insensitive": True}}}, score)
        for field, score in fields.folded.items()
    ]
