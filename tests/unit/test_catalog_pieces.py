"""What a package shows of itself: its README and its summary, all of it, or else why not."""

import io
import json
import struct
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

import preview_files as files
from bucketdex.catalog import summarize
from bucketdex.catalog.beside import beside
from bucketdex.catalog.packages.contents import Read
from bucketdex.catalog.packages.pieces import Making, Pieces
from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.kinds import Nothing
from bucketdex.manifest import Entry
from bucketdex.manifest.layout import s3_uri
from bucketdex.searching.details import PackageDetail
from bucketdex.searching.viewer import Viewer

PACKAGE = PackageDetail(
    registry="lake", registries=("lake",), handle="lab/plates", top_hash="ab" * 32, manifest="m", latest=True
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 40, 30)


class Objects:
    """S3 with some objects, each of which may refuse or take its time; `None` is refused."""

    def __init__(self, stored: dict[str, bytes | None], slow: Callable[[str, int], None] = lambda _key, _at: None):
        self.stored, self.slow = stored, slow

    def get_object(self, *, Bucket: str, Key: str, Range: str, **_: str) -> dict[str, Any]:  # noqa: N803, boto3's names
        content = self.stored[Key]
        if content is None:
            told = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(told, "GetObject")
        first, last = map(int, Range.removeprefix("bytes=").split("-"))
        self.slow(Key, first)
        part = content[first : last + 1]
        spanned = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        return {"Body": io.BytesIO(part), "ContentLength": len(part), "ContentRange": spanned, "ETag": '"e"'}

    def generate_presigned_url(self, _method: str, *, Params: dict[str, str], **_: object) -> str:  # noqa: N803
        return f"https://{Params['Bucket']}.s3.example/{Params['Key']}?signed"


def pieces(s3: Objects, clock: Callable[[], float] = lambda: 0.0, place: str = "lake") -> Pieces:
    entries = {key: Entry(key, [s3_uri(place, key)], len(it or b"")) for key, it in s3.stored.items()}
    edges: Any = SimpleNamespace(s3=s3, viewer=Viewer(frozenset({"lake"})))
    with beside() as requests:
        return Making(edges, PACKAGE, Read(entries, ""), requests).pieces(clock)


def summary(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def test_every_file_of_a_summary_is_shown_up_to_the_number_that_its_note_tells() -> None:
    names = [f"{at}.txt" for at in range(summarize.MOST_ITEMS + 5)]
    made = pieces(Objects({it: it.encode() for it in names} | {"quilt_summarize.json": summary(*names)}))
    assert [it.item.path for row in made.rows for it in row] == names[: summarize.MOST_ITEMS]
    assert [it.text for it in made.problems] == [f"Only the first {summarize.MOST_ITEMS} files are shown."]


def test_links_and_images_are_found_from_where_the_document_is() -> None:
    text = "[data](../a.csv) [all](./) [none](x.csv) ![](plot.png) ![](none.png) [s3](s3://lake/k) [not](s3://else/k)"
    cell = {"cell_type": "markdown", "source": text}
    stored = {"docs/report.md": text.encode(), "docs/report.ipynb": files.notebook(cell), "a.csv": b"a\n1\n"}
    stored |= {"docs/plot.png": PNG, "quilt_summarize.json": summary("docs/report.md", "docs/report.ipynb")}
    made = pieces(Objects(stored))
    [[markdown], [notebook]] = made.rows
    for html in (markdown.preview.html, notebook.preview.cells[0].html):
        assert 'src="/raw/lake/docs/plot.png"' in html and "[image: none.png]" in html
        assert 'href="/b/lake/object/a.csv"' in html and "/tree/docs/" in html and 'href="/b/lake/object/k"' in html
        assert "x.csv" not in html and "else" not in html
    assert made.origins == ("https://lake.s3.example",), "for images that the catalog does not serve itself"


def test_images_of_any_size_are_shown_and_others_need_no_origin_of_s3() -> None:
    small = {"a.png": PNG, "README.md": b"# No image", "quilt_summarize.json": summary("a.png")}
    assert pieces(Objects(small)).origins == ()
    large = pieces(Objects(small | {"a.png": PNG + bytes(bounds.SERVED_BYTES)}))
    assert large.origins == ("https://lake.s3.example",)
    assert large.rows[0][0].image == "/raw/lake/a.png"


@pytest.mark.parametrize("name", ["README.md", "quilt_summarize.json"])
@pytest.mark.parametrize(
    ("content", "said"),
    [(b" " * 300_000, "it is larger than 256 KiB"), (None, "S3 refuses"), (b"\0" * 9, "it is no text")],
)
def test_what_cannot_be_shown_is_told_with_the_way_to_it(name: str, content: bytes | None, said: str) -> None:
    [problem] = pieces(Objects({name: content})).problems
    assert problem.text.startswith(f"{name} is not shown: ") and said in problem.text
    assert problem.href == f"/b/lake/object/{name}"


def test_what_is_elsewhere_or_cut_is_told() -> None:
    [problem] = pieces(Objects({"README.md": b"# Hello"}), place="secret").problems
    assert "in no bucket that this catalog shows" in problem.text and not problem.href
    [problem] = pieces(Objects({"README.md": b"a\n" * 60_000})).problems
    assert problem.text == "Only the beginning of README.md is shown: the file is longer."
    assert pieces(Objects({"README.md": b""})).problems == pieces(Objects({})).problems == ()


def test_headings_of_a_page_have_ids_of_their_own_and_links_within_a_document_find_them() -> None:
    text = "# Results\n\n[up](#results)"
    stored: dict[str, bytes | None] = {"README.md": text.encode(), "a.md": text.encode()}
    cells = [{"cell_type": "markdown", "source": it} for it in (text, "# Results", "[down](#results-1)")]
    stored["b.ipynb"] = files.notebook(*cells)
    stored["quilt_summarize.json"] = summary({"path": "a.md", "description": text}, "b.ipynb")
    made = pieces(Objects(stored))
    [[a], [b]] = made.rows
    parts = [str(made.readme), a.preview.html, a.description, "".join(it.html for it in b.preview.cells)]
    ids = [[it.split('"')[0] for it in part.split(' id="')[1:]] for part in parts]
    assert ids[0] == ["doc-results"] and len({it for some in ids for it in some}) == sum(map(len, ids)) == 5
    for part, some in zip(parts, ids, strict=True):
        assert [it.split('"')[0] for it in part.split('href="#')[1:]] == some


def test_a_preview_has_its_time_from_when_it_is_made() -> None:
    """Files are opened together, and shown one after the other."""
    now, opened = [0.0], threading.Semaphore(0)

    def slow(key: str, first: int) -> None:
        if first == 0 and key.endswith(".txt"):
            opened.release()
        elif first and key == "a.txt":
            opened.acquire(timeout=20), opened.acquire(timeout=20)
            now[0] = 5.0
        elif first:
            now[0] = 7.0

    stored = {"a.txt": b"abc\n" * 30_000, "b.txt": b"abc\n" * 30_000}
    made = pieces(Objects(stored | {"quilt_summarize.json": summary(*stored)}, slow), lambda: now[0])
    assert [it.preview.kind for row in made.rows for it in row] == ["text", "text"]


def test_all_previews_have_eight_seconds_together_with_opening_their_files() -> None:
    now = [0.0]

    def slow(key: str, first: int) -> None:
        now[0] = 9.0 if first else 5.0 if key == "a.txt" else now[0]

    stored = {"a.txt": b"abc\n" * 30_000, "quilt_summarize.json": summary("a.txt")}
    [[shown]] = pieces(Objects(stored, slow), lambda: now[0]).rows
    assert isinstance(shown.preview, Nothing) and "S3 was too slow" in shown.preview.reason


def test_half_of_a_character_is_shown_as_unknown() -> None:
    half = r'"x \ud800 \\ud800 \ud83d\ude00"'
    stored: dict[str, bytes | None] = {
        "x.json": f'{{"a": {half}}}'.encode(),
        "broken.json": f'{{"a": {half}, '.encode(),
    }
    cell = f'{{"cell_type": "markdown", "source": {half}}}'
    stored["n.ipynb"] = f'{{"cells": [{cell}], "nbformat": 4}}'.encode()
    rows = f'[{{"path": "x.json", "description": {half}, "title": {half}}}, "broken.json", "n.ipynb"]'
    stored["quilt_summarize.json"] = rows.encode()
    [[x], [broken], [notebook]] = pieces(Objects(stored)).rows
    told = "x \ufffd \\ud800 \U0001f600"
    assert (x.title, str(x.description)) == (told, f"<p>{told}</p>\n")
    assert x.preview.roots[0].children[0].text == broken.preview.roots[0].children[0].text == told
    assert notebook.preview.cells[0].html == f"<p>{told}</p>\n"
