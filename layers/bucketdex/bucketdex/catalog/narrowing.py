"""The facets beside the hits: which can narrow a search, how their values are called, and the way to more of them."""

import re
from collections.abc import Sequence

import msgspec

from bucketdex.catalog import links
from bucketdex.searching.facets import DEFAULT, Facet, Facets, FacetValue
from bucketdex.searching.facets.taken import fields
from bucketdex.searching.language.syntax import Query

VALUES = 6  # of a facet
ALL_VALUES = 100  # of the facet that was opened
SHORT = 5  # values that are seen before the rest is opened
MOST_NAMES = 3  # of metadata, whose values are told when the search is narrowed by them
OFTEN_ONE = frozenset({"bucket", "class", "modified"})  # facets, of which one value says nothing
OF_META = "meta."
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TYPED = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d(?::\d\d){0,2}))?)?)?")


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A facet as it is shown: its first values, and the others. `bars` is how all of it is distributed.

    `other` is the count of what is not told, and `more` the address that tells it; `fewer` leads back.
    """

    name: str
    title: str
    values: Sequence[FacetValue]
    rest: Sequence[FacetValue] = ()
    bars: Sequence[int] = ()
    other: int = 0
    more: str = ""
    fewer: str = ""


def wanted(query: Query) -> tuple[str, ...]:
    """Return the facets that a search has: with the values of the metadata that it is narrowed by."""
    return (*DEFAULT, *(f"{OF_META}{name}" for name in fields(query, "meta")[:MOST_NAMES]))


def opened(asked: str, query: Query) -> str:
    """Return the facet that is to be told with all of its values; "" where there is no such one."""
    return asked if asked in wanted(query) and asked != "kind" else ""


def columns(counted: Facets | None, text: str = "", sort: str = "", wide: Facet | None = None) -> list[Column]:
    """Return the facets that can narrow the search; `wide` is the one that was opened. Kinds are tabs."""
    told = [wide if wide and it.name == wide.name else it for it in counted.facets] if counted else []
    made = [_column(it, text, sort, opened=it is wide) for it in told if it.name != "kind" and _narrowing(it)]
    return [it for it in made if it.values]


def _narrowing(facet: Facet) -> bool:
    selected = any(value.selected for value in facet.values)
    return selected or len(facet.values) > 1 or (len(facet.values) == 1 and facet.name not in OFTEN_ONE)


def _column(facet: Facet, text: str, sort: str, *, opened: bool) -> Column:
    values = facet.values
    if facet.form == "histogram":
        values = [msgspec.structs.replace(it, label=called(it.value)) for it in _between(values)]
    bars = [it.count for it in values] if facet.form != "values" and len(values) > 2 else []
    listed = [it for it in values if it.count or it.selected or facet.form == "values"]
    listed = listed[::-1] if facet.form == "histogram" else listed
    short = len(listed) if opened or len(listed) <= SHORT + 2 else SHORT
    return Column(
        name=facet.name,
        title=f"Metadata: {facet.title}" if facet.name.startswith(OF_META) else facet.title,
        values=listed[:short],
        rest=listed[short:],
        bars=bars,
        other=facet.other,
        more=links.search(text, sort, opened=facet.name) if facet.other and not opened else "",
        fewer=links.search(text, sort) if opened else "",
    )


def _between(values: Sequence[FacetValue]) -> Sequence[FacetValue]:
    """Return the values without those at the ends that nothing has."""
    there = [place for place, it in enumerate(values) if it.count or it.selected]
    return values[there[0] : there[-1] + 1] if there else ()


def called(typed: str) -> str:
    """Return a time or a span of time as people say it: `Nov 2023 – Jan 2024` for `2023-11..2024-01`."""
    split = typed.split("..")
    ends = [found for it in split if (found := TYPED.fullmatch(it)) and 1 <= int(found[2] or 1) <= 12]
    if len(ends) < len(split) or len(ends) > 2:
        return typed
    if len(ends) == 1 and not ends[0][4]:
        return _joined(_parts(ends[0], ""))
    before, after = _parts(ends[0], ":00"), _parts(ends[-1], ":59")
    if before == after:
        return _joined(before)
    if before[3] and before[:3] == after[:3]:
        return f"{_joined(before)} – {after[3]}"
    # What both ends have in common is told with the second.
    if not before[3] and before[0] == after[0]:
        before = ("", "" if before[2] and before[1] == after[1] else before[1], before[2], "")
    return f"{_joined(before)} – {_joined(after)}"


def _parts(found: re.Match[str], minutes: str) -> tuple[str, str, str, str]:
    """Return year, month, day and time, of an hour with its minutes."""
    year, month, day, time = found.groups(default="")
    clock = time if not time or ":" in time else f"{time}{minutes}"
    return year, MONTHS[int(month) - 1] if month else "", day.lstrip("0"), clock


def _joined(parts: tuple[str, str, str, str]) -> str:
    year, month, day, time = parts
    date = " ".join(filter(None, (day, month, year)))
    return f"{date}, {time}" if time else date
