"""The ranges of facets, what is taken in a query, and how facets ask: pure."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bucketdex.searching.facets.metadata import ends_of, ranges
from bucketdex.searching.facets.ranges import BARS, EARLIEST, LATEST, SIZES, label, moment, span, spans
from bucketdex.searching.facets.taken import Property, alone, fields, most, own, shown
from bucketdex.searching.facets.told import FacetValue
from bucketdex.searching.facets.values import extension
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import Between, Qualifier
from bucketdex.searching.patterns import LONGEST, beginning

EXT, SIZE = Property("ext"), Property("size", is_range=True)


def values(*names: str) -> list[FacetValue]:
    return [FacetValue(name, name, 10 - number, "") for number, name in enumerate(names)]


def meant(of: Property, typed: str) -> Between:
    [node] = alone(of, typed).all.nodes
    assert isinstance(node, Qualifier) and isinstance(node.value, Between)
    return node.value


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("cat ", {".csv": "cat ext:.csv", ".gz": "cat ext:.gz"}),
        ("cat", {".csv": "ext:.csv cat"}),
        ("ext:.csv cat", {".csv": "cat", ".gz": "(ext:.csv OR ext:.gz) cat"}),
        ("(ext:.csv OR ext:.tsv)", {".csv": "ext:.tsv", ".gz": "ext:.csv OR ext:.tsv OR ext:.gz", ".tsv": "ext:.csv"}),
        ("-ext:.csv", {".csv": "-ext:.csv ext:.csv", ".gz": "-ext:.csv ext:.gz"}),
        ("(ext:.csv OR cat)", {".csv": "(ext:.csv OR cat) ext:.csv"}),
    ],
)
def test_a_value_is_taken_or_taken_back(text, queries):
    said = own(parse(text), EXT)
    told = {it.value: it for it in shown(said, values(".csv", ".gz"), [7] * len(said.taken))}
    assert {name: told[name].query.strip() for name in queries} == queries
    assert {it.value for it in told.values() if it.selected} == set(said.taken)


def test_what_is_taken_but_not_found_is_shown_to_be_taken_back():
    [there, gone] = shown(own(parse("ext:.nix"), EXT), values(".csv"), [3])
    assert (gone.value, gone.count, gone.selected, gone.query) == (".nix", 3, True, "")
    assert there.query == "ext:.nix OR ext:.csv"


def test_a_range_replaces_the_one_before():
    small, taken = shown(own(parse("x size:1kB..10kB y "), SIZE), values("<1kB", "1kB..10kB"))
    assert (small.query, taken.query) == ("x size:<1kB y ", "x y ")


def test_names_are_narrowed_each_by_itself():
    query = parse("tag.a:1 (tag.b:2 OR tag.b:3) (tag.c:4 OR x) -tag.d:5 meta.e:6")
    assert fields(query, "tag") == ("a", "b")
    assert own(query, Property("tag", "b")).taken == ("2", "3")
    assert written(own(query, Property("tag", "b")).left_out) == "tag.a:1 (tag.c:4 OR x) -tag.d:5 meta.e:6"


def test_values_that_are_taken_are_shown_however_rare():
    told = [*values("a", "b", "c"), FacetValue("rare", "rare", 1, "", selected=True)]
    kept, others = most(told, 2)
    assert [it.value for it in kept] == ["a", "rare"] and others == 9 + 8


@given(st.floats(EARLIEST.timestamp(), LATEST.timestamp()), st.integers(0, 10**6))
@example(datetime(2024, 1, 31, tzinfo=UTC).timestamp(), 0)
@example(EARLIEST.timestamp(), 10**6)
def test_spans_follow_each_other_from_the_first_moment_to_the_last(seconds, days):
    first, last = moment(seconds * 1000), min(moment((seconds + days * 86_400) * 1000), LATEST)
    read = [meant(Property("meta", "taken", is_range=True), typed) for typed in spans(first, last)]
    assert 1 <= len(read) <= BARS
    assert read[0].low <= first and last < read[-1].high
    assert all(one.high == other.low for one, other in pairwise(read))


@pytest.mark.parametrize(
    ("start", "interval", "typed"),
    [
        ("2024-01-01", "1M", "2024-01"), ("2024-01-01", "3M", "2024-01..2024-03"),
        ("2024-11-01", "3M", "2024-11..2025-01"),
        ("2020-01-01", "5y", "2020..2024"), ("2024-01-01", "1y", "2024"),
        ("2024-02-26", "7d", "2024-02-26..2024-03-03"),
        ("2024-01-01T12:00", "12h", "2024-01-01T12..2024-01-01T23"),
        ("2024-01-01T12:30", "30m", "2024-01-01T12:30..2024-01-01T12:59"),
    ],
)  # fmt: skip
def test_a_bar_is_typed_as_the_span_that_it_is(start, interval, typed):
    since = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert span(since, interval) == typed
    assert meant(Property("modified", is_range=True), typed).low == since


def test_sizes_go_from_nothing_to_anything():
    read = [meant(SIZE, typed) for typed in SIZES]
    assert read[0].low is None and read[-1].high is None
    assert [it.high for it in read[:-1]] == [it.low for it in read[1:]] == [10.0**power for power in range(3, 13)]
    assert [label(it) for it in (SIZES[0], SIZES[1], SIZES[-1])] == ["under 1 kB", "1 kB – 10 kB", "from 1 TB"]
    assert label("2024-01..2024-03") == "2024-01 – 2024-03" and label(">3.5") == ">3.5"


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=30))
@example([0.1, 0.2, 0.30000000000000004])
@example([5.0])
@example([0.0])
@example([-3.0, 1e12])
def test_every_number_is_in_a_range_that_the_search_reads_alike(numbers):
    ordered = sorted(numbers)
    low, high = ordered[len(ordered) // 20], ordered[len(ordered) * 19 // 20]
    told = ranges(ordered[0], low, high, ordered[-1])
    assert 1 <= len(told) <= 10
    for number in numbers:
        inside = [it for it in told if ends_of(it).get("from", -1e99) <= number < ends_of(it).get("to", 1e99)]
        assert inside, (number, told)
    for typed in told:
        read, ends = meant(Property("meta", "x", is_range=True), typed), ends_of(typed)
        assert read.low == ends.get("from") or (read.low is None and "from" not in ends)
        assert (read.high is None) == ("to" not in ends)


def test_an_extension_is_meant_with_its_dot_and_in_small_letters():
    assert extension("CSV") == extension(".csv") == ".csv"


def test_a_pattern_takes_marks_as_they_are_and_letters_in_capitals_or_not():
    assert beginning("a.b=é*") == {"include": r"[Aa]\.[Bb]=[Éé]\*.*"}
    assert beginning("ß") == {"include": "ß.*"}
    assert beginning("") == beginning("." * LONGEST) == {}
