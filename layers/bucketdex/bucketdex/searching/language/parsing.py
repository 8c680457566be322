"""Reading a query: text in, what it says out, or a mistake that tells where and what to type instead.

`grammar.lark` cuts the text and tells what stands together; what a word or a value means is read here.
"""

import functools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unicodedata import normalize

import msgspec

from bucketdex.searching.language import spelling, together
from bucketdex.searching.language.mistakes import Misread, QuerySyntaxError, shown
from bucketdex.searching.language.qualifiers import NAMES, QUALIFIERS, QualifierKind
from bucketdex.searching.language.syntax import (
    DEEPEST,
    MOST_CHARACTERS,
    MOST_QUALIFIERS,
    MOST_WORDS,
    All,
    Any,
    Node,
    Not,
    Phrase,
    Qualifier,
    Query,
    Value,
    Word,
)
from bucketdex.searching.language.values import read, read_quoted

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

__all__ = ["QuerySyntaxError", "is_query", "parse", "parse_lenient", "split_last"]

GRAMMAR = Path(__file__).parent / "grammar.lark"
# Ideographs, hiragana and emoji are each a word of its own to the index, however many stand together.
ALONE = "\u2300-\u27bf\u2b00-\u2bff\u2e80-\u30a0\u3400-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U0001f000-\U0003ffff"
PARTS = re.compile(rf"[{ALONE}]|(?:(?![{ALONE}])[^\W_])+")
SOMETHING = re.compile(r"[^\W_]|[^\x00-\x7f]")  # a word without any, `&` or `-`, is not one
QUOTES = '"“„'
QUALIFIER = re.compile(
    r"([a-z]+)(?:\.(\"(?:[^\"]|\"\")*\"|[“„][^“”]*[“”]|[^\s:\"()<>=]+))?:(.*)", re.DOTALL | re.IGNORECASE
)
OPERATOR = re.compile(r"(?:>=|<=|>|<|=)?")
WORD_START, WORD_END = re.compile(r"^\S*"), re.compile(r"\S*$")
LEAVES = frozenset({"WORD", "PHRASE", "QUALIFIER"})
CORRECTIONS = 8  # that are made to a query that is still being typed


class Reading(msgspec.Struct):
    """A query that is being read: its text, when, where its last word ended, and its qualifiers."""

    text: str
    now: datetime
    word_ended: int = -1
    words: int = 0
    qualifiers: int = 0
    places: list[together.Place] = []


def parse(text: str, now: datetime | None = None) -> Query:
    """Return what a query says; `now` is what `7d` counts from. Raises `QuerySyntaxError`."""
    if len(text) > MOST_CHARACTERS:
        raise QuerySyntaxError(
            f"a query has at most {MOST_CHARACTERS} characters, this one has {len(text)}",
            column=MOST_CHARACTERS + 1,
            length=len(text) - MOST_CHARACTERS,
        )
    _refuse_half_characters(text)
    reading = Reading(text, now or datetime.now(UTC))
    tree = _tree(text)
    node = _all(reading, _branch(tree))
    nodes = node.nodes if isinstance(node, All) else (node,) if node else ()
    together.refuse(nodes, reading.places)
    last = nodes[-1] if nodes else None
    unfinished = isinstance(last, Word) and not last.prefix and reading.word_ended == len(text)
    return Query(All(nodes), unfinished)


def is_query(text: str) -> bool:
    """Tell whether a text can be read."""
    try:
        parse(text)
    except QuerySyntaxError:
        return False
    return True


def parse_lenient(text: str, now: datetime | None = None) -> Query:
    """Return what a query says that is still being typed: mistakes are corrected, or left out."""
    text = text[:MOST_CHARACTERS]
    for _ in range(CORRECTIONS):
        try:
            return parse(text, now)
        except QuerySyntaxError as error:
            text = error.suggestion or _without_word(text, error.column - 1)
    return Query()


def split_last(text: str) -> tuple[str, str]:
    """Return what stands before the last word, phrase or qualifier, and that one; empty if it is not at the end."""
    last = next(reversed(list(_tokens(text))), None)
    if last is None or _end(last) != len(text) or last.type not in LEAVES:
        return text, ""
    return text[: _start(last)], str(last)


def _without_word(text: str, at: int) -> str:
    return WORD_END.sub("", text[:at]) + WORD_START.sub("", text[at:])


@functools.cache
def parser() -> "Lark":
    """Return the parser, built once for each process."""
    from lark import Lark  # noqa: PLC0415 - takes a tenth of a second, and not every request is a search

    return Lark(GRAMMAR.read_text(), parser="lalr", lexer="basic", maybe_placeholders=False)


def _tokens(text: str) -> Iterator["Token"]:
    return parser().lex(text)


def _tree(text: str) -> "Tree[Token]":
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415

    if text.count("(") > DEEPEST:
        _refuse_depth(text)
    try:
        return parser().parse(text)
    except UnexpectedInput as error:
        pieces = [spelling.Piece(token.type, str(token), _start(token)) for token in _tokens(text)]
        found = getattr(error, "token", None)
        raise spelling.misplaced(
            text, pieces, None if found is None or found.type == "$END" else _start(found)
        ) from None


def _all(reading: Reading, tree: "Tree[Token]") -> Node | None:
    nodes: list[Node] = []
    for child in tree.children:
        node = _any(reading, cast("Tree[Token]", child))
        nodes += node.nodes if isinstance(node, All) else (node,) if node else ()
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes)) if nodes else None


def _any(reading: Reading, tree: "Tree[Token]") -> Node | None:
    nodes: list[Node] = []
    for child in tree.children:
        node = _unit(reading, child)
        nodes += node.nodes if isinstance(node, Any) else (node,) if node else ()
    return nodes[0] if len(nodes) == 1 else Any(tuple(nodes)) if nodes else None


def _unit(reading: Reading, unit: "Tree[Token] | Token") -> Node | None:
    if isinstance(unit, str):  # a token
        return _token(reading, unit)
    if unit.data == "group":
        return _all(reading, _branch(unit))
    node = _unit(reading, unit.children[0])
    return node.node if isinstance(node, Not) else Not(node) if node else None


def _branch(tree: "Tree[Token]") -> "Tree[Token]":
    return cast("Tree[Token]", tree.children[0])


def _token(reading: Reading, token: "Token") -> Node | None:
    if token.type == "PHRASE":
        text = _unquoted(token)
        _count_words(reading, token, text)
        return Phrase(text) if text.strip() else None
    if token.type == "QUALIFIER":
        return _qualifier(reading, token)
    return _word(reading, token)


def _word(reading: Reading, token: "Token") -> Node | None:
    at, text = _start(token), str(token)
    digest = spelling.digest(text)
    if digest:
        _count_qualifier(reading, token)
        return Qualifier("hash", digest, digest)
    if not SOMETHING.search(text):
        spelling.refuse_spaced(reading.text, text, at)
        return None
    spelling.refuse_unknown(reading.text, text, at)
    spelling.refuse_wildcard(reading.text, text, at)
    _count_words(reading, token, text)
    reading.word_ended = _end(token)
    return Word(text.rstrip("*"), prefix=True) if text.endswith("*") else Word(text)


def _qualifier(reading: Reading, token: "Token") -> Qualifier:
    _count_qualifier(reading, token)
    split = QUALIFIER.fullmatch(token)
    if not split:
        raise AssertionError(f"the grammar took {token!r} for a qualifier")
    typed_name, typed_field, typed = split.groups()
    kind = QUALIFIERS[NAMES[typed_name.lower()]]
    field = _unquoted(typed_field) if typed_field else None
    at = _start(token) + len(token) - len(typed)
    operator = OPERATOR.match(typed)
    behind = typed[operator.end() :] if operator else typed
    if not behind or (behind[0] in QUOTES and not _unquoted(behind).strip() and not _is_closed(behind, field)):
        raise spelling.empty(reading.text, kind, _start(token), _end(token))
    spelling.refuse_apart(reading.text, kind, typed, _start(token), _end(token))
    spelling.refuse_list(reading.text, kind, str(token), typed, _start(token))
    try:
        value, normal = _value(reading, kind, typed, field)
    except Misread as error:
        better = error.better and f"{reading.text[:at]}{error.better}{reading.text[_end(token) :]}"
        raise QuerySyntaxError(
            str(error), column=at + 1, length=len(typed), expected=error.expected, suggestion=better
        ) from None
    if kind.fields and field is None:
        _count_words(reading, token, normal)
    read_as = Qualifier(kind.name, value, normal, field)
    reading.places.append(together.Place(read_as, _start(token), _end(token)))
    return read_as


def _is_closed(behind: str, field: str | None) -> bool:
    """Tell whether nothing but space is meant: metadata and tags can have such a value."""
    return field is not None and len(behind) > 1 and behind.endswith('"')


def _value(reading: Reading, kind: QualifierKind, typed: str, field: str | None) -> tuple[Value, str]:
    if typed[0] in QUOTES:
        return read_quoted(kind, _unquoted(typed), reading.now)
    operator = OPERATOR.match(typed)
    if operator and typed[operator.end()] in QUOTES:  # `meta.x:>"2024-01"`
        typed = operator[0] + _unquoted(typed[operator.end() :])
    return read(kind, typed, reading.now, field)


def _unquoted(text: str) -> str:
    """Return what stands in quotes, or the text itself; only a closing quote that is there is taken off."""
    if text[0] not in QUOTES:
        return text
    if text[0] != '"':
        return text[1:].rstrip("“”")
    inner = text[1:]
    closed = (len(inner) - len(inner.rstrip('"'))) % 2
    return (inner[:-1] if closed else inner).replace('""', '"')


def _count_words(reading: Reading, token: "Token", text: str) -> None:
    parts = len(PARTS.findall(normalize("NFC", text)))
    reading.words += parts
    if reading.words <= MOST_WORDS:
        return
    alone = len(reading.text.strip()) == len(token) and '"' not in text and "*" not in text
    raise QuerySyntaxError(
        f"a query has at most {MOST_WORDS} words, and each part of a name is one (`a-b` has two), as is each ideograph"
        + ("; a whole key is found by key:" if alone else ""),
        column=_start(token) + 1,
        length=len(token),
        suggestion=f'key:"{text}"' if alone and token.type == "WORD" else None,
    )


def _count_qualifier(reading: Reading, token: "Token") -> None:
    reading.qualifiers += 1
    if reading.qualifiers > MOST_QUALIFIERS:
        raise QuerySyntaxError(
            f"a query has at most {MOST_QUALIFIERS} qualifiers, {shown(token)} is one more",
            column=_start(token) + 1,
            length=len(token),
        )


def _refuse_depth(text: str) -> None:
    depth = 0
    for token in _tokens(text):
        depth += {"_OPEN": 1, "_CLOSE": -1}.get(token.type, 0)
        if depth > DEEPEST:
            raise QuerySyntaxError(f"parentheses are at most {DEEPEST} deep", column=_start(token) + 1)


def _refuse_half_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QuerySyntaxError("this is half of a character", column=error.start + 1) from None


def _start(token: "Token") -> int:
    return token.start_pos or 0


def _end(token: "Token") -> int:
    return _start(token) + len(token)
