"""The heads of a workbook's sheets, values only. Formulas show what they came to when the file was saved."""

import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.files import RangedFile
from bucketdex.catalog.previews.kinds import Table
from bucketdex.catalog.previews.reading.shutting import shut
from bucketdex.catalog.previews.reading.talk import Failed, ReadTables
from bucketdex.catalog.previews.tables import bounded_table

PART_BYTES = 24 * bounds.MB  # of what openpyxl reads as a whole: strings, styles
SKIPPED_ROWS = 1000  # empty rows before the first that holds anything


def excel_read(file: RangedFile, so_far: Callable[[ReadTables], None]) -> ReadTables | Failed:
    """Return the heads of the sheets; `so_far` is told of those that are read."""
    from openpyxl import load_workbook  # noqa: PLC0415, only the child has it

    shut()
    with zipfile.ZipFile(file) as parts:
        large = [it for it in parts.infolist() if it.file_size > PART_BYTES and "worksheets/" not in it.filename]
        if any(it.filename.endswith((".xml", ".rels")) for it in large):
            size = max(it.file_size for it in large) // bounds.MB
            return Failed(f"its strings or styles are {size:,} MiB unpacked: too much for a preview")
    file.seek(0)
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    tables: list[Table] = []
    notes: list[str] = []
    sheets = [book[name] for name in book.sheetnames if hasattr(book[name], "iter_rows")]
    if len(sheets) > bounds.SHEETS:
        notes.append(f"The first {bounds.SHEETS} of {len(sheets)} sheets are shown.")
    for sheet in sheets[: bounds.SHEETS]:
        table, cut = _table(sheet)
        tables.append(table)
        notes.extend(f"{sheet.title[:40]}: {note}" for note in cut)
        so_far(ReadTables(tuple(tables), (*notes, "Later sheets are too large for a preview."), more=True))
    return ReadTables(tuple(tables), tuple(notes))


def _table(sheet: Any) -> tuple[Table, tuple[str, ...]]:
    rows: list[tuple[Any, ...]] = []
    reading = sheet.iter_rows(max_row=bounds.SHEET_ROWS + SKIPPED_ROWS, max_col=bounds.COLUMNS + 1, values_only=True)
    for row in reading:
        if rows or any(cell is not None for cell in row):
            rows.append(row)
        if len(rows) > bounds.SHEET_ROWS:
            break
    cut = len(rows) > bounds.SHEET_ROWS
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = max((at + 1 for row in rows for at, cell in enumerate(row) if cell is not None), default=0)
    rows = [(*row, *[None] * (width - len(row)))[:width] for row in rows]
    header, body = _header(rows, width)
    total = None if cut else len(body)
    shown = body[: bounds.SHEET_ROWS]
    columns = max(width, sheet.max_column or 0) if width > bounds.COLUMNS else width
    table, notes = bounded_table(
        header, ([_cell(cell) for cell in row] for row in shown), name=sheet.title, total=total, columns=columns
    )
    return table, (*([f"the first {len(table.rows)} rows are shown."] if cut else []), *notes)


def _header(rows: list[tuple[Any, ...]], width: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the names of the columns: the first row where it names them all, else letters."""
    first: Sequence[Any] = rows[0] if rows else ()
    if first and all(isinstance(cell, str) and cell.strip() for cell in first) and len(set(first)) == len(first):
        return [str(cell) for cell in first], rows[1:]
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    return [get_column_letter(at + 1) for at in range(width)], rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)[: bounds.CELL_CHARACTERS + 1]
