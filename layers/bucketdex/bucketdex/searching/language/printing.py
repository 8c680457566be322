"""A query as text again: what facets and links are made with."""

import re

from bucketdex.searching.language.mistakes import Misread, in_quotes
from bucketdex.searching.language.qualifiers import QUALIFIERS
from bucketdex.searching.language.spelling import APART, COMMA, NO_COMMAS
from bucketdex.searching.language.syntax import (
    DEEPEST,
    MOST_CHARACTERS,
    All,
    Any,
    Node,
    Not,
    Phrase,
    Qualifier,
    Query,
    Word,
)
from bucketdex.searching.language.values import read

PLAIN_FIELD = re.compile(r"[^\s:\"“”„()<>=]+")
# As the grammar's BARE, without what would be read otherwise behind a colon or before a parenthesis.
PLAIN_VALUE = re.compile(r"[^\s()\"“„<>=](?:[^\s()]|\((?:[^\s()]|\([^\s()]*+\))*+\))*+")


def written(query: Query) -> str:
    """Return the text that is read as this query.

    Alternatives stand in parentheses, which they need not, unless that would make it too long or too deep to be read.
    """
    text = _text(query, bare=False)
    return _text(query, bare=True) if len(text) > MOST_CHARACTERS or _depth(query.all) > DEEPEST + 1 else text


def _text(query: Query, *, bare: bool) -> str:
    nodes = query.all.nodes
    alone = nodes[0] if len(nodes) == 1 else None
    text = _any(alone, bare=bare) if isinstance(alone, Any) else _side_by_side(nodes, bare=bare)
    last = nodes[-1] if nodes else None
    # A space behind the last word says that it does not go on.
    return f"{text} " if isinstance(last, Word) and not last.prefix and not query.unfinished else text


def _side_by_side(nodes: tuple[Node, ...], *, bare: bool) -> str:
    pieces = [_any(node, bare=bare) if bare and isinstance(node, Any) else _node(node, bare) for node in nodes]
    followed = zip(nodes, pieces, [*pieces[1:], ""], strict=False)
    return " ".join(_apart(node, piece, after) for node, piece, after in followed)


def _apart(node: Node, piece: str, after: str) -> str:
    """Return a size or a date in quotes where a word behind it would be taken for its unit: `size:"10" mb`."""
    while isinstance(node, Not | Any):
        node = node.node if isinstance(node, Not) else node.nodes[-1]
    unit = APART.get(QUALIFIERS[node.name].form) if isinstance(node, Qualifier) else None
    if not isinstance(node, Qualifier) or not unit or not unit.match(f" {after}") or not piece.endswith(node.typed):
        return piece
    return piece.removesuffix(node.typed) + _compared(node.typed)


def _any(node: Any, *, bare: bool) -> str:
    return " OR ".join(_node(each, bare) for each in node.nodes)


def _node(node: Node, bare: bool) -> str:
    match node:
        case Word():
            return f"{node.text}*" if node.prefix else node.text
        case Phrase():
            return in_quotes(node.text)
        case Qualifier():
            return _qualifier(node)
        case Not():
            inner = _node(node.node, bare)
            return f"NOT {inner}" if inner.startswith("-") else f"-{inner}"
        case Any():
            return _grouped(_any(node, bare=bare))
        case All():
            return _grouped(_side_by_side(node.nodes, bare=bare))


def _grouped(text: str) -> str:
    # A word such as `f(x` would take the parenthesis for its own.
    return f"({text} )" if "(" in text.rpartition(" ")[2] else f"({text})"


def _depth(node: Node) -> int:
    match node:
        case All() | Any():
            return 1 + max(map(_depth, node.nodes), default=0)
        case Not():
            return _depth(node.node)
    return 0


def _qualifier(node: Qualifier) -> str:
    field = ""
    if node.field is not None:
        field = "." + (node.field if PLAIN_FIELD.fullmatch(node.field) else in_quotes(node.field))
    return f"{node.name}{field}:{_value(node)}"


def _value(node: Qualifier) -> str:
    if not isinstance(node.value, str):
        return node.typed if PLAIN_VALUE.fullmatch(node.typed.lstrip("<>=")) else _compared(node.typed)
    listed = node.name in NO_COMMAS and COMMA.search(node.typed)  # would be taken for several values
    is_plain = PLAIN_VALUE.fullmatch(node.typed) and not listed and _is_text(node)
    return node.typed if is_plain else in_quotes(node.typed)


def _compared(typed: str) -> str:
    operand = typed.lstrip("<>=")
    return typed[: len(typed) - len(operand)] + in_quotes(operand)


def _is_text(node: Qualifier) -> bool:
    """Tell whether the value is read as a text without quotes: `meta.plate:7` would be a number."""
    try:
        return isinstance(read(QUALIFIERS[node.name], node.typed, field=node.field)[0], str)
    except Misread:
        return False
