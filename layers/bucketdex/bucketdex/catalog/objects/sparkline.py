"""How often an object was read, day by day, as a small picture and in words."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from bucketdex.catalog import formats
from bucketdex.searching.reads import Readings

DAYS = 90
BAR, GAP, HIGH = 4.0, 1.0, 36.0
LEAST = 2.0  # that a day with reads is high


class Bar(msgspec.Struct, frozen=True):
    """A day with reads."""

    x: float
    y: float
    height: float


class Sparkline(msgspec.Struct, frozen=True):
    """The days with reads, as bars in a picture of `wide` by `high`, and what it says in words."""

    bars: tuple[Bar, ...]
    said: str
    wide: float = DAYS * BAR
    high: float = HIGH


def sparkline(found: Readings, today: date) -> Sparkline:
    """Return the picture of the last 90 days."""
    first = today - timedelta(days=DAYS - 1)
    counts = {date.fromisoformat(it.day): it.count for it in found.days}
    return Sparkline(tuple(_bars(counts, first)), _said(found))


def _bars(counts: dict[date, int], first: date) -> Iterable[Bar]:
    most = max(counts.values(), default=0)
    for day, count in sorted(counts.items()):
        place = (day - first).days
        if 0 <= place < DAYS and count:
            height = round(max(LEAST, count * HIGH / most), 1)
            yield Bar(round(place * BAR, 1), round(HIGH - height, 1), height)


def _said(found: Readings) -> str:
    if not found.total:
        return f"Reads per day in the last {DAYS} days: none"
    peak = max(found.days, key=lambda it: it.count)
    return (
        f"Reads per day in the last {DAYS} days: {found.total:,} in all, on {formats.plural(len(found.days), 'day')}; "
        f"most on {peak.day}: {peak.count:,}"
    )
