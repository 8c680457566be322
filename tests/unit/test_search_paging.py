"""Cursors go with their question, and orders are total."""

import re
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.errors import Permanent
from bucketdex.searching import paging
from bucketdex.searching.details.cursors import after, cursor_of
from bucketdex.searching.paging import Page
from bucketdex.searching.query.sorting import BY, comes_before, order_of
from bucketdex.searching.question import SORTS, Question

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_cursor_goes_with_its_question_only():
    asked = Question("penguins", 10, ("b", "a"), ("package", "object"), "newest")
    page = Page(paging.first(asked, NOW).binding, NOW, {"object": 3}, [1.5, None, "k", -(2**63)], "point")
    text = paging.cursor(page)
    assert re.fullmatch(r"[\w-]+", text, re.ASCII)
    same = Question("penguins", 50, ("a", "b"), ("object", "package"), "newest", text, snapshot=True, highlights=False)
    assert paging.asked_for(same) == page
    for other in (Question("penguin", cursor=text), Question("penguins", 10, ("a",), asked.kinds, "newest", text),
                  Question("penguins", 10, ("a", "b"), asked.kinds, "oldest", text)):  # fmt: skip
        with pytest.raises(Permanent, match="of another search"):
            paging.asked_for(other)


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda raw: paging.urlsafe_b64encode(raw).decode())))
def test_whatever_is_no_cursor_is_refused(text):
    with pytest.raises(Permanent, match="no cursor"):
        paging.asked_for(Question(cursor=text or "x"))


@pytest.mark.parametrize(
    ("now", "totals", "place"),
    [
        *((NOW, {}, place) for place in ([], [{}], [2**63], [[1]], [float("nan")], [float("inf")])),
        *((now, {}, [1]) for now in (NOW.replace(year=1, month=1), NOW.replace(year=9999), NOW.replace(tzinfo=None))),
        *((NOW, totals, [1]) for totals in ({"object": -1}, {"object": 2**63}, {"table": 1})),
    ],
)
def test_a_forged_page_is_refused(now, totals, place):
    page = [paging.first(Question(), NOW).binding, now, totals, place, None]
    text = paging.urlsafe_b64encode(msgspec.msgpack.encode(page)).decode()
    with pytest.raises(Permanent, match="no cursor"):
        paging.asked_for(Question(cursor=text))


def test_a_place_has_a_value_for_each_field_of_the_order_and_a_score():
    order = order_of("relevance", has_words=True)
    for place in ([1.0], [None] * len(order)):
        with pytest.raises(Permanent, match="no cursor"):
            paging.check_place(Page("", NOW, after=place), order)
    paging.check_place(Page("", NOW, after=[1.0, *[None] * (len(order) - 1)]), order)


def test_a_cursor_is_short_enough_whatever_the_keys_are_called():
    worst, point = "\0" * 1024, "x" * 5_000
    assert len(paging.cursor(Page("b" * 16, NOW, {}, [1.0, worst, worst], point))) < paging.LONGEST
    about = f"entries {'b' * 63} {'4f' * 32} {worst}"
    assert len(cursor_of(about, [worst, 1])) < paging.LONGEST
    assert after(about, cursor_of(about, [worst, 1]), (str, int)) == [worst, 1]


def test_an_answer_stays_the_same_for_a_minute():
    assert paging.first(Question(), NOW.replace(second=59, microsecond=1)) == paging.first(Question(), NOW)


def test_every_order_is_total_and_knows_what_comes_first():
    assert set(BY) == set(SORTS)
    for sort in SORTS:
        names = [name for name, _, _ in order_of(sort, has_words=True)]
        assert len(set(names)) == len(names) and {"key", "logical_key", "bucket", "top_hash"} <= set(names)
    assert order_of("relevance", has_words=False) == order_of("newest", has_words=False)
    order = (("_score", "float", "desc"), ("key", "keyword", "asc"))
    assert comes_before([2.0, "b"], [1.0, "a"], order) and comes_before([1.0, "a"], [1.0, "b"], order)
    assert comes_before([1.0, "a"], [1.0, None], order) and not comes_before([1.0, None], [1.0, "a"], order)
    assert not comes_before([1.0, "a"], [1.0, "a"], order)
