"""What queries are made of."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import isinf
from typing import Any

from bucketdex.searching.language.syntax import Between
from bucketdex.searching.query.words import Digest

Clause = dict[str, Any]
TIE = 0.3  # how much further finds of a word count beside its best, so that they decide between equals
EVERYTHING: Clause = {"match_all": {}}
NOTHING: Clause = {"match_none": {}}
LITERAL = re.compile(r"[\\?]")  # means something in a wildcard, though not to who types it
IN_NAME = re.compile(r"[\\?*]")
ESCAPED = r"\\\g<0>"


def counting(clause: Clause, score: float) -> Clause:
    """Return a clause whose finds count the same, however rare they are."""
    return {"constant_score": {"filter": clause, "boost": score}}


def best(clauses: Sequence[Clause]) -> Clause:
    """Return what finds by any of the clauses, and counts the best find."""
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": list(clauses), "tie_breaker": TIE}}


def all_of(*clauses: Clause) -> Clause:
    """Return what finds by all of the clauses together, without a score."""
    return {"bool": {"filter": list(clauses)}}


def any_of(clauses: Iterable[Clause]) -> Clause:
    """Return what finds by any of the clauses; nothing, if there are none."""
    wanted = [clause for clause in clauses if clause != NOTHING]
    if not wanted:
        return NOTHING
    return wanted[0] if len(wanted) == 1 else {"bool": {"should": wanted, "minimum_should_match": 1}}


def alike(field: str, value: str) -> Clause:
    """Return what finds the value in capitals or not; `*` in it stands for anything."""
    if "*" not in value:
        return _same(field, value)
    if not value.strip("*"):
        return {"exists": {"field": field}}
    return _like(field, LITERAL.sub(ESCAPED, value))


def between(field: str, span: Between) -> Clause:
    """Return what finds a number or a date in a span."""
    ends = {"gte": span.low, "lte" if span.closed else "lt": span.high}
    if any(isinstance(end, float) and isinf(end) for end in ends.values()):
        return NOTHING  # no document has what is beyond all numbers
    return {"range": {field: {way: _end(end) for way, end in ends.items() if end is not None}}}


def having(field: str, wanted: Digest) -> Clause:
    """Return what finds by a digest in `field`, which has `type` and `value`."""
    values = {"terms": {f"{field}.value": list(wanted.values)}}
    if wanted.type is None:
        return values
    return all_of(values, {"term": {f"{field}.type": {"value": wanted.type, "case_insensitive": True}}})


def paired(field: str, name: str, value: str) -> Clause:
    """Return what finds `name=value`, in capitals or not; `*` in the value is anything, in the name itself."""
    if "*" not in value:
        return _same(field, f"{name}={value}")
    return _like(field, f"{IN_NAME.sub(ESCAPED, name)}={LITERAL.sub(ESCAPED, value)}")


def pair(of: str, name: str, value: Clause | None = None) -> Clause:
    """Return what finds by a metadata value or a tag of this name; by any, if it need not be a certain one."""
    named = [{"term": {"pairs.of": of}}, {"term": {"pairs.name": {"value": name, "case_insensitive": True}}}]
    within = {"bool": {"filter": [*named, value] if value else named}}
    return {"nested": {"path": "pairs", "query": within, "score_mode": "none", "ignore_unmapped": True}}


def among_manifests(named: Mapping[str, Sequence[str]]) -> Clause:
    """Return what finds the entries, and the pointers, of manifests that are named by registry and top hash."""
    return any_of(
        all_of({"term": {"bucket": registry}}, {"terms": {"top_hash": list(top_hashes)}})
        for registry, top_hashes in named.items()
    )


def _same(field: str, value: str) -> Clause:
    return {"term": {field: {"value": value, "case_insensitive": True}}}


def _like(field: str, pattern: str) -> Clause:
    return {"wildcard": {field: {"value": pattern, "case_insensitive": True}}}


def _end(value: float | datetime) -> float | str:
    return value.isoformat() if isinstance(value, datetime) else value
