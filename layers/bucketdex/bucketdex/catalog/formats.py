"""How numbers, sizes, times, names and highlights are shown: the filters of the templates."""

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from markupsafe import Markup, escape

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12.17, "month"), (float("inf"), "year"))
SPACE = re.compile(r"\s+")
MARK = re.compile(r"(<mark>|</mark>)")
# What looks like something else, or turns text around, in names that anybody may choose.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
JOINERS = "\u200c\u200d"  # of scripts and emoji


def number(value: float) -> str:
    """Return 1234 as 1,234."""
    return f"{value:,}"


def size(value: float | None) -> str:
    """Return a number of bytes as people say it: `1.4 MB`, in steps of 1000."""
    if value is None:
        return "–"
    left, unit = float(value), 0
    while left >= 999.5 and unit < len(UNITS) - 1:
        left, unit = left / 1000, unit + 1
    digits = 0 if unit == 0 or left >= 99.5 else 1
    return f"{left:.{digits}f} {UNITS[unit]}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 object`, `2 objects`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def moment(value: datetime | str | float) -> datetime:
    """Return a time in UTC, of ISO 8601 or of seconds since 1970."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def day(value: datetime | str | float) -> str:
    """Return the day of a time: `2026-01-31`."""
    return moment(value).strftime("%Y-%m-%d")


def exact(value: datetime | str | float) -> str:
    """Return a time to the second: `2026-01-31 12:00:05 UTC`."""
    return moment(value).strftime("%Y-%m-%d %H:%M:%S UTC")


def ago(value: datetime | str | float, now: datetime) -> str:
    """Return how long ago a time is: `3 days ago`."""
    seconds = (now - moment(value)).total_seconds()
    if abs(seconds) < 10:
        return "just now"
    return f"in {duration(-seconds)}" if seconds < 0 else f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """Return a time span in its largest unit: `3 days`."""
    left = seconds
    for step, unit in STEPS:
        if left < step:
            return plural(int(left), unit)
        left /= step
    raise AssertionError("the last step has no end")


def sentence(text: str) -> str:
    """Return text that begins as a sentence does."""
    return text[:1].upper() + text[1:]


def visible(text: str, *, lines: bool = False) -> str:
    """Return a name with what cannot be seen in it made visible: `a\\n` as `a␊`, marks that turn text as `⟨U+202E⟩`.

    A text of several `lines` keeps their ends.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if lines and char == "\n" else _seen(char) for char in text)


def _seen(char: str) -> str:
    if char in JOINERS or unicodedata.category(char) not in UNSEEN:
        return char
    return chr(0x2400 + ord(char)) if char < " " else f"⟨U+{ord(char):04X}⟩"


def pieces(fragment: str) -> list[tuple[str, bool]]:
    """Return the text of a highlight, in pieces, and whether each matched."""
    told: list[tuple[str, bool]] = []
    matched = False
    for part in MARK.split(fragment):
        if MARK.fullmatch(part):
            matched = part == "<mark>"
        elif part:
            told.append((html.unescape(part), matched))
    return told


def marked(parts: str | Iterable[tuple[str, bool]]) -> Markup:
    """Return a highlight, or its pieces, as HTML in which nothing but `<mark>` is HTML, whatever it was made of.

    The lines of a highlight run together.
    """
    told = pieces(SPACE.sub(" ", parts)) if isinstance(parts, str) else parts
    return Markup("").join(
        Markup("<mark>{}</mark>").format(visible(text)) if matched else escape(visible(text)) for text, matched in told
    )
