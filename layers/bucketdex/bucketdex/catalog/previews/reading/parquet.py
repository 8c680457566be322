"""The head of a Parquet file: its schema from the end of the file, rows from the first pages of row groups."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.errors import CannotReadError
from bucketdex.catalog.previews.files import RangedFile
from bucketdex.catalog.previews.reading.shutting import shut
from bucketdex.catalog.previews.reading.talk import ReadTables
from bucketdex.catalog.previews.tables import bounded_table

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

ROWS_BYTES = 5 * bounds.MB  # of the budget, for rows; the rest is for the end of the file
COLUMN_BYTES = 2 * bounds.MB  # what the first pages of a column take at most, as a rule: a dictionary and a page
BUFFER_BYTES = 64 * 1024


def parquet_read(file: RangedFile, so_far: Callable[[ReadTables], None]) -> ReadTables:
    """Return the head of a Parquet file; `so_far` is told its schema first, as rows can be too much."""
    import pyarrow as pa  # noqa: PLC0415, only the child has it
    import pyarrow.compute  # noqa: PLC0415, which casts, and would be loaded when it is too late
    import pyarrow.parquet as pq  # noqa: PLC0415

    pa.set_cpu_count(1)
    with suppress(OSError, LookupError):  # of a machine without zones
        ZoneInfo("UTC")  # is kept; other zones are files, which cannot be opened any more
    shut()
    # Without pre-buffering, and with a buffer, a column is read page by page and not as a whole.
    parquet = pq.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER_BYTES)
    schema = parquet.schema_arrow
    total, width = parquet.metadata.num_rows, len(schema.names)
    names = schema.names[: bounds.COLUMNS]
    types = [str(schema.field(at).type)[:60] for at in range(len(names))]
    empty, notes = bounded_table(names, (), types=types, total=total, columns=width)
    so_far(ReadTables((empty,), ("Only the schema is shown: the rows are too large for a preview.", *notes), more=True))
    fitting = _fitting(parquet, names)
    if total == 0 or not fitting:
        return ReadTables((empty,), notes)
    columns = _columns(parquet, fitting)
    rows = zip(*columns, strict=True)
    table, notes = bounded_table(fitting, rows, types=types, total=total, columns=width)
    told = [f"The first {len(table.rows):,} of {total:,} rows are shown."] if len(table.rows) < total else []
    if len(fitting) < len(names):
        told.append(f"The first {len(fitting)} of {width:,} columns are shown: the others are too large for a preview.")
        notes = ()
    return ReadTables((table,), (*told, *notes))


def _fitting(parquet: "pq.ParquetFile", names: list[str]) -> list[str]:
    """Return the first columns whose first pages fit into the budget; one at least."""
    if parquet.metadata.num_row_groups == 0:
        return []
    group = parquet.metadata.row_group(0)
    sizes: dict[str, int] = {}
    for at in range(min(group.num_columns, 5000)):
        column = group.column(at)
        name = column.path_in_schema.partition(".")[0]
        sizes[name] = sizes.get(name, 0) + min(column.total_compressed_size, COLUMN_BYTES)
    fitting: list[str] = []
    left = ROWS_BYTES
    for name in names:
        left -= sizes.get(name.partition(".")[0], 0)
        if left < 0 and fitting:
            break
        fitting.append(name)
    return fitting


def _columns(parquet: "pq.ParquetFile", names: list[str]) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in names]
    batches = parquet.iter_batches(batch_size=bounds.ROWS, columns=names, use_threads=False)
    while len(columns[0]) < bounds.ROWS:
        try:
            batch = next(batches, None)
        except (CannotReadError, OSError):
            if columns[0]:  # the first row group was enough
                break
            raise
        if batch is None:
            break
        for at, name in enumerate(names):
            index = batch.schema.get_field_index(name)
            found = batch.column(index if index >= 0 else at)
            columns[at].extend(_cells(found.slice(0, bounds.ROWS - len(columns[at]))))
    return columns


def _cells(values: "pa.Array") -> list[str]:
    """Return values as text. Python has no nanoseconds and no year 10,000, so dates are tried in several ways."""
    import pyarrow as pa  # noqa: PLC0415

    if getattr(values.type, "unit", "") == "ns":
        zone = getattr(values.type, "tz", None)
        coarser = {"timestamp": pa.timestamp("us", zone), "time64": pa.time64("us"), "duration": pa.duration("us")}
        values = values.cast(coarser[str(values.type).partition("[")[0]], safe=False)
    in_utc = (pa.timestamp("us", "UTC"),) if getattr(values.type, "tz", None) else ()
    for form in (None, *in_utc, pa.string(), pa.int64()):
        try:
            return [_cell(value) for value in (values if form is None else values.cast(form)).to_pylist()]
        except (ValueError, OverflowError, pa.ArrowException, LookupError, ImportError, OSError):
            continue
    return ["?"] * len(values)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"0x{value[:32].hex()}{'…' if len(value) > 32 else ''}"
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=_cell, ensure_ascii=False)[: bounds.CELL_CHARACTERS + 1]
    return str(value)[: bounds.CELL_CHARACTERS + 1]
