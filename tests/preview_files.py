"""Files for the tests of previews, and a reader of HTML that tells what a browser could run of it."""

import io
import json
import tarfile
import zipfile
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from bucketdex.catalog.previews.kinds import Preview
from bucketdex.catalog.rendering import environment

NASTY = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">a</a>',
    '<a href="jav&#x09;ascript:alert(1)">a</a>',
    '<a href="data:text/html,<script>alert(1)</script>">a</a>',
    '<div style="background:url(javascript:alert(1))" onclick=alert(1)>a</div>',
    '<iframe src="javascript:alert(1)"></iframe>',
    "<style>*{color:red}</style>",
    '<form action="https://evil.example"><button>a</button></form>',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<link rel="stylesheet" href="https://evil.example/a.css">',
    "<object data=javascript:alert(1)></object><embed src=//evil.example>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1) 'x\" onmouseover=alert(1) y')",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:alert(1)) <javascript:alert(1)>",
    "![a](https://evil.example/a.png)",
    '![a" onerror="alert(1)](x.png)',
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "[a]: javascript:alert(1)\n[a]",
    '# a" onmouseover="alert(1)\n[b](#a" onclick="alert(1))',
    '```html" onclick="alert(1)\n<script>alert(1)</script>\n```',
    "<!--><script>alert(1)</script>-->",
    "{{ 7 * 7 }}{% include 'x' %}",
    "\u202etxt.exe<b>",
    "</pre></td></table></details><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3C;img src=x onerror=alert(1)&#x3E;",
)
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small",
    "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
ATTRIBUTES = {
    "class", "tabindex", "role", "aria-label", "aria-hidden", "open", "scope", "href", "src", "alt", "title", "width",
    "height", "rel", "start", "colspan", "rowspan", "id",
}  # fmt: skip
ROLES = {"group"}


class Reader(HTMLParser):
    """Collects all that is not plainly harmless."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            told = "".join((value or "").split()).lower()
            if name not in ATTRIBUTES:
                self.faults.append(f"<{tag} {name}={value}>")
            if name == "src" and not told.startswith(("/", "data:image/png;base64,", "data:image/jpeg;base64,")):
                self.faults.append(f"<{tag} src={value}>")
            if name == "src" and told.startswith("//"):
                self.faults.append(f"<{tag} src={value}>")
            if name == "href" and not told.startswith(("/", "#", "https://", "http://", "mailto:")):
                self.faults.append(f"<{tag} href={value}>")
            if name == "id" and not told.startswith("doc-"):
                self.faults.append(f"<{tag} id={value}>")
            if name == "role" and told not in ROLES:
                self.faults.append(f"<{tag} role={value}>")
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.faults.append(f"<![{data}]>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def links(target: str, image: bool) -> str | None:
    """Make the addresses of a catalog, as a page would."""
    from urllib.parse import quote

    return f"/{'raw' if image else 'b'}/{quote(unquote(target).strip('/'))}"


def rendered(preview: Preview, src: str = "/raw/bucket/key") -> str:
    """Return the HTML that the page shows."""
    template = environment().from_string(
        '{% import "previews.html" as previews %}'
        '{{ previews.shown(preview, src=src, download="/download/a", name=name) }}'
    )
    return template.render(preview=preview, src=src, name=NASTY[2])


def read(html: str) -> Reader:
    """Return what a browser would find in HTML."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    reader.faults += [f"<{tag}> is not closed" for tag in reader.open]
    return reader


def checked(preview: Preview) -> str:
    """Return the text of a preview, after a look that its HTML can run nothing."""
    reader = read(rendered(preview))
    assert reader.faults == []
    return "".join(reader.text)


def pdf(text: str = "Penguins", pages: int = 1, size: str = "300 400") -> bytes:
    """Return a minimal PDF with a line of text on its first page."""
    stream = f"BT /F 24 Tf 20 200 Td ({text}) Tj ET 20 100 200 40 re f".encode()
    kids = " ".join(f"{4 + at} 0 R" for at in range(pages))
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size}]/Contents 3 0 R/Resources<</Font<</F{font}>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        *[page.encode()] * pages,
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    xref = b"".join(b"%010d 00000 n \n" % at for at in places)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + xref + trailer


def zipped(names: Iterable[str], content: bytes = b"abc") -> bytes:
    """Return a zip of files with these names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(names: Iterable[str], content: bytes = b"abc") -> bytes:
    """Return a tar of files with these names."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def notebook(*cells: dict[str, Any]) -> bytes:
    """Return a notebook of the version 4."""
    kernel = {"language_info": {"name": "python"}}
    return json.dumps({"cells": list(cells), "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}).encode()


def code(*outputs: dict[str, Any], source: str = "1 + 1") -> dict[str, Any]:
    """Return a cell of code."""
    return {"cell_type": "code", "source": source, "execution_count": 3, "outputs": list(outputs), "metadata": {}}


def shown(**data: Any) -> dict[str, Any]:
    """Return an output of a cell: `shown(text_html="<b>")`."""
    return {"output_type": "display_data", "data": {name.replace("_", "/", 1): it for name, it in data.items()}}


def workbook(**sheets: list[list[Any]]) -> bytes:
    """Return an Excel file."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """Return a Parquet file."""
    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue()
