"""Parquet, Excel and PDF in the child process: it knows nothing, may take little, and cannot outlive its time."""

import base64
import io
import os
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pytest

import preview_files as files
from bucketdex.catalog.previews import BytesSource, bounds, preview, readers
from bucketdex.catalog.previews.kinds import Preview
from bucketdex.catalog.previews.sources import Metered


def told(name: str, content: bytes) -> Preview:
    made = preview(Metered(BytesSource(content), seconds=120), name)  # a busy machine is no failure
    files.checked(made)
    return made


class Counting(BytesSource):
    """Bytes, and how many of them were read."""

    read_bytes = 0

    def read(self, offset: int, length: int) -> bytes:
        found = super().read(offset, length)
        self.read_bytes += len(found)
        return found


def test_a_parquet_file_shows_its_types_and_first_rows() -> None:
    content = files.parquet({
        "n": [1, None], "s": ["a", "<b>"], "d": [Decimal("1.10"), None], "t": [datetime(2024, 1, 2, 3, tzinfo=UTC)] * 2,
        "l": [[1, 2], []], "m": [{"a": "ü"}, None], "x": [b"\x00\xff", b""],
    })  # fmt: skip
    (table,) = told("a.parquet", content).tables
    assert [(it.name, it.type) for it in table.columns][:3] == [
        ("n", "int64"),
        ("s", "string"),
        ("d", "decimal128(3, 2)"),
    ]
    assert table.rows[0] == ("1", "a", "1.10", "2024-01-02 03:00:00+00:00", "[1, 2]", '{"a": "ü"}', "0x00ff")
    assert table.rows[1][:3] == ("", "<b>", "")
    assert (table.total_rows, table.columns[0].number) == (2, True)


def test_times_of_a_zone_are_shown_in_utc() -> None:
    times = pyarrow.array([datetime(2024, 1, 2, 3, tzinfo=UTC)], pyarrow.timestamp("ns", "Europe/Berlin"))
    (table,) = told("a.parquet", files.parquet({"t": times})).tables
    assert table.rows == (("2024-01-02 03:00:00+00:00",),)


def test_of_a_large_row_group_only_the_first_pages_are_read() -> None:
    import numpy

    content = files.parquet({"a": numpy.random.default_rng(1).random(2_000_000)}, row_group_size=2_000_000)
    source = Counting(content)
    made = preview(Metered(source, seconds=120), "a.parquet")
    assert made.notes == ("The first 200 of 2,000,000 rows are shown.",)
    assert len(content) > 15_000_000 and source.read_bytes < 3_000_000


def test_of_many_columns_the_first_that_fit_are_read() -> None:
    import numpy

    made = told("a.parquet", files.parquet({f"c{at}": numpy.random.default_rng(at).random(30_000) for at in range(80)}))
    (table,) = made.tables
    assert 5 < len(table.columns) < bounds.COLUMNS and len(table.rows) == bounds.ROWS
    assert table.total_columns == 80 and "of 80 columns" in made.notes[1]


@pytest.mark.parametrize(("compression", "size"), [("none", 9_000_000), ("zstd", 80_000_000)])
def test_of_rows_that_are_too_large_the_schema_is_shown(
    compression: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "448")
    made = told("a.parquet", files.parquet({"s": ["x" * size]}, compression=compression, use_dictionary=False))
    assert made.tables[0].columns[0].type == "string" and not made.tables[0].rows
    assert made.notes[0].startswith("Only the schema is shown")


def test_a_workbook_shows_its_sheets() -> None:
    rows: list[list[Any]] = [["name", "value"], ["a", 1.5], [None, True], ["<b>", date(2024, 1, 2)]]
    made = told(
        "a.xlsx", files.workbook(First=rows, Second=[[1, 2], [3, 4]], Empty=[], Long=[[at] for at in range(300)])
    )
    first, second, empty, long = made.tables
    assert [it.name for it in first.columns] == ["name", "value"]
    assert first.rows == (("a", "1.5"), ("", "TRUE"), ("<b>", "2024-01-02"))
    assert ([it.name for it in second.columns], second.rows) == (["A", "B"], (("1", "2"), ("3", "4")))
    assert (empty.columns, long.total_rows, len(long.rows)) == ((), None, bounds.SHEET_ROWS)


def test_a_workbook_that_unpacks_to_much_is_refused_before_it_does() -> None:
    good = files.workbook(First=[[1]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b" " * 60_000_000 if name == "xl/styles.xml" else b""))
    made = told("a.xlsx", out.getvalue())
    assert made.kind == "none" and "57 MiB unpacked" in made.reason


def test_the_first_page_of_a_pdf_is_a_picture() -> None:
    made = told("a.pdf", files.pdf(pages=3))
    assert (made.kind, made.pages, made.width, made.height) == ("pdf", 3, 900, 1200)
    png = base64.b64decode(made.image.removeprefix("data:image/png;base64,"))
    assert png.startswith(b"\x89PNG") and len(png) < bounds.IMAGE_BYTES
    import zlib

    pixels = zlib.decompress(b"".join(_chunks(png, b"IDAT")))
    assert len(pixels) == 1200 * (1 + 3 * 900)
    assert pixels.count(b"\0\0\0") > 100 and pixels.count(b"\xff\xff\xff") > 100_000  # black on white


def _chunks(png: bytes, wanted: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == wanted:
            found.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    return found


BROKEN = {
    "a PDF of garbage": ("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 100),
    "a PDF that is cut": ("a.pdf", files.pdf()[:200]),
    "a PDF without pages": ("a.pdf", files.pdf(pages=0)),
    "a Parquet file of garbage": ("a.parquet", b"PAR1" + bytes(range(256)) * 100 + b"PAR1"),
    "a Parquet file that is cut": ("a.parquet", files.parquet({"a": [1]})[:-20]),
    "a Parquet file with a broken page": ("a.parquet", files.parquet({"a": ["b" * 100]})[:30] + bytes(400)),
    "a workbook of garbage": ("a.xlsx", b"PK\3\4" + bytes(range(256)) * 100),
    "a workbook that is a zip": ("a.xlsx", files.zipped(["a"])),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_have_a_reason(case: str) -> None:
    made = told(*BROKEN[case])
    assert made.kind == "none" and made.reason.startswith("There is no preview of this")


def test_a_page_of_any_size_fits() -> None:
    for size in ("1 1000000", "100000 100000", "0.1 0.1"):
        assert told("a.pdf", files.pdf(size=size)).kind in ("pdf", "none")


def test_the_child_has_no_credentials_and_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/var/lang/lib")
    given: dict[str, Any] = {}
    start = subprocess.Popen

    def starting(*args: Any, **options: Any) -> Any:
        given.update(options)
        return start(*args, **options)

    monkeypatch.setattr(readers.subprocess, "Popen", starting)
    assert told("a.parquet", files.parquet({"a": [1]})).kind == "table"
    assert set(given["env"]) == {"LD_LIBRARY_PATH", *readers.FIXED}


def _with_child(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float = 6.0) -> Preview:
    """Return the preview that another child makes."""
    child = tmp_path / "child.py"
    child.write_text(written)
    monkeypatch.setattr(readers, "CHILD", child)
    source = Metered(BytesSource(b"PAR1" + bytes(100)), seconds=seconds)
    return readers.read_in_child("parquet", source)


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "pid"
    made = _with_child(
        f"import os, time, pathlib; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(600)",
        tmp_path,
        monkeypatch,
        0.5,
    )
    assert made.reason == "There is no preview of this Parquet file: reading it takes too long."
    if note.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(note.read_text()), 0)


def test_what_a_child_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note"
    started = f"import os, pathlib, time\nif not os.fork():\n    time.sleep(4)\n    pathlib.Path({str(note)!r}).touch()"
    made = _with_child(started, tmp_path, monkeypatch, 0.5)
    assert made.reason.endswith("reading it takes too long.") and not note.exists()


@pytest.mark.parametrize(
    "written",
    [
        "raise SystemExit(3)",
        "import os; os.kill(os.getpid(), 9)",
        "import os; os.write(1, b'\\xff' * 100)",  # a message of 4 GB
        "import os; os.write(1, b'\\0\\0\\0\\5hello')",
        "import os; os.write(1, b'\\0\\0\\0\\5')",
        "import os; os.close(0); os.close(1)",
    ],
)
def test_a_child_that_dies_or_talks_nonsense_gives_a_reason(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _with_child(written, tmp_path, monkeypatch).reason.endswith("its reader gave up on it.")


def test_the_child_limits_itself() -> None:
    script = (
        "import sys, runpy, resource; child = runpy.run_path(sys.argv[1]); child['_limit'](5, 300_000_000, 10**10)\n"
        "limits = resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE\n"
        "print([resource.getrlimit(it)[0] for it in limits])\n"
        "try: bytearray(400_000_000)\n"
        "except MemoryError: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(readers.CHILD)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[5, 300000000, 0]", "refused"]


READ = {"pdf": files.pdf(), "excel": files.workbook(a=[["n"], [1]]), "parquet": files.parquet({"a": [1]})}
TRIED = {
    "a file": "open('/etc/hostname')",
    "our environment": "open(f'/proc/{os.getppid()}/environ')",
    "the network": "socket.socket()",
    "another program": "subprocess.run(['/bin/true'])",
}


@pytest.mark.parametrize("job", READ)
def test_what_reads_a_file_can_open_nothing_else(job: str) -> None:
    tried = "".join(f"try: {code}; print('{what}')\nexcept OSError: pass\n" for what, code in TRIED.items())
    script = (
        f"import io, os, socket, subprocess, sys; from bucketdex.catalog.previews.reading.{job} import {job}_read\n"
        f"more = () if '{job}' == 'pdf' else (lambda _: None,)\n"
        f"print(type({job}_read(io.BytesIO(sys.stdin.buffer.read()), *more)).__name__)\n{tried}"
    )
    done = subprocess.run([sys.executable, "-c", script], input=READ[job], capture_output=True, check=True)
    assert done.stdout.split() == [b"ReadPage" if job == "pdf" else b"ReadTables"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can hide a process from its own user")
def test_whoever_asks_for_a_preview_cannot_be_looked_into_by_processes_of_its_user() -> None:
    script = (
        "import ctypes, sys; from bucketdex.catalog.previews import BytesSource, preview\n"
        "print(preview(BytesSource(sys.stdin.buffer.read()), 'a.parquet').kind, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", script], input=READ["parquet"], capture_output=True, check=True)
    assert done.stdout.split() == [b"table", b"0"], "PR_GET_DUMPABLE"


def test_without_its_reader_a_file_is_told_so_politely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = "import sys; sys.modules['pyarrow'] = None\n" + readers.CHILD.read_text()
    made = _with_child(written, tmp_path, monkeypatch)
    assert made.reason.startswith("This installation has no reader for Parquet (pyarrow")


def test_in_lambda_the_child_may_take_what_the_function_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory, taken in (("1024", 700), ("512", 256), ("128", 192)):
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory)
        assert readers._memory() == taken * bounds.MB
