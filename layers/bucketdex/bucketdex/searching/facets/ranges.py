"""Sizes by powers of ten, and dates by months or whatever fits; each range as it is typed behind a qualifier."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from bucketdex.index.generations import PACKAGES_ALIAS
from bucketdex.searching.facets.asking import Asking, Part
from bucketdex.searching.facets.taken import Property, alone, own, shown
from bucketdex.searching.facets.told import Facet, FacetValue
from bucketdex.searching.language.syntax import Between, Qualifier, Query

BOUNDS = ("1kB", "10kB", "100kB", "1MB", "10MB", "100MB", "1GB", "10GB", "100GB", "1TB")
SIZES = (f"<{BOUNDS[0]}", *(f"{low}..{high}" for low, high in pairwise(BOUNDS)), f">={BOUNDS[-1]}")
FILES = {"bool": {"must_not": {"prefix": {"_index": f"{PACKAGES_ALIAS}-"}}}}
PACKAGES = {"prefix": {"_index": f"{PACKAGES_ALIAS}-"}}
FIELDS = ("size", "total_bytes")  # of either
BARS = 24  # of a histogram, at most
# As OpenSearch writes them: `M` is a month, `m` a minute.
FORMS = {"y": "%Y", "M": "%Y-%m", "d": "%Y-%m-%d", "h": "%Y-%m-%dT%H", "m": "%Y-%m-%dT%H:%M", "s": "%Y-%m-%dT%H:%M:%S"}
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
INTERVALS = ("1d", "7d", "1M", "3M", "12M", "60M", "120M", "1200M")
EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)  # that can be typed


def of_size(query: Query) -> Asking[Facet]:
    """Count sizes: of a file its own, of a package that of all its entries."""
    said = own(query, Property("size", is_range=True))
    of_kinds = {"filters": {"filters": [FILES, PACKAGES]}, "aggs": {it: _in_ranges(it) for it in FIELDS}}
    [answer] = yield [Part(said.left_out, of_kinds, said.each)]
    found: Counter[str] = Counter()
    for of_kind, field in zip(answer.buckets, FIELDS, strict=False):
        found.update({it["key"]: it["doc_count"] for it in of_kind[field]["buckets"]})
    values = [FacetValue(it, label(it), found[it], "") for it in SIZES if found[it] or it in said.taken]
    return Facet("size", "Size", "ranges", shown(said, values, answer.each))


def of_modified(query: Query) -> Asking[Facet]:
    """Count when objects and packages were written, in as many spans of time as fit."""
    said = own(query, Property("modified", is_range=True))
    spans = {"auto_date_histogram": {"field": "modified", "buckets": BARS, "minimum_interval": "minute"}}
    [answer] = yield [Part(said.left_out, spans, said.each)]
    values = bars(answer.aggregation)
    return Facet("modified", "Modified", "histogram", shown(said, values, answer.each))


def bars(aggregation: dict[str, Any]) -> list[FacetValue]:
    """Return the bars of an `auto_date_histogram`."""
    interval = aggregation.get("interval", "1d")
    spans = [(span(moment(it["key"]), interval), it["doc_count"]) for it in aggregation.get("buckets", ())]
    return [FacetValue(typed, label(typed), count, "") for typed, count in spans]


def spans(first: datetime, last: datetime) -> list[str]:
    """Return the spans of time that go from one to the other, at most as many as a histogram has, as they are typed.

    Years are told by their months, since a year alone may be a number.
    """
    first, last = max(first, EARLIEST), min(last, LATEST)
    for interval in INTERVALS:
        found: list[str] = []
        start = _aligned(first, interval)
        while start <= last and len(found) <= BARS:
            found.append(span(start, interval))
            start = _later(start, interval)
        if len(found) <= BARS:
            return found
    raise AssertionError(f"the longest interval spans all dates: {first} {last}")


def span(since: datetime, interval: str) -> str:
    """Return the span of `interval` (`7d`, `3M`) that begins then, as it is typed."""
    form = FORMS[interval[-1]]
    last = min(_later(since, f"{int(interval[:-1]) - 1}{interval[-1]}"), LATEST)
    first, until = since.strftime(form), last.strftime(form)
    return first if first == until else f"{first}..{until}"


def moment(milliseconds: float) -> datetime:
    """Return the moment that OpenSearch means."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def label(typed: str) -> str:
    """Return a range as it is shown: `1 kB - 10 kB`, with a dash."""
    return " – ".join(_spaced(end) for end in typed.split(".."))


def _in_ranges(field: str) -> dict[str, Any]:
    return {"range": {"field": field, "ranges": [{"key": it} | _ends(it) for it in SIZES]}}


def _ends(typed: str) -> dict[str, float]:
    """Return from where (included) to where (left out) a range goes, as the search reads it."""
    match alone(Property("size", is_range=True), typed).all.nodes:
        case (Qualifier(value=Between(low, high, closed)),):
            ends = {"from": low, "to": high + closed if isinstance(high, float) else None}
            return {way: end for way, end in ends.items() if isinstance(end, float)}
    raise AssertionError(f"{typed} is no range of sizes")


def _spaced(end: str) -> str:
    if not end.endswith("B"):
        return end
    number = end.rstrip("kMGTB")
    sign = {"<": "under ", ">=": "from "}.get(number.rstrip("0123456789."), "")
    return f"{sign}{number.lstrip('<>=')} {end[len(number) :]}"


def _aligned(moment: datetime, interval: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if interval[-1] == "d":
        return day
    months = (day.year * 12 + day.month - 1) // int(interval[:-1]) * int(interval[:-1])
    return day.replace(year=months // 12, month=months % 12 + 1, day=1)


def _later(moment: datetime, interval: str) -> datetime:
    count, unit = int(interval[:-1]), interval[-1]
    if unit in UNITS:
        return moment + count * UNITS[unit]
    year, month = divmod(moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1), 12)
    return moment.replace(year=year, month=month + 1)
