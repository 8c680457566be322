"""`quilt_summarize.json`: what a package, or a folder, wants to be seen of it, in rows.

The file is a list of names, of objects that say more of a name, and of lists of those, which stand beside each other.
It is written by hand, so whatever is wrong in it is told, and the rest is shown.
"""

import json
import re
from typing import Any

import msgspec

from bucketdex.catalog.previews.decoding import whole_characters

MOST_ITEMS = 20
MOST_CHARACTERS = 5_000  # of a description
TWELFTHS = 12
PERCENT = re.compile(r"(?:calc\()?\s*(\d{1,3}(?:\.\d+)?)\s*%")


class Item(msgspec.Struct, frozen=True):
    """A file to show. `width` is in twelfths of its row; `types` are renderers that its author asks for."""

    path: str
    title: str = ""
    description: str = ""  # Markdown
    width: int = TWELFTHS
    types: tuple[str, ...] = ()
    expand: bool = False


class Summary(msgspec.Struct, frozen=True):
    """The rows of a summary, and what is wrong in it."""

    rows: tuple[tuple[Item, ...], ...] = ()
    problems: tuple[str, ...] = ()


def summarized(text: str) -> Summary:
    """Return what a summary names."""
    try:
        told = json.loads(whole_characters(text))
    except (ValueError, RecursionError) as error:
        where = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        return Summary(problems=(f"quilt_summarize.json is not valid JSON{where}.",))
    if not isinstance(told, list):
        return Summary(problems=("quilt_summarize.json is not a list of files.",))
    rows: list[tuple[Item, ...]] = []
    problems: list[str] = []
    left = MOST_ITEMS
    for at, entry in enumerate(told, 1):
        if left <= 0:
            problems.append(f"Only the first {MOST_ITEMS} files are shown.")
            break
        within = entry if isinstance(entry, list) else [entry]
        row = [item for item in (_item(it, at, problems) for it in within[:left]) if item]
        if len(within) > left:
            problems.append(f"Row {at} is cut: it names {len(within)} files.")
        left -= len(row)
        if row:
            rows.append(_with_widths(row))
    return Summary(tuple(rows), tuple(problems[:MOST_ITEMS]))


def _item(told: Any, row: int, problems: list[str]) -> Item | None:
    if isinstance(told, str):
        told = {"path": told}
    if not isinstance(told, dict) or not isinstance(told.get("path"), str) or not told["path"].strip("/"):
        problems.append(f"Row {row} names no file: it has to be a name, or an object with a path.")
        return None
    path = told["path"].removeprefix("./")
    if ".." in path.split("/") or path.startswith("/"):
        problems.append(f"Row {row} names {path[:100]}, which is outside of the package.")
        return None
    kinds = told.get("types")
    types = [_type(it) for it in kinds] if isinstance(kinds, list) else []
    return Item(
        path=path,
        title=_text(told.get("title"), 200),
        description=_text(told.get("description"), MOST_CHARACTERS),
        width=_width(told.get("width")),
        types=tuple(it for it in types if it)[:5],
        expand=told.get("expand") is True,
    )


def _type(told: Any) -> str:
    """Return the name of a renderer, which stands alone or in an object with its options."""
    name = told.get("name") if isinstance(told, dict) else told
    return name[:50] if isinstance(name, str) else ""


def _text(told: Any, most: int) -> str:
    return told[:most] if isinstance(told, str) else ""


def _width(told: Any) -> int:
    """Return a width as twelfths, 0 where none is told, or one that only a browser knows (`200px`)."""
    percent = PERCENT.match(told) if isinstance(told, str) else None
    return min(TWELFTHS, max(1, round(float(percent[1]) * TWELFTHS / 100))) if percent else 0


def _with_widths(row: list[Item]) -> tuple[Item, ...]:
    """Return the items of a row with those that tell no width sharing what is left."""
    open_ended = sum(1 for it in row if not it.width)
    left = max(0, TWELFTHS - sum(it.width for it in row))
    share = max(2, left // open_ended) if open_ended else 0
    return tuple(it if it.width else msgspec.structs.replace(it, width=min(TWELFTHS, share)) for it in row)
