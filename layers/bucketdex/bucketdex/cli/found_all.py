"""`bucketdex search` for programs: hits as CSV or lines of JSON, the first of them or all."""

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
import typer

from bucketdex.cli.output import bars, json_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bucketdex.client.asking import Answer


def print_json_lines(answers: "Iterable[Answer]") -> None:
    """Print each hit as a line of JSON, as soon as it is there."""
    for hit in counted(answers):
        json_line(hit)


def print_csv(answers: "Iterable[Answer]", kinds: "Sequence[str]") -> None:
    """Print each hit as a line of CSV below the names of the columns; lists and structures are JSON in it."""
    from bucketdex.client.hits import Page
    from bucketdex.client.tables import columns, rows

    names, answers = list(columns(tuple(kinds))), iter(answers)
    first = next(answers)  # nothing is printed of a search that is refused
    _line(names)
    for hit in counted(chain([first], answers)):
        [found] = msgspec.convert({"total": 1, "totals": {}, "hits": [hit]}, Page).hits
        for row in rows([found], names):
            _line([_cell(value) for value in row])


def counted(answers: "Iterable[Answer]") -> "Iterator[Any]":
    """Yield the hits of all answers; how many came is shown where only that is to be seen."""
    with _progress() as came:
        number = 0
        for answer in answers:
            yield from answer["hits"]
            number += len(answer["hits"])
            came(number, answer["total"])


@contextmanager
def _progress() -> "Iterator[Callable[[int, int], None]]":
    if sys.stdout.isatty():
        yield lambda _came, _total: None
        return
    with bars() as progress:
        task = progress.add_task("Searching")
        yield lambda came, total: progress.update(task, description=f"{came:,} of {total:,} hits")


def _line(cells: "Sequence[str]") -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    line = out.getvalue()
    # A file gets what is there; a terminal nothing that it would obey.
    typer.echo(printable(line) if sys.stdout.isatty() else line)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
    return msgspec.json.encode(value).decode()
