"""What users name freely, as the index takes it: a list of `name=value`, and typed pairs for ranges; both bounded.

Nothing of it ever becomes a field, so however many names there are the mapping stays as it is.
"""

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

MOST_PAIRS = 200  # S3 allows an object 2 kB of metadata and 10 tags; what a package says may be longer
MOST_DEPTH = 16  # of nested metadata
LONGEST_VALUE = 2_000  # characters of one name or value
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,2})?", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
FARTHEST_ZONE = timedelta(hours=18)  # what OpenSearch takes


class Pair(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name and a value that users gave, typed where the value reads as a number, date or boolean."""

    of: str
    name: str
    keyword: str
    number: float | None = None
    date: str | None = None
    boolean: bool | None = None


def typed(of: str, name: str, value: str) -> Pair:
    """Return the pair with its value as a number, date or boolean too, where it reads as one."""
    value = value[:LONGEST_VALUE]
    return Pair(
        of,
        name[:LONGEST_VALUE],
        value,
        number=float(value) if NUMBER.fullmatch(value) else None,
        date=_date(value),
        boolean={"true": True, "false": False}.get(value.lower()),
    )


def flattened(of: str, metadata: Any) -> tuple[tuple[Pair, ...], bool]:
    """Return nested metadata as pairs with dotted names (`plate.well`), lists as several values; and whether it is all.

    What is deeper than 16 levels, or beyond 200 values, is left out.
    """
    found: list[Pair] = []
    whole = True
    for name, value in _leaves(metadata, "", 0):
        if value is _TOO_DEEP:
            whole = False
        elif len(found) == MOST_PAIRS:
            return tuple(found), False
        else:
            found.append(_pair(of, name, value))
    return tuple(found), whole


def named(pairs: tuple[Pair, ...]) -> tuple[str, ...]:
    """Return the pairs as `name=value`, each once."""
    return tuple(dict.fromkeys(f"{pair.name}={pair.keyword}"[:LONGEST_VALUE] for pair in pairs))


def storable_text(text: str) -> str:
    """Return text that UTF-8 can hold: a manifest may have lone surrogates."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_TOO_DEEP = object()


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list) and depth >= MOST_DEPTH:
        yield name, _TOO_DEEP
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name, depth + 1)
    elif value is not None:
        yield name, value


def _pair(of: str, name: str, value: Any) -> Pair:
    name = storable_text(name)[:LONGEST_VALUE]
    match value:
        case bool():
            return Pair(of, name, "true" if value else "false", boolean=value)
        case int() | float():
            return Pair(of, name, str(value)[:LONGEST_VALUE], number=_number(value))
    return typed(of, name, storable_text(str(value)))


def _number(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _date(value: str) -> str | None:
    if not DATE.fullmatch(value):
        return None
    try:
        date = datetime.fromisoformat(value)
    except ValueError:  # the 31st of February
        return None
    return date.isoformat() if abs(date.utcoffset() or timedelta()) <= FARTHEST_ZONE else None
