"""Queries made from queries: what facets and links narrow and widen. Only what stands at the top level is touched."""

import re

from bucketdex.searching.language.mistakes import Misread, QuerySyntaxError
from bucketdex.searching.language.qualifiers import QUALIFIERS
from bucketdex.searching.language.syntax import All, Any, Node, Qualifier, Query, Word
from bucketdex.searching.language.values import read, read_quoted

HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def selected(query: Query, name: str, field: str | None = None) -> tuple[str, ...]:
    """Return the values that the query is narrowed to by a qualifier, as they are typed."""
    return tuple(each.typed for node in query.all.nodes for each in _narrowing(node, name, field))


def with_value(query: Query, name: str, value: str, field: str | None = None) -> Query:
    """Return the query narrowed to this value, or to those that it was narrowed to or this one.

    Raises `QuerySyntaxError` for a value that no query has. Whether it is not too long now is for the caller to see.
    """
    return _with(query, name, field, _chosen(name, value, field), keep=True)


def without_value(query: Query, name: str, value: str, field: str | None = None) -> Query:
    """Return the query without this value of a qualifier; the others stay."""
    gone = _chosen(name, value, field).typed
    nodes: list[Node] = []
    for node in query.all.nodes:
        narrowing = _narrowing(node, name, field)
        left = tuple(each for each in narrowing if each.typed != gone)
        if len(left) == len(narrowing):
            nodes.append(node)
        elif left:
            nodes.append(_joined(left))
    return _renewed(query, nodes)


def without(query: Query, name: str, field: str | None = None) -> Query:
    """Return the query without any narrowing by this qualifier."""
    return _renewed(query, [node for node in query.all.nodes if not _narrowing(node, name, field)])


def with_range(query: Query, name: str, typed: str, field: str | None = None) -> Query:
    """Return the query narrowed to this range, `1MB..10MB`, and to no other by this qualifier."""
    try:
        value, normal = read(QUALIFIERS[name], typed, field=field)
    except Misread as error:
        raise QuerySyntaxError(str(error), column=1, length=len(typed), expected=error.expected) from None
    return _with(query, name, field, Qualifier(name, value, normal, field), keep=False)


def _chosen(name: str, value: str, field: str | None) -> Qualifier:
    """A value as it is chosen from a list: what looks like a comparison or a range is a text there."""
    kind = QUALIFIERS[name]
    if HALF_CHARACTER.search(f"{value}{field or ''}") or (not value.strip() and field is None):
        raise QuerySyntaxError(f"there is no query for {name}: with this value", column=1, length=len(value))
    literal = kind.form in {"text", "any"} and (value[:1] in {"<", ">", "="} or ".." in value)
    try:
        read_as, typed = read_quoted(kind, value) if literal or not value.strip() else read(kind, value, field=field)
    except Misread as error:
        raise QuerySyntaxError(str(error), column=1, length=len(value), expected=error.expected) from None
    return Qualifier(name, read_as, typed, field)


def _narrowing(node: Node, name: str, field: str | None) -> tuple[Qualifier, ...]:
    """The qualifiers of which this node is one or an alternative, if all are of this name."""
    nodes = node.nodes if isinstance(node, Any) else (node,)
    of_name = tuple(each for each in nodes if isinstance(each, Qualifier) and (each.name, each.field) == (name, field))
    return of_name if len(of_name) == len(nodes) else ()


def _with(query: Query, name: str, field: str | None, added: Qualifier, *, keep: bool) -> Query:
    """Put it where the query was narrowed by this name before, else at the end, but before a word that may go on."""
    nodes = query.all.nodes
    places = [index for index, node in enumerate(nodes) if _narrowing(node, name, field)]
    before = [each for node in nodes for each in _narrowing(node, name, field)] if keep else []
    wanted = tuple(dict.fromkeys([*before, added]))
    place = places[0] if places else len(nodes) - query.unfinished
    rest = [node for index, node in enumerate(nodes) if index not in places]
    return _renewed(query, [*rest[:place], _joined(wanted), *rest[place:]])


def _joined(qualifiers: tuple[Qualifier, ...]) -> Node:
    return qualifiers[0] if len(qualifiers) == 1 else Any(qualifiers)


def _renewed(query: Query, nodes: list[Node]) -> Query:
    unfinished = query.unfinished and bool(nodes) and isinstance(nodes[-1], Word) and nodes[-1] == query.all.nodes[-1]
    return Query(All(tuple(nodes)), unfinished)
