"""What a query says of one property, and its text after a value of that is taken, or taken back: pure functions."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bucketdex.searching.facets.told import FacetValue
from bucketdex.searching.language.editing import selected, with_range, with_value, without, without_value
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.language.parsing import is_query
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import MOST_QUALIFIERS, All, Any, Qualifier, Query

SURELY_READ = MOST_QUALIFIERS * len("by:a ")  # characters: a query that was read is, so short, with one qualifier more


class Property(msgspec.Struct, frozen=True):
    """What a qualifier narrows: `ext`, `tag.stage`. A range replaces the one before, while values are wanted beside
    each other."""

    name: str
    field: str | None = None
    is_range: bool = False


class Own(msgspec.Struct, frozen=True):
    """A query, what it says of a property, and the query without that."""

    of: Property
    query: Query
    left_out: Query
    said: tuple[Qualifier, ...]

    @property
    def taken(self) -> tuple[str, ...]:
        """Return the values that are taken, as they were typed."""
        return tuple(it.typed for it in self.said)

    @property
    def each(self) -> tuple[Query, ...]:
        """Return for each value that is taken the query that is for it, and nothing else."""
        return tuple(Query(All((it,))) for it in self.said)


def own(query: Query, of: Property) -> Own:
    """Return what a query says of a property at its top level, which is what can be taken back."""
    typed = selected(query, of.name, of.field)
    said = {it.typed: it for it in _qualifiers(query, of.name) if it.field == of.field and it.typed in typed}
    return Own(of, query, without(query, of.name, of.field) if said else query, tuple(said.values()))


def fields(query: Query, name: str) -> tuple[str, ...]:
    """Return the fields that a query narrows at its top level, as in `tag.stage:raw`."""
    found = dict.fromkeys(it.field for it in _qualifiers(query, name) if it.field)
    return tuple(field for field in found if selected(query, name, field))


def alone(of: Property, value: str) -> Query:
    """Return the query that is for this value, and nothing else."""
    return _taking(Query(), of, value)


def shown(
    said: Own,
    found: Iterable[FacetValue],
    counts: Sequence[int] = (),
    meant: Mapping[str, str] | None = None,
) -> list[FacetValue]:
    """Return the values that were found with the query after each; what is taken and was not found comes after them.

    A value that no query has, or after which it would be too long for a search, is left out. `counts` are those of what
    is taken. `meant` gives for what was typed the value that it means, if it is another.
    """
    typed = {(meant or {}).get(it, it).lower(): it for it in said.taken}
    told = (_offered(said, it, typed.pop(it.value.lower(), None)) for it in found)
    values = [it for it in told if it and can_be_taken(it)]
    totals = dict(zip(said.taken, counts, strict=False))
    return values + [_toggled(said, FacetValue(it, it, totals.get(it, 0), ""), it) for it in typed.values()]


def can_be_taken(value: FacetValue) -> bool:
    """Tell whether a search reads the query after this value; what is taken can always be taken back."""
    return value.selected or len(value.query) < SURELY_READ or is_query(value.query)


def most(values: Iterable[FacetValue], size: int) -> tuple[list[FacetValue], int]:
    """Return the `size` most frequent values with those that are taken among them, and the count of all others."""
    ordered = sorted(values, key=lambda it: (not it.selected, -it.count, it.value))
    size = max(size, sum(it.selected for it in ordered))
    kept = sorted(ordered[:size], key=lambda it: (-it.count, it.value))
    return kept, sum(it.count for it in ordered[size:])


def _qualifiers(query: Query, name: str) -> list[Qualifier]:
    alternatives = (node.nodes if isinstance(node, Any) else (node,) for node in query.all.nodes)
    return [it for nodes in alternatives for it in nodes if isinstance(it, Qualifier) and it.name == name]


def _offered(said: Own, value: FacetValue, typed: str | None) -> FacetValue | None:
    try:
        return _toggled(said, value, typed)
    except QuerySyntaxError:
        return None


def _toggled(said: Own, value: FacetValue, typed: str | None) -> FacetValue:
    if typed is None:
        after = _taking(said.query, said.of, value.value)
    elif said.of.is_range:
        after = said.left_out
    else:
        after = without_value(said.query, said.of.name, typed, said.of.field)
    return msgspec.structs.replace(value, query=written(after), selected=typed is not None)


def _taking(query: Query, of: Property, value: str) -> Query:
    return (with_range if of.is_range else with_value)(query, of.name, value, of.field)
