"""Jupyter notebooks as they were saved: prose, code and outputs, all bounded; nothing of them is run."""

import binascii
import html as entities
import re
from base64 import b64decode, b64encode
from typing import Any

from markupsafe import Markup

from bucketdex.catalog.markdown import Anchors, Place, rendered, sanitised
from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.colours import coloured, language_called, plain
from bucketdex.catalog.previews.images import media_type_of, too_many_pixels
from bucketdex.catalog.previews.kinds import Cell, Line, Notebook, Output

IMAGES = ("image/png", "image/jpeg")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b.|\ufffd\[[0-9;]*m")
NOT_A_TABLE = re.compile(r"(?i)<(?:script|iframe|object|embed|svg|canvas|video|audio|form)\b")


def notebook_preview(document: Any, *, place: Place) -> Notebook | None:
    """Return the preview of a parsed notebook, or None where it is none."""
    if not isinstance(document, dict) or not isinstance(document.get("cells", document.get("worksheets")), list):
        return None
    cells = _cells(document)
    making = _Making(_language(document), place)
    made = []
    for cell in cells[: bounds.CELLS]:
        if making.left <= 0:
            break
        if isinstance(cell, dict):
            made.append(making.cell(cell))
    notes = []
    if len(made) < len(cells):
        notes.append(f"The first {len(made)} of {len(cells):,} cells are shown.")
    if making.cut:
        notes.append("Long outputs are cut.")
    return Notebook(cells=tuple(made), language=making.language, notes=tuple(notes))


def _cells(document: dict[str, Any]) -> list[Any]:
    if isinstance(document.get("cells"), list):
        return list(document["cells"])
    # The format before version 4 had sheets.
    sheets = [it for it in document["worksheets"] if isinstance(it, dict) and isinstance(it.get("cells"), list)]
    return [cell for sheet in sheets for cell in sheet["cells"]]


def _language(document: dict[str, Any]) -> str:
    metadata = _dictionary(document.get("metadata"))
    told = _dictionary(metadata.get("language_info")).get("name") or _dictionary(metadata.get("kernelspec")).get(
        "language"
    )
    return language_called(told) if isinstance(told, str) else "python"


class _Making:
    def __init__(self, language: str, place: Place) -> None:
        self.language = language
        self.left = bounds.NOTEBOOK_CHARACTERS
        self.cut = False
        self._images = bounds.IMAGES_BYTES
        self._links = place.links
        self._anchors = Anchors(place.document)

    def cell(self, cell: dict[str, Any]) -> Cell:
        source = self._text(cell.get("source", cell.get("input")), bounds.MARKDOWN_CHARACTERS)
        form = cell.get("cell_type")
        if form == "code":
            count = cell.get("execution_count", cell.get("prompt_number"))
            outputs = cell.get("outputs")
            told = outputs if isinstance(outputs, list) else []
            self.cut = self.cut or len(told) > bounds.OUTPUTS
            made = [self._output(it) for it in told[: bounds.OUTPUTS] if isinstance(it, dict)]
            shown = tuple(it for it in made if it is not None)
            return Cell(code=self._lines(source), count=str(count) if isinstance(count, int) else "", outputs=shown)
        if form in ("markdown", "heading"):
            html = rendered(source, self._links, 3, self._anchors)
            return Cell(code=plain(source)) if html is None else Cell(html=html)
        return Cell(code=plain(source))

    def _lines(self, source: str) -> tuple[Line, ...]:
        return coloured(source, self.language) or plain(source)

    def _output(self, output: dict[str, Any]) -> Output | None:
        form = output.get("output_type")
        if form == "stream":
            return Output(text=self._text(output.get("text")), error=output.get("name") == "stderr")
        if form in ("error", "pyerr"):
            trace = output.get("traceback")
            lines = [it for it in trace if isinstance(it, str)] if isinstance(trace, list) else []
            told = "\n".join(lines) or f"{output.get('ename')}: {output.get('evalue')}"
            return Output(text=self._text(told), error=True)
        # Before version 4 the forms of an output stood in it by short names.
        old = {"image/png": output.get("png"), "image/jpeg": output.get("jpeg"), "text/html": output.get("html"),
               "text/plain": output.get("text")}  # fmt: skip
        return self._shown(_dictionary(output.get("data")) or {name: it for name, it in old.items() if it})

    def _shown(self, data: dict[str, Any]) -> Output | None:
        """Return the richest form of an output that is safe and not too large."""
        for media_type in IMAGES:
            if media_type in data:
                return self._image(media_type, data[media_type])
        if "text/html" in data and (html := self._html(data["text/html"])) is not None:
            return Output(html=html)
        if "text/markdown" in data and "text/plain" not in data:
            html = rendered(self._text(data["text/markdown"]), self._links, 4, self._anchors)
            return None if html is None else Output(html=html)
        for media_type in ("text/plain", "text/latex", "application/json"):
            if media_type in data:
                return Output(text=self._text(data[media_type]))
        names = ", ".join(sorted(str(it)[:100] for it in list(data)[:5]))
        return Output(text=f"[output of the type {names}]") if names else None

    def _html(self, value: Any) -> Markup | None:
        html = _joined(value)
        # What draws by script has nothing left once it is sanitised: then the text says more.
        if len(html) > min(bounds.HTML_CHARACTERS, self.left) or NOT_A_TABLE.search(html):
            return None
        self.left -= len(html)
        clean = sanitised(html)
        return clean if entities.unescape(clean.striptags()).strip() else None

    def _image(self, media_type: str, value: Any) -> Output:
        encoded = "".join(_joined(value).split())
        size = len(encoded) * 3 // 4
        if size > min(bounds.IMAGE_BYTES, self._images):
            self.cut = True
            return Output(text=f"[image of {size / 1_000_000:.1f} MB: too large to be shown here]")
        try:
            content = b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if media_type_of(content) != media_type:
            return Output(text="[image that cannot be read]")
        if too_many_pixels(content, media_type):
            return Output(text="[image of too many pixels to be shown here]")
        self._images -= size
        return Output(image=f"data:{media_type};base64,{b64encode(content).decode()}")

    def _text(self, value: Any, most: int = bounds.OUTPUT_CHARACTERS) -> str:
        text = ANSI.sub("", _joined(value))
        most = max(0, min(most, self.left))
        self.cut = self.cut or len(text) > most
        text = text[:most]
        self.left -= len(text)
        return text


def _joined(value: Any) -> str:
    """Return text that is saved as a string or as a list of lines."""
    if isinstance(value, list):
        return "".join(it for it in value if isinstance(it, str))
    return value if isinstance(value, str) else "" if value is None else str(value)[: bounds.OUTPUT_CHARACTERS]


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
