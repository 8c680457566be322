"""JSON as a tree, bounded in depth and nodes; of a file that is cut or broken, as far as it can be read."""

import json
import re
from typing import Any

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.kinds import Node, Tree

TOKEN = re.compile(
    r'[ \t\n\r]*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[-+.\w]+)|(?P<sign>[{}\[\]:,]))', re.ASCII | re.DOTALL
)


class Number(str):
    """A number as it is written: 1.10 is not made 1.1."""

    __slots__ = ()


class Open(list[Any]):
    """An array, or the pairs of an object, whose end was not read."""

    is_object = False


def json_preview(text: str, *, cut: bool) -> Tree | None:
    """Return the tree of a JSON document, or None where not even its beginning is JSON. `cut`: the text is a head."""
    notes: tuple[str, ...] = ()
    if cut:
        value = read_prefix(text[: bounds.JSON_HEAD_CHARACTERS])
        notes = ("Only the beginning is shown: the file is longer.",)
    else:
        try:
            value = read_whole(text)
        except (ValueError, RecursionError) as error:
            value = read_prefix(text[: bounds.JSON_HEAD_CHARACTERS])
            where = f" ({error})" if isinstance(error, json.JSONDecodeError) else ""
            notes = (f"This is not valid JSON{where}, or too deeply nested: as much is shown as could be read.",)
    if value is None and notes:
        return None
    making = Making()
    root = making.node(None, value, 0)
    return Tree(roots=(root,), notes=(*notes, *making.notes))


def json_lines_preview(text: str, *, cut: bool) -> Tree | None:
    """Return the trees of the lines of a JSON lines file, or None where the first line is no JSON."""
    lines = [line for line in text.split("\n") if line.strip()]
    if cut and len(lines) > 1:
        lines.pop()
    making = Making()
    roots: list[Node] = []
    broken = 0
    for line in lines[: bounds.JSON_LINES]:
        if making.spent:
            break
        try:
            value = read_whole(line)
        except (ValueError, RecursionError):
            broken += 1
            if not roots:
                return None
            value = read_prefix(line[: bounds.JSON_HEAD_CHARACTERS])
        roots.append(making.node(str(len(roots) + 1), value, 1))
    if not roots:
        return None
    notes = [f"{broken} of these lines are not valid JSON."] if broken else []
    if cut or len(roots) < len(lines):
        of = "" if cut else f" of {len(lines):,}"
        notes.insert(0, f"The first {len(roots)}{of} lines are shown.")
    return Tree(roots=tuple(roots), lines=True, notes=(*notes, *making.notes))


def read_whole(text: str) -> Any:
    """Return the value of a JSON text; raises ValueError, and RecursionError where it is nested too deeply."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def read_prefix(text: str) -> Any:  # noqa: C901, PLR0912, a loop over tokens reads best in one piece
    """Return what the beginning of a JSON text holds, None where it is no JSON. What is not closed is an `Open`."""
    stack: list[Open] = []
    root: Any = None
    key: str | None = None
    at = 0
    for _ in range(50_000):
        token = TOKEN.match(text, at)
        if token is None:
            break
        at = token.end()
        sign = token["sign"]
        if sign in (",", ":"):
            continue
        if sign in ("}", "]"):
            if not stack:
                break
            closed = stack.pop()
            value: Any = dict(closed) if closed.is_object else list(closed)
            if not stack:
                root = value
                break
            _close(stack[-1], value)
            key = None
            continue
        if sign:
            value = Open()
            value.is_object = sign == "{"
        else:
            value = _scalar(token)
        if stack and stack[-1].is_object and key is None:
            if not isinstance(value, str) or isinstance(value, Number):
                break  # no key: from here on it is not JSON
            key = value
            continue
        if stack:
            stack[-1].append((key, value) if stack[-1].is_object else value)
            key = None
        else:
            root = value
        if isinstance(value, Open):
            stack.append(value)
        elif not stack:
            break
    return root


def _close(parent: Open, value: Any) -> None:
    """Put the closed value in the place of its open form."""
    parent[-1] = (parent[-1][0], value) if parent.is_object else value


def _scalar(token: re.Match[str]) -> Any:
    if word := token["word"]:
        return {"true": True, "false": False, "null": None}.get(word, Number(word))
    try:
        return json.loads(token["string"], strict=False)
    except ValueError:
        return token["string"][1:-1]


class Making:
    """Makes nodes of values while there are some left."""

    def __init__(self) -> None:
        self.left = bounds.NODES
        self.characters = bounds.TREE_CHARACTERS
        self.cut = False

    @property
    def spent(self) -> bool:
        """Whether none are left."""
        return self.left <= 0 or self.characters <= 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of what was left out."""
        return ("Of large or deep values only a part is shown.",) if self.cut else ()

    def node(self, key: str | None, value: Any, depth: int) -> Node:
        """Return the node of a value."""
        self.left -= 1
        key = None if key is None else self._text(key)
        if isinstance(value, Number):
            return Node("number", key, self._text(str(value)))
        if isinstance(value, str):
            return Node("string", key, self._text(value))
        if isinstance(value, dict) or (isinstance(value, Open) and value.is_object):
            pairs = list(value.items()) if isinstance(value, dict) else list(value)
            count = -1 if isinstance(value, Open) else len(pairs)
            return Node("object", key, "", count, self._children(pairs, depth))
        if isinstance(value, list):
            count = -1 if isinstance(value, Open) else len(value)
            shown = [(str(at), each) for at, each in enumerate(value[: bounds.CHILDREN + 1])]
            return Node("array", key, "", count, self._children(shown, depth))
        return Node("literal", key, "null" if value is None else str(value).lower())

    def _children(self, pairs: list[tuple[str, Any]], depth: int) -> tuple[Node, ...]:
        made: list[Node] = []
        for key, value in pairs[: bounds.CHILDREN]:
            if self.spent or depth >= bounds.DEPTH:
                break
            made.append(self.node(key, value, depth + 1))
        self.cut = self.cut or len(made) < len(pairs)
        return tuple(made)

    def _text(self, text: str) -> str:
        shown = text if len(text) <= bounds.STRING_CHARACTERS else text[: bounds.STRING_CHARACTERS] + "…"
        self.characters -= len(shown)
        return shown
