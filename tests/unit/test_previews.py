"""Previews of each kind of file."""

import base64
import gzip
import importlib.util
import io
import json
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preview_files as files
from bucketdex.catalog.previews import BytesSource, bounds, preview
from bucketdex.catalog.previews.kinds import Node, Preview
from bucketdex.catalog.previews.sources import Metered
from bucketdex.catalog.previews.tables import delimiter_of
from bucketdex.catalog.previews.trees import read_prefix

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MOST_HTML = 900_000  # of the load balancer's 1 MB; most of it is packed well


def told(name: str, content: bytes, content_type: str = "") -> Preview:
    made = preview(Metered(BytesSource(content), seconds=120), name, content_type, links=files.links)
    assert len(files.rendered(made).encode()) < MOST_HTML
    return made


def installed(package: str, path: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / path


def test_a_table_of_penguins() -> None:
    made = told("penguins.csv", installed("palmerpenguins", "data/penguins.csv").read_bytes())
    (table,) = made.tables
    assert [column.name for column in table.columns][:3] == ["species", "island", "bill_length_mm"]
    assert [column.number for column in table.columns][:3] == [False, False, True]
    assert (len(table.rows), table.total_rows) == (bounds.ROWS, 344)
    assert made.notes == ("The first 200 of 344 rows are shown.",)


def test_every_sample_of_real_data_has_the_preview_of_its_kind() -> None:
    kinds = {".csv": "table", ".json": "json", ".ipynb": "notebook"}
    found = [
        *installed("vega_datasets", "_data").iterdir(),
        *installed("nbgrader", "tests/preprocessors/files").glob("*.ipynb"),
    ]
    assert len(found) > 30
    for path in found:
        if path.suffix in kinds:
            made = told(path.name, path.read_bytes())
            assert made.kind == kinds[path.suffix], path
            files.checked(made)


@pytest.mark.parametrize(
    ("text", "name", "delimiter"),
    [
        ("a,b\n1,2\n", "a.csv", ","),
        ("a;b\n1,5;2,5\n1,7;3\n", "a.csv", ";"),
        ("a\tb\n1\t2\n", "a.csv", "\t"),
        ("a|b|c\n1|2|3\n", "a.csv", "|"),
        ("a b, c\td\n", "a.tsv", "\t"),
        ('"a,b";c\n"d,e";f\n', "a.csv", ";"),
        ("one\ntwo\n", "a.csv", ","),
    ],
)
def test_the_delimiter_is_told_by_the_lines(text: str, name: str, delimiter: str) -> None:
    assert delimiter_of(text, name) == delimiter


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("a,b\n1\n1,2\n1,2,3\n", ("a", "b", ""), (("1", "", ""), ("1", "2", ""), ("1", "2", "3"))),
        ("# made by X\na,b\n1,2\n", ("# made by X", ""), (("a", "b"), ("1", "2"))),
        ("a,b\nr1,1,2\nr2,3,4\n", ("", "a", "b"), (("r1", "1", "2"), ("r2", "3", "4"))),  # as R writes it
        ("a,b\n1,2,\n3,4,\n", ("a", "b"), (("1", "2"), ("3", "4"))),
        ('a,b\n1,"first line\r\n\r\nsecond"\n', ("a", "b"), (("1", "first line\n\nsecond"),)),
    ],
)
def test_all_cells_of_all_rows_are_shown_as_they_were_written(text: str, header: object, rows: object) -> None:
    (table,) = told("a.csv", text.encode()).tables
    assert (tuple(it.name for it in table.columns), table.rows) == (header, rows)
    assert (table.total_columns, table.total_rows) == (len(table.columns), len(table.rows))


def test_json_keeps_numbers_as_they_are_written_and_tells_how_much_there_is() -> None:
    (root,) = told(
        "a.json", b'{"a": 1.10, "n": NaN, "l": [1, 2], "t": true, "z": null, "big": 123456789012345678901}'
    ).roots
    assert [(it.key, it.form, it.text or it.count) for it in root.children] == [
        ("a", "number", "1.10"), ("n", "number", "NaN"), ("l", "array", 2), ("t", "literal", "true"),
        ("z", "literal", "null"), ("big", "number", "123456789012345678901"),
    ]  # fmt: skip


def test_json_that_is_cut_is_shown_as_far_as_it_goes() -> None:
    made = told("a.json", b'{"a": [1, 2, {"b": "c"}, ')
    (root,) = made.roots
    assert (root.form, root.count) == ("object", -1)
    assert root.children[0].children[2].children[0] == Node("string", "b", "c")
    assert "not valid JSON" in made.notes[0]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda it: st.lists(it) | st.dictionaries(st.text(), it)
    )
)
def test_what_reads_a_head_of_json_reads_all_of_it_alike(value: object) -> None:
    assert json.loads(json.dumps(read_prefix(json.dumps(value)), default=str)) == _as_text(value)


def _as_text(value: object) -> object:
    """Numbers are kept as text."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    return [_as_text(it) for it in value] if isinstance(value, list) else {k: _as_text(it) for k, it in value.items()}


@given(st.text(alphabet='{}[]",:0a\\ \n', max_size=60))
def test_any_text_that_claims_to_be_json_has_a_preview(text: str) -> None:
    for name in ("a.json", "a.jsonl", "a.ipynb"):
        files.checked(told(name, text.encode()))


def test_json_lines_are_numbered_trees() -> None:
    made = told("a.jsonl", b'{"a": 1}\n\nnonsense\n[2]\n')
    assert made.lines and [it.key for it in made.roots] == ["1", "2", "3"]
    assert made.notes == ("1 of these lines are not valid JSON.",)


def test_a_notebook_with_all_its_outputs() -> None:
    encoded = base64.b64encode(PNG).decode()
    cell = files.code(
        {"output_type": "stream", "name": "stderr", "text": ["\x1b[31mred", "\x1b[0m"]},
        files.shown(image_png=[encoded[:20] + "\n", encoded[20:]], text_plain="<Figure>"),
        files.shown(text_html="<table><tr><th>a</th></tr></table>", text_plain="a"),
        files.shown(text_html="<script>draw()</script><div id=plot></div>", text_plain="a plot"),
        files.shown(**{"application/vnd.x": "?"}),
        source=["import os\n", "x = 1"],
    )
    made = told("a.ipynb", files.notebook({"cell_type": "markdown", "source": "# Hello"}, cell))
    prose, code = made.cells
    assert 'id="doc-hello"' in str(prose.html)
    assert code.count == "3" and code.code[0][0].css == "kn"
    red, image, table, plot, unknown = code.outputs
    assert (red.text, red.error) == ("red", True)
    assert image.image == f"data:image/png;base64,{encoded}"
    assert "<th>a</th>" in str(table.html)
    assert plot.text == "a plot"
    assert "vnd.x" in unknown.text
    files.checked(made)


def test_a_notebook_of_an_old_version() -> None:
    sheet = {"cells": [{"cell_type": "code", "input": "1", "outputs": [{"output_type": "pyout", "text": ["2"]}]}]}
    made = told("a.ipynb", json.dumps({"worksheets": [sheet], "nbformat": 3}).encode())
    assert made.cells[0].outputs[0].text == "2"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(10) + b"\xff\xc0\0\x11\x08\0\x20\0\x30", "image/jpeg"),
        (b"GIF89a\x30\0\x20\0", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="http://www.w3.org/2000/svg">', "image/svg+xml"),
    ],
)
def test_images_are_told_by_their_first_bytes(head: bytes, media_type: str) -> None:
    made = told("a.txt", head, "text/plain")
    assert (made.kind, made.media_type, made.small) == ("image", media_type, True)
    if media_type in ("image/jpeg", "image/gif"):
        assert (made.width, made.height) == (48, 32)


def test_a_large_image_is_not_served_by_the_catalog() -> None:
    assert not told("a.png", PNG + bytes(bounds.SERVED_BYTES)).small


def test_a_zip_is_listed_from_its_end() -> None:
    content = files.zipped(f"dir/{at}.txt" for at in range(700))
    made = told("a.zip", content)
    assert (made.total, len(made.members)) == (700, bounds.MEMBERS)
    assert (made.members[1].name, made.members[1].size) == ("dir/1.txt", 3)


def test_a_zip_for_large_files_is_listed() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a.bin", "w", force_zip64=True) as file:
        file.write(b"abc")
    content = out.getvalue()
    # As writers of large files end it: totals in a record of their own.
    at = content.rfind(b"PK\5\6")
    length, offset = struct.unpack_from("<II", content, at + 12)
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, length, offset)
    end = (
        b"PK\6\7"
        + struct.pack("<IQI", 0, at, 1)
        + b"PK\5\6"
        + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    )
    (member,) = told("a.zip", content[:at] + record + end).members
    assert (member.name, member.size) == ("a.bin", 3)


def test_a_tar_is_listed_packed_or_not() -> None:
    content = files.tarred(["a.txt", "b/ü.txt"], b"x" * 1000)
    for name, packed in (("a.tar", content), ("a.tar.gz", gzip.compress(content))):
        made = told(name, packed)
        assert ([(it.name, it.size) for it in made.members], made.total) == ([("a.txt", 1000), ("b/ü.txt", 1000)], 2)


def test_packed_text_is_shown_unpacked_also_where_it_is_packed_in_parts() -> None:
    made = told("a.csv.gz", gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n"))
    assert made.tables[0].rows == (("1", "2"),)
    assert made.notes[0] == "It is compressed (gzip), and shown unpacked."
    assert told("a.json", gzip.compress(b'{"a": 1}')).kind == "json"  # as with Content-Encoding: gzip


def test_code_is_coloured_by_the_name_and_plain_without() -> None:
    made = told("a.py", b"import os\n\ndef f():\n    return 'a<b'\n")
    assert made.language == "python" and len(made.lines) == 4
    assert [(it.css, it.text) for it in made.lines[0]] == [("kn", "import"), ("", " "), ("nn", "os")]
    assert told("Dockerfile", b"FROM x").language == "docker"
    assert told("a.unknown", b"import os").lines[0][0].css == ""


def test_text_without_a_name_is_told_by_its_content_type() -> None:
    assert told("data", b"a,b\n1,2", "text/csv; charset=utf-8").kind == "table"
    assert told("data", b'{"a": 1}', "application/json").kind == "json"
    assert told("data.txt", b'{"a": 1}', "application/json").kind == "text"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_text_in_other_encodings_is_read(encoding: str) -> None:
    assert "Größe" in files.checked(told("a.txt", "Größe".encode(encoding)))


def test_text_that_speaks_of_formats_is_text() -> None:
    assert told("a.py", b"PDF = b'%PDF-1.7'  # and PAR1, PK").kind == "text"


def test_marks_that_turn_text_around_are_seen() -> None:
    assert "\u202e" not in files.checked(told("a.txt", "a\u202etxt.exe".encode()))


def test_bytes_that_are_no_text_are_dumped_and_named() -> None:
    made = told("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(300))
    assert made.reason == "This file is HDF5: there is no preview of that."
    assert (made.dump[0].offset, made.dump[0].text, len(made.dump)) == ("00000000", ".HDF............", 16)
    assert told("a.txt", bytes(range(256)), "text/plain").kind == "none"
