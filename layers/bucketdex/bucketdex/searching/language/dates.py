"""Dates as they are typed: a year, a month, a day, a minute (in UTC, unless it says otherwise), or how long ago."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bucketdex.searching.language.mistakes import Misread, shown

DATE = re.compile(
    r"([12]\d{3})(?:-(\d{1,2})(?:-(\d{1,2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
AGO = re.compile(r"(\d{1,5})([hdwmy]|(?:hour|day|week|month|year)s?)", re.ASCII | re.IGNORECASE)
SLASHED = re.compile(r"([12]\d{3})[/.](\d{1,2})(?:[/.](\d{1,2}))?", re.ASCII)
EARLIEST = 1000  # the years that are dates go from here to 2999
DATES = ("a date, as in 2024, 2024-01 or 2024-01-15", "how long ago, as in 7d, 3w, 6m or 1y", "2024-01..2024-03")


class Moment(NamedTuple):
    """From `low` to `high`, which is left out; `ago`: it was told by how long ago."""

    low: datetime
    high: datetime
    ago: bool = False


def moment(text: str, now: datetime | None = None) -> Moment:
    """Return the time that was typed; raises `Misread`."""
    if text.lower() in {"today", "yesterday"}:
        day = (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
        day -= timedelta(days=text.lower() == "yesterday")
        return Moment(day, day + timedelta(days=1))
    if ago := AGO.fullmatch(text):
        return _ago(int(ago[1]), ago[2][0].lower(), now or datetime.now(UTC))
    if date := DATE.fullmatch(text):
        return _date(text, *date.groups())
    if slashed := SLASHED.fullmatch(text):
        hyphens = "-".join(part.zfill(2) for part in slashed.groups() if part)
        raise Misread(f'"{text}" is not a date; write it with hyphens, {hyphens}', DATES, hyphens)
    years = re.fullmatch(r"([12]\d{3})-([12]\d{3})", text, re.ASCII)
    better = f"{years[1]}..{years[2]}" if years else None
    raise Misread(f'"{shown(text)}" is not a date; the year comes first, as in 2024-01-15', DATES, better)


def _ago(count: int, unit: str, now: datetime) -> Moment:
    try:
        if unit in "my":
            months = now.year * 12 + now.month - 1 - count * (12 if unit == "y" else 1)
            year, month = divmod(months, 12)
            day = min(now.day, calendar.monthrange(year, month + 1)[1]) if year >= EARLIEST else 0
            since = now.replace(year=year, month=month + 1, day=day)
        else:
            since = now - timedelta(hours=count * {"h": 1, "d": 24, "w": 168}[unit])
    except (ValueError, OverflowError):
        raise Misread(f"{count}{unit} is longer ago than dates go", DATES) from None
    return Moment(since, since, ago=True)


def _date(text: str, year: str, month: str | None, day: str | None, *time: str | None) -> Moment:
    of_year, of_month, of_day = int(year), int(month or 1), int(day or 1)
    if not 1 <= of_month <= 12:
        raise Misread(f"{text} cannot be: there is no month {month}", DATES)
    days = calendar.monthrange(of_year, of_month)[1]
    if not 1 <= of_day <= days:
        raise Misread(f"{text} cannot be: {calendar.month_name[of_month]} {year} has {days} days", DATES)
    start = datetime(of_year, of_month, of_day, tzinfo=UTC)
    if month is None:
        return Moment(start, start.replace(year=of_year + 1))
    if day is None:
        return Moment(start, start + timedelta(days=days))
    hour, minute, second, zone = time
    if hour is None:
        return Moment(start, start + timedelta(days=1))
    return _time(text, start, hour, minute, second, zone)


def _time(text: str, day: datetime, hour: str, minute: str | None, second: str | None, zone: str | None) -> Moment:
    if int(hour) > 23 or int(minute or 0) > 59 or int(second or 0) > 59:
        raise Misread(f"{text} cannot be: there is no such time of day", DATES)
    start = day.replace(hour=int(hour), minute=int(minute or 0), second=int(second or 0))
    if zone and zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        if hours > 14 or minutes > 59:
            raise Misread(f"{text} cannot be: there is no such time zone", DATES)
        start -= timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    span = timedelta(seconds=1) if second else timedelta(minutes=1) if minute else timedelta(hours=1)
    return Moment(start, start + span)
