"""CSV and TSV as a table: the delimiter is told from the first lines, rows, columns and cells are bounded."""

import csv
import io
import itertools
from collections.abc import Iterable, Sequence

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.kinds import Column, Table, Tables

DELIMITERS = ",\t;|"
SAMPLE_LINES = 20
NUMBER_ROWS = 50  # looked at to tell a column of numbers
EMPTY = frozenset({"", "NA", "NaN", "nan", "null", "NULL", "None", "N/A", "-", "."})


def csv_preview(text: str, name: str, *, cut: bool) -> Tables | None:
    """Return the head of a table, or None where the text is none. `cut`: the file goes on after the text."""
    delimiter = delimiter_of(text, name)
    if delimiter is None:
        return None
    if cut:  # the last line may be cut too
        text = text.rpartition("\n")[0] or text
    try:
        shown, total = _read(text, delimiter)
    except csv.Error:
        return None
    if not shown:
        return None
    table, notes = bounded_table(_header(*shown), shown[1:], total=None if cut else total - 1)
    if cut or (table.total_rows or 0) > len(table.rows):
        of = "" if table.total_rows is None else f" of {table.total_rows:,}"
        rows = f"The first {len(table.rows):,}{of} rows are shown." if table.rows else "Its first line is too long."
        notes = (rows, *notes)
    return Tables(tables=(table,), notes=notes)


def delimiter_of(text: str, name: str) -> str | None:
    """Return what parts the columns: that of which the first lines have most, and equally many. None: nothing does."""
    lines = [line for line in text[: bounds.HEAD_BYTES].split("\n", SAMPLE_LINES)[:SAMPLE_LINES] if line.strip()]
    if not lines:
        return None
    if name.lower().removesuffix(".gz").endswith((".tsv", ".tab")) and any("\t" in line for line in lines):
        return "\t"
    best, most = None, (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count)
        score = (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)
        if score > most:
            best, most = delimiter, score
    # One column is a table too, where the name says so.
    return best or ","


def bounded_table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    name: str = "",
    types: Sequence[str] = (),
    total: int | None = None,
    columns: int | None = None,
) -> tuple[Table, tuple[str, ...]]:
    """Return a table within the bounds, and what is to be said of what was left out."""
    wide = columns if columns is not None else len(header)
    notes = [f"The first {bounds.COLUMNS} of {wide:,} columns are shown."] if wide > bounds.COLUMNS else []
    width = min(len(header), bounds.COLUMNS)
    shown: list[tuple[str, ...]] = []
    left = bounds.TABLE_CHARACTERS
    for row in itertools.islice(rows, bounds.ROWS):
        cells = tuple(short(cell) for cell in row[:width])
        left -= sum(map(len, cells))
        if left < 0:
            break
        shown.append(cells + ("",) * (width - len(cells)))
    told = list(types) + [""] * (width - len(types))
    made = tuple(
        Column(short(header[at]), told[at], number=_numbers(row[at] for row in shown[:NUMBER_ROWS]))
        for at in range(width)
    )
    return Table(made, tuple(shown), name=short(name), total_rows=total, total_columns=wide), tuple(notes)


def short(cell: str) -> str:
    """Return the text of a cell, cut where it is long."""
    return cell if len(cell) <= bounds.CELL_CHARACTERS else cell[: bounds.CELL_CHARACTERS] + "…"


def _read(text: str, delimiter: str) -> tuple[list[list[str]], int]:
    rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    shown = list(itertools.islice(rows, bounds.ROWS + 1))
    return shown, len(shown) + sum(1 for _ in rows)


def _header(names: list[str], *rows: list[str]) -> list[str]:
    """Return a name for each column of the rows, "" for those that the first line has none of."""
    wide = max((_width(row) for row in rows), default=0)
    missing = [""] * (wide - len(names))
    # What R writes: each row begins with a name of its own, which has no column. A comment says nothing of columns.
    named = len(missing) == 1 and not names[0].startswith("#") and all(len(row) == wide for row in rows)
    return missing + names if named else names + missing


def _width(row: list[str]) -> int:
    """Return how many cells a row has, but for empty ones at its end."""
    return next((at for at in range(len(row), 0, -1) if row[at - 1]), 0)


def _numbers(cells: Iterable[str]) -> bool:
    """Whether the cells are numbers, but for those that say that there is none."""
    some = False
    for cell in cells:
        if cell.strip() in EMPTY:
            continue
        try:
            float(cell)
        except ValueError:
            return False
        some = True
    return some
