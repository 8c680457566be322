"""What commands print: answers on standard output, all else on standard error, nothing that a terminal would obey."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from bucketdex.client.amounts import size as size  # noqa: PLC0414, commands take it from here

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

PIPED_WIDTH = 200  # columns where no terminal says how wide it is
# Also those that turn text around, and what stands for bytes of a file's name that are no UTF-8.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def console(*, stderr: bool = False) -> "Console":
    """Return where people read: no markup in what is printed, as keys may hold brackets."""
    from rich.console import Console

    class Pipeable(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704  within the handler of rich, which would end the process with 1

    made = Pipeable(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = PIPED_WIDTH
    return made


def json_line(value: Any, *, err: bool = False) -> None:
    """Print a value as one line of JSON; it says the same with what a terminal would obey as escapes."""
    import msgspec

    line = msgspec.json.encode(value).decode()
    typer.echo(CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", line).encode(), err=err)


def table(*columns: str) -> "Table":
    """Return an empty table; columns whose name begins with `#` hold numbers. Nothing in it is cut off."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name.lstrip("#"), justify="right" if name.startswith("#") else "left", overflow="fold")
    return made


def bars() -> "Progress":
    """Return progress that counts up, on standard error."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    out, text = console(stderr=True), TextColumn("{task.description}", markup=False)
    return Progress(SpinnerColumn(), text, console=out, transient=True, disable=not out.is_terminal)


def printable(text: str) -> str:
    """Return text with control characters shown as escapes: a key must not reach into the terminal."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def moment(when: float | str | None) -> str:
    """Return a time to the second, in UTC."""
    if not when:
        return ""
    time = datetime.fromisoformat(when) if isinstance(when, str) else datetime.fromtimestamp(when, UTC)
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def duration(seconds: float | None) -> str:
    """Return a length of time in its two largest units."""
    if seconds is None:
        return ""
    left = int(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, left = divmod(left, length)
        if number or (unit == "s" and not parts):
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2])


def plural(number: int, noun: str) -> str:
    """Return `1 key` or `2 keys`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def joined(words: Iterable[str]) -> str:
    """Return `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
