"""What a preview is: small types that the templates render, one for each kind.

A `str` in them is text from somebody's file and is escaped by the template; the few `Markup` are HTML that was
sanitised. Nothing else of a file becomes markup.
"""

from typing import ClassVar, Literal

import msgspec
from markupsafe import Markup


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    # Plain sentences for people: what was cut, and what is wrong with the file.
    notes: tuple[str, ...] = ()


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a line of text, and the CSS class of its colour ("" for none)."""

    css: str
    text: str


type Line = tuple[Span, ...]


class Text(_Shown, frozen=True, tag="text"):
    """Text, coloured where its language is known."""

    kind: ClassVar[str] = "text"
    lines: tuple[Line, ...]
    language: str = ""


class Document(_Shown, frozen=True, tag="markdown"):
    """Rendered Markdown."""

    kind: ClassVar[str] = "markdown"
    html: Markup


class Column(msgspec.Struct, frozen=True):
    """A column of a table; `type` is told by the format, "" where it has none."""

    name: str
    type: str = ""
    number: bool = False


class Table(msgspec.Struct, frozen=True):
    """The head of a table. The totals are None where only the whole file would tell."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    name: str = ""
    total_rows: int | None = None
    total_columns: int | None = None


class Tables(_Shown, frozen=True, tag="table"):
    """A table, or the sheets of a workbook."""

    kind: ClassVar[str] = "table"
    tables: tuple[Table, ...]


class Node(msgspec.Struct, frozen=True):
    """A value of JSON; of `count` values in it `children` are shown. `count` is -1 where the end was not read."""

    form: Literal["object", "array", "string", "number", "literal"]
    key: str | None = None
    text: str = ""
    count: int = 0
    children: "tuple[Node, ...]" = ()


class Tree(_Shown, frozen=True, tag="json"):
    """A JSON document, or the lines of a JSON lines file (`lines`)."""

    kind: ClassVar[str] = "json"
    roots: tuple[Node, ...]
    lines: bool = False


class Output(msgspec.Struct, frozen=True):
    """What a cell of a notebook put out: `text`, or `html`, or an image as a `data:` address (`image`)."""

    text: str = ""
    error: bool = False
    html: Markup | None = None
    image: str = ""


class Cell(msgspec.Struct, frozen=True):
    """A cell of a notebook: prose, or code with its outputs."""

    html: Markup | None = None
    code: tuple[Line, ...] = ()
    count: str = ""  # the number of its execution
    outputs: tuple[Output, ...] = ()


class Notebook(_Shown, frozen=True, tag="notebook"):
    """A Jupyter notebook as it was saved; nothing of it is run."""

    kind: ClassVar[str] = "notebook"
    cells: tuple[Cell, ...]
    language: str = ""


class Image(_Shown, frozen=True, tag="image"):
    """An image that browsers show; `small` ones are served by the catalog itself, others by S3."""

    kind: ClassVar[str] = "image"
    media_type: str
    size: int
    small: bool
    width: int | None = None
    height: int | None = None


class Page(_Shown, frozen=True, tag="pdf"):
    """The first of a PDF's `pages`, as a PNG in a `data:` address."""

    kind: ClassVar[str] = "pdf"
    image: str
    width: int
    height: int
    pages: int


class Member(msgspec.Struct, frozen=True):
    """A file in an archive."""

    name: str
    size: int
    modified: str = ""


class Listing(_Shown, frozen=True, tag="archive"):
    """The members of an archive; `total` is None where only the whole file would tell."""

    kind: ClassVar[str] = "archive"
    format: str
    members: tuple[Member, ...]
    total: int | None = None


class HexLine(msgspec.Struct, frozen=True, array_like=True):
    """Sixteen bytes: where, as hexadecimals, as characters."""

    offset: str
    codes: str
    text: str


class Nothing(_Shown, frozen=True, tag="none"):
    """There is no preview, and why; of bytes that are no text the first are shown."""

    kind: ClassVar[str] = "none"
    reason: str
    dump: tuple[HexLine, ...] = ()


type Preview = Text | Document | Tables | Tree | Notebook | Image | Page | Listing | Nothing


def with_notes[P: _Shown](preview: P, *notes: str) -> P:
    """Return the preview with more notes before its own."""
    return msgspec.structs.replace(preview, notes=(*notes, *preview.notes)) if notes else preview
