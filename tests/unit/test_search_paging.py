"""Cursors go with their question, and orders are total."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.errors import Permanent
from bucketdex.searching import paging
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


@pytest.mark.parametrize("after", [[], [{}], [2**63], [[1]]])
def test_a_forged_place_is_refused(after):
    page = [paging.first(Question(), NOW).binding, NOW, {}, after, None]
    text = paging.urlsafe_b64encode(json.dumps(page, default=str).encode()).decode()
    with pytest.raises(Permanent, match="no cursor"):
        paging.asked_for(Question(cursor=text))


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
