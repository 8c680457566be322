"""Qualifiers that nothing has together: `column:` is told of objects only, and `package:` of no object."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bucketdex.searching.language.mistakes import QuerySyntaxError, shown
from bucketdex.searching.language.qualifiers import EVERYTHING, QUALIFIERS
from bucketdex.searching.language.syntax import Any, Node, Qualifier

ANYTHING = frozenset(EVERYTHING)
MANY = {"object": "objects", "package": "packages", "entry": "entries"}


class Place(NamedTuple):
    """A qualifier as it was read, and where it stands."""

    qualifier: Qualifier
    start: int
    end: int


class Narrowing(NamedTuple):
    """What a part of a query narrows to: how it is called, the kinds that it leaves, and where it stands."""

    name: str
    kinds: frozenset[str]
    start: int
    end: int


def refuse(nodes: Sequence[Node], places: Sequence[Place]) -> None:
    """Raise where what has to hold of one thing leaves no kind of things. Of what is negated nothing is sure."""
    before: list[Narrowing] = []
    left = ANYTHING
    for it in (narrowing for node in nodes if (narrowing := _narrowing(node, places))):
        left &= it.kinds
        if not left:
            raise _nothing(it, [each for each in before if not each.kinds & it.kinds][:1] or before)
        before.append(it)


def _nothing(it: Narrowing, others: Sequence[Narrowing]) -> QuerySyntaxError:
    said = " and ".join(f"{shown(each.name)} of {_many(each.kinds)}" for each in others)
    together = "all of these" if len(others) > 1 else "both"
    return QuerySyntaxError(
        f"{shown(it.name)} is told of {_many(it.kinds)}, and {said}, so nothing has {together}",
        column=it.start + 1,
        length=it.end - it.start,
    )


def _many(kinds: frozenset[str]) -> str:
    return " and ".join(MANY[kind] for kind in EVERYTHING if kind in kinds)


def _narrowing(node: Node, places: Sequence[Place]) -> Narrowing | None:
    """Return what a node narrows to; None where that is nothing, or not sure."""
    kinds = _kinds(node)
    if kinds == ANYTHING:
        return None
    theirs = [place for leaf in _leaves(node) for place in places if place.qualifier is leaf]
    name = " OR ".join(dict.fromkeys(_called(it.qualifier) for it in theirs))
    return Narrowing(name, kinds, theirs[0].start, theirs[-1].end)


def _kinds(node: Node) -> frozenset[str]:
    match node:
        case Qualifier("type", str(value)):
            return frozenset({value})
        case Qualifier(name):
            return frozenset(QUALIFIERS[name].kinds)
        case Any(nodes):
            return frozenset().union(*map(_kinds, nodes))
    return ANYTHING  # words; and parts of an alternative, of which each may have its own


def _leaves(node: Node) -> Iterator[Node]:
    if isinstance(node, Any):
        for each in node.nodes:
            yield from _leaves(each)
    else:
        yield node


def _called(qualifier: Qualifier) -> str:
    return f"{qualifier.name}:{qualifier.value if qualifier.name == 'type' else ''}"
