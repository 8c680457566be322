"""Text: bounded in characters, lines and the length of a line, coloured where it can be."""

from bucketdex.catalog.markdown import Anchors, Place, rendered
from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.colours import coloured, language_of, plain
from bucketdex.catalog.previews.kinds import Document, Line, Text, with_notes


def text_preview(text: str, name: str, *, cut: bool, language: str | None = None) -> Text:
    """Return the preview of text; `cut` where the file goes on after it."""
    text, notes = shortened(text, cut=cut)
    told = language_of(name) if language is None else language
    return Text(lines=lines_of(text, told), language=told, notes=notes)


def markdown_preview(text: str, *, cut: bool, place: Place) -> Document | Text:
    """Return the preview of Markdown; as text where it takes too long to render."""
    cut = cut or len(text) > bounds.MARKDOWN_CHARACTERS
    notes = ("Only the beginning is shown: the file is longer.",) if cut else ()
    html = rendered(text, place.links, anchors=Anchors(place.document))
    if html is None:
        shown = text_preview(text, "", cut=cut)
        return with_notes(
            shown, "It is shown as text: rendering this Markdown takes too long, or makes too much of it."
        )
    return Document(html=html, notes=notes)


def lines_of(text: str, language: str) -> tuple[Line, ...]:
    """Return the lines, coloured where that is possible. The newline at the end of a file begins no line."""
    text = text.removesuffix("\n")
    return coloured(text, language) or plain(text)


def shortened(text: str, *, cut: bool) -> tuple[str, tuple[str, ...]]:
    """Return as much of the text as is shown, and what is to be said of it."""
    notes = []
    if len(text) > bounds.CODE_CHARACTERS:
        text, cut = text[: bounds.CODE_CHARACTERS], True
    lines = text.split("\n", bounds.CODE_LINES)
    if len(lines) > bounds.CODE_LINES:
        cut = bool(lines.pop()) or cut
    if any(len(line) > bounds.LINE_CHARACTERS for line in lines):
        lines = [
            line if len(line) <= bounds.LINE_CHARACTERS else line[: bounds.LINE_CHARACTERS] + " …" for line in lines
        ]
        notes.append(f"Lines are cut after {bounds.LINE_CHARACTERS:,} characters.")
    if cut:
        notes.insert(0, "Only the beginning is shown: the file is longer.")
    return "\n".join(lines), tuple(notes)
