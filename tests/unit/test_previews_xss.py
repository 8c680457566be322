"""Nothing of a file becomes markup that runs, loads or restyles, whatever kind of file it is in."""

import gzip
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import preview_files as files
from bucketdex.catalog.previews import BytesSource, preview
from bucketdex.catalog.previews.kinds import Preview
from bucketdex.catalog.previews.sources import Metered

TEXTS = st.one_of(
    st.sampled_from(files.NASTY),
    st.lists(
        st.sampled_from([*files.NASTY, "<", ">", '"', "'", "&", "`", "\n", "|", "[", "](", ")", "a"]), max_size=6
    ).map("".join),
    st.text(max_size=40),
)


def told(name: str, content: bytes, content_type: str = "") -> Preview:
    return preview(Metered(BytesSource(content), seconds=120), name, content_type, links=files.links)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def in_csv(text: str) -> Preview:
    return told("a.csv", f"{quoted(text)},b\n{quoted(text)},1\n".encode())


def in_json(text: str) -> Preview:
    return told("a.json", json.dumps({text: [text, {text: text}]}).encode())


def in_broken_json(text: str) -> Preview:
    return told("a.json", json.dumps({text: [text, {text: text}]}).encode()[:-2])


def in_json_lines(text: str) -> Preview:
    return told("a.jsonl", (json.dumps({text: text}) + "\n" + json.dumps(text)).encode())


def in_notebook(text: str) -> Preview:
    outputs = (
        files.shown(text_html=text, text_plain=text),
        files.shown(text_html=f"<table><tr><td>{text}</td></tr></table>"),
        files.shown(text_markdown=text),
        files.shown(image_png=text),
        files.shown(**{"image_svg+xml": text}),
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]},
        {"output_type": "display_data", "data": {text: text}},
    )
    cells = [{"cell_type": "markdown", "source": text}, {"cell_type": "raw", "source": [text]}]
    return told("a.ipynb", files.notebook(files.code(*outputs, source=text), *cells))


def in_archive(text: str) -> Preview:
    return told("a.zip", files.zipped([text.replace("\0", "") or "a"]))


def in_packed_tar(text: str) -> Preview:
    return told("a.tar.gz", gzip.compress(files.tarred([text.replace("\0", "") or "a"])))


def in_bytes(text: str) -> Preview:
    return told("a", b"\0\1\2" + text.encode())


def as_text(name: str) -> Callable[[str], Preview]:
    return lambda text: told(name, text.encode())


WAYS: dict[str, Callable[[str], Preview]] = {
    "cells": in_csv, "json": in_json, "broken json": in_broken_json, "json lines": in_json_lines,
    "notebook": in_notebook, "zip": in_archive, "tar.gz": in_packed_tar, "bytes": in_bytes,
    **{name: as_text(name) for name in
       ("a.md", "a.txt", "a.html", "a.py", "a.js", "a.xml", "a.css", "a.yaml", "a.sql", "a.rmd", "a.svg", "a.tex",
        "a.diff", "Dockerfile", "a.tsv", "a.csv.gz")},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_nasty_content_stays_text(way: str) -> None:
    for text in files.NASTY:
        files.checked(WAYS[way](text))


@pytest.mark.parametrize("way", ["cells", "json", "notebook", "zip", "a.md", "a.html", "a.py"])
@settings(max_examples=60)
@given(text=TEXTS)
def test_any_content_stays_text(way: str, text: str) -> None:
    files.checked(WAYS[way](text))


@pytest.mark.parametrize("extension", ["parquet", "xlsx"])
def test_nasty_cells_of_tables_in_other_formats_stay_text(extension: str) -> None:
    nasty = [text for text in files.NASTY if text.isprintable()]
    if extension == "parquet":
        content = files.parquet({text: [text, None] for text in nasty})
    else:
        content = files.workbook(**{"<b>a": [nasty, nasty], "'onclick=": [[1]]})
    shown = files.checked(told(f"a.{extension}", content))
    assert "<script>alert(1)</script>" in shown


def test_what_is_shown_is_what_was_written() -> None:
    for way in ("cells", "json", "a.html", "a.py", "a.txt", "zip"):
        assert "<script>alert(1)</script>" in files.checked(WAYS[way]("<script>alert(1)</script>"))


def test_html_is_shown_as_its_source_whatever_it_says_it_is() -> None:
    for name, content_type in (
        ("a.html", "text/html"),
        ("a", "text/html"),
        ("a.png", "image/png"),
        ("a.pdf", "application/pdf"),
    ):
        shown = told(name, b"<!doctype html><p>hello<script>alert(1)</script>", content_type)
        assert shown.kind == "text"
        assert "<!doctype html><p>hello<script>" in files.checked(shown)


def test_an_svg_is_only_an_image() -> None:
    shown = told("a.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    assert shown.kind == "image"
    html = files.rendered(shown)
    assert '<img class="picture" src="/raw/bucket/key"' in html and "onload" not in html


def test_no_template_of_previews_says_that_text_is_safe() -> None:
    from bucketdex.catalog.rendering import FOLDER

    written = (FOLDER / "previews.html").read_text()
    assert "safe" not in written.replace("says that text is safe", "") and "autoescape" not in written
    assert " style=" not in written and "<script" not in written


def test_the_checker_sees_what_it_is_for() -> None:
    for text in files.NASTY[:17]:
        assert files.read(text).faults, text
