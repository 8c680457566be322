"""The judged queries, and how good an answer is by them: nDCG@10 and the reciprocal rank of what was meant."""

import math
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec

QUERIES = Path(__file__).with_name("queries.json")
CUT = 10  # hits that are looked at
MEANT = 3
Grade = Literal["3", "2", "1"]


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is typed, why it should find what it should, and the names of that by grade; `*` stands for anything."""

    text: str
    form: str
    why: str
    judged: dict[Grade, list[str]]


class _File(msgspec.Struct, frozen=True):
    about: str
    queries: list[Query]


class Judged(msgspec.Struct, frozen=True):
    """How good an answer was, and the grade of each of its hits; a second hit of the same thing has none."""

    ndcg: float
    reciprocal: float
    grades: tuple[int, ...]


def queries() -> list[Query]:
    """Return the judged queries."""
    return msgspec.json.decode(QUERIES.read_bytes(), type=_File).queries


def grades(query: Query, names: Collection[str]) -> dict[str, int]:
    """Return the grade of each thing that the query is judged for, the highest where there are several."""
    found: dict[str, int] = {}
    for grade in sorted(query.judged):
        for wanted in query.judged[grade]:
            matching = [wanted] if wanted in names else [name for name in names if fnmatchcase(name, wanted)]
            if not matching:
                raise ValueError(f"{query.text!r} is judged for {wanted}, which is not in the corpus")
            found |= dict.fromkeys(matching, int(grade))
    return found


def judge(hits: Sequence[str], wanted: Mapping[str, int]) -> Judged:
    """Judge the hits of a query, each by its name."""
    seen: set[str] = set()
    given: list[int] = []
    for hit in hits[:CUT]:
        given.append(0 if hit in seen else wanted.get(hit, 0))
        seen.add(hit)
    ideal = _gain(sorted(wanted.values(), reverse=True)[:CUT])
    meant = next((rank for rank, grade in enumerate(given, 1) if grade == MEANT), None)
    return Judged(_gain(given) / ideal, 1 / meant if meant else 0.0, tuple(given))


def _gain(given: Sequence[int]) -> float:
    return sum(((1 << grade) - 1) / math.log2(rank + 1) for rank, grade in enumerate(given, 1))
