"""Completions that nothing has to be asked for: qualifiers, the values that a qualifier can have, sizes and dates."""

from collections.abc import Iterator

from bucketdex.searching.language.qualifiers import NAMES, QUALIFIERS, QualifierKind
from bucketdex.searching.suggesting.told import Suggestion
from bucketdex.searching.suggesting.typing import Typing

SIZES = (">1MB", ">10MB", ">100MB", ">1GB", "<1kB", "<1MB", "1MB..10MB", "10MB..100MB", "100MB..1GB")
DATES = ("today", "yesterday", "7d", "30d", "6m", "1y")
SHORTEST_MEANT = 3  # letters: so many have to begin what a qualifier is called elsewhere


def qualifiers(typed: Typing) -> list[Suggestion]:
    """Return the qualifiers whose name begins with the word."""
    begun = typed.word.lower()
    if typed.word != begun and typed.word != begun.capitalize():
        return []
    found = [kind for kind in QUALIFIERS.values() if _begins(kind, begun)]
    return [
        Suggestion(f"{kind.name}{_end(kind)}", "qualifier", f"{typed.before}{kind.name}{_end(kind)}", kind.means)
        for kind in sorted(found, key=lambda kind: not kind.name.startswith(begun))
    ]


def values(typed: Typing) -> list[Suggestion]:
    """Return what a size, a date or a qualifier with fixed values may become."""
    return [
        Suggestion(value, "value", f"{typed.before}{typed.name}:{value}")
        for value in _values(QUALIFIERS[typed.name or ""])
        if value.startswith(typed.word.lower()) or value.lower().startswith(typed.word.lower())
    ]


def _values(kind: QualifierKind) -> Iterator[str]:
    yield from kind.choices
    if kind.form == "size":
        yield from SIZES
    if kind.form == "date":
        yield from DATES


def _begins(kind: QualifierKind, begun: str) -> bool:
    return any(name.startswith(begun) for name, of in NAMES.items() if of == kind.name)


def _end(kind: QualifierKind) -> str:
    return "." if kind.fields else ":"
