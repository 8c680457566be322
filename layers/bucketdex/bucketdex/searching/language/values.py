"""What is typed behind a qualifier's colon: texts, sizes, dates, numbers, comparisons and ranges of them."""

import difflib
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from bucketdex.searching.language.dates import DATES, Moment, moment
from bucketdex.searching.language.mistakes import Misread, shown
from bucketdex.searching.language.qualifiers import QualifierKind
from bucketdex.searching.language.syntax import Between, Value

COMPARED = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
SIZE = re.compile(r"(\d+)(?:\.(\d+))?(?:([kmgtp])(i?)b?|b|bytes?)?", re.ASCII | re.IGNORECASE)
SPAN = re.compile(r"([^-–—]+)[-–—]([^-–—]+)")  # `1MB-10MB`
UNITS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}  # powers of 1000, of 1024 with an `i`
MOST_BYTES = 2**63 - 1  # OpenSearch's long
SIZES = ("a size, as in 300, 10MB or 1.5GiB", ">10MB", "1MB..10MB")
NUMBERS = ("a number, as in 3.5", "a date, as in 2024-01-15")
ANYTHING = "*"  # there is a value
STARS = re.compile(r"\*{2,}")  # `**` as shells know it is no more than `*` here
MOST_STARS = 5  # of one value, each makes it dearer


class Operand(NamedTuple):
    """A point or a span that is compared with: from `low` to `high`; `beyond` is the first thing after it.

    `closed`: `high` belongs to it. `alone`: what it means without an operator.
    """

    low: float | datetime
    high: float | datetime
    beyond: float | datetime
    closed: bool
    alone: Between


def read(kind: QualifierKind, typed: str, now: datetime | None = None, field: str | None = None) -> tuple[Value, str]:
    """Return the value that was typed without quotes, and how it is written; raises `Misread`."""
    typed = STARS.sub("*", typed) if kind.form in {"text", "any"} else typed
    if typed == ANYTHING and not kind.choices:
        return typed, typed
    if kind.form == "text" or (kind.fields and field is None):
        return _text(kind, typed)
    readers: dict[str, Callable[[str], Operand]] = {
        "size": size,
        "date": lambda text: _dated(moment(text, now)),
        "any": lambda text: _any(text, now),
    }
    try:
        return _compared(typed, readers[kind.form]), typed.removeprefix("=")
    except Misread as error:
        if kind.form != "any" or typed[0] in "<>" or error.better:
            raise
        tidied = tidy(kind, typed.removeprefix("="))
        return tidied, tidied


def read_quoted(kind: QualifierKind, text: str, now: datetime | None = None) -> tuple[Value, str]:
    """Return the value that was typed in quotes: a text where it can be one."""
    if kind.form not in {"text", "any"}:
        return read(kind, text, now)
    tidied = tidy(kind, STARS.sub("*", text))
    return tidied, tidied


def as_dates(typed: str, now: datetime | None = None) -> Between | None:
    """Return what was typed as dates, if it can be: `meta.year:>2024` compares numbers, and may mean a date."""
    try:
        return _compared(typed, lambda text: _dated(moment(text, now)))
    except Misread:
        return None


def size(text: str) -> Operand:
    """Return a size in bytes. With a unit and alone it means what is shown as that: `10MB` is from 9.5 to 10.5."""
    typed = SIZE.fullmatch(text)
    if not typed:
        raise Misread(
            f'"{shown(text)}" is not a size; write it as in 300, 10MB or 1.5GiB', SIZES, _corrected_size(text)
        )
    whole, digits, unit, binary = typed.groups()
    factor = (1024 if binary else 1000) ** UNITS[unit.lower()] if unit else 1
    scale = 10 ** len(digits or "")
    count, half = round(int(whole + (digits or "")) * factor / scale), factor / scale / 2
    if count > MOST_BYTES:
        raise Misread(f"{shown(text)} is larger than any file", SIZES)
    about = Between(max(count - half, 0.0), min(count + half, float(MOST_BYTES))) if unit else None
    return Operand(
        float(count), float(count), float(count + 1), True, about or Between(float(count), float(count), True)
    )


def number(text: str) -> Operand:
    """Return a number."""
    if not NUMBER.fullmatch(text) or not math.isfinite(value := float(text)):
        raise Misread(f'"{shown(text)}" is neither a number nor a date', NUMBERS)
    return Operand(value, value, math.nextafter(value, math.inf), True, Between(value, value, True))


def tidy(kind: QualifierKind, text: str) -> str:
    """Return a text as it is indexed: `.csv` for `CSV`, `package` for `Packages`; raises `Misread`."""
    if text.count("*") > MOST_STARS:
        raise Misread(f"a value has at most {MOST_STARS} of *, which stands for anything", (kind.example,))
    if kind.name == "ext":
        return "." + text.lower().removeprefix("*.").lstrip(".") if text.strip("*.") else ANYTHING
    if kind.name == "class":
        return text.upper()
    if kind.name == "bucket":
        return text.removeprefix("s3://").rstrip("/") or text
    if kind.choices:
        return _chosen(kind, text)
    return text


def _text(kind: QualifierKind, typed: str) -> tuple[Value, str]:
    if typed[0] in "<>":
        told = f"{kind.name}: is a text, so there is no {typed[0]} of it; sizes, dates and metadata have one"
        if kind.fields:
            told = f"what is compared needs a name, as in {kind.name}.weight:{typed}"
        raise Misread(told, (f"a text, as in {kind.example}",), typed.lstrip("<>=") or None)
    tidied = tidy(kind, typed.removeprefix("=") or typed)
    return tidied, tidied


def _chosen(kind: QualifierKind, text: str) -> str:
    wanted = text.lower()
    chosen = next((choice for choice in kind.choices if wanted in {choice, f"{choice}s"}), None)
    chosen = chosen or {"entries": "entry", "file": "object", "files": "object"}.get(wanted)
    if chosen is None:
        near = difflib.get_close_matches(wanted, kind.choices, 1, 0.5)
        one_of = f'there is no {kind.name} "{shown(text)}"; it is one of {", ".join(kind.choices)}'
        raise Misread(one_of, kind.choices, near[0] if near else None)
    return chosen


def _any(text: str, now: datetime | None) -> Operand:
    """A number, or a date of which the month at least was told."""
    if NUMBER.fullmatch(text):
        return number(text)
    if "-" in text:
        return _dated(moment(text, now))
    raise Misread(f'"{shown(text)}" is neither a number nor a date', NUMBERS)


def _dated(found: Moment) -> Operand:
    until = None if found.ago else found.high
    return Operand(found.low, found.high, found.high, False, Between(found.low, until))


def _compared(typed: str, operand: Callable[[str], Operand]) -> Between:
    compared = COMPARED.fullmatch(typed)
    operator, text = compared.groups() if compared else (None, typed)
    if ".." in text:
        if operator:
            raise Misread(f"a range has no {operator}", better=text)
        return _range(text, operand)
    found = operand(text)
    if operator in {">", ">=", "<", "<="} and found.alone.high is None:
        raise Misread(
            f"{operator}{text} can be read in two ways: write modified:{text} for what was written since then, "
            f"-modified:{text} for what was written before",
            DATES,
            text,
        )
    match operator:
        case ">":
            return Between(found.beyond, None)
        case ">=":
            return Between(found.low, None)
        case "<":
            return Between(None, found.low)
        case "<=":
            return Between(None, found.high, found.closed)
    return found.alone


def _range(text: str, operand: Callable[[str], Operand]) -> Between:
    before, _, after = text.partition("..")
    if not before and not after:
        raise Misread("a range needs an end at least", ("1MB..10MB", "1MB..", "..10MB"))
    low, high = operand(before) if before else None, operand(after) if after else None
    if low and high and _later(low.low, high.high):
        raise Misread(f"{text} goes from the greater to the smaller", better=f"{after}..{before}")
    return Between(low.low if low else None, high.high if high else None, high.closed if high else False)


def _later(one: float | datetime, other: float | datetime) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one > other
    if isinstance(one, datetime) or isinstance(other, datetime):
        raise Misread("a range is of numbers or of dates, not of one and the other", NUMBERS)
    return one > other


def _corrected_size(text: str) -> str | None:
    if (span := SPAN.fullmatch(text)) and all(SIZE.fullmatch(end) for end in span.groups()):
        return f"{span[1]}..{span[2]}"
    tidied = re.sub(r"[\s_']", "", text)
    tidied = tidied.replace(",", ".") if re.search(r",\d{1,2}\D*$", tidied) else tidied.replace(",", "")
    return tidied if tidied != text and SIZE.fullmatch(tidied) else None
