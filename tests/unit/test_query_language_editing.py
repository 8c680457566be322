"""Queries made from queries, as facets do: one value more, one less, another range."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bucketdex.searching.language.editing import selected, with_range, with_value, without, without_value
from bucketdex.searching.language.parsing import QuerySyntaxError, parse
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.qualifiers import QUALIFIERS

VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() and text.count("*") < 2
)
ODD = st.text(st.sampled_from('ab7.*"“”„ \t\n,|()<>=-:/\\MBd\ud800\u00a0é'), max_size=6) | st.text(max_size=6)
PROPERTIES = [*((name, None) for name in QUALIFIERS), ("meta", "x"), ("tag", 'odd "name (')]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("a", ()), ("ext:csv a", (".csv",)), ("(ext:csv OR ext:tsv) a", (".csv", ".tsv")), ("-ext:csv", ()),
        ("ext:csv OR a", ()), ("ext:csv ext:gz", (".csv", ".gz")), ("(a ext:csv) OR b", ()),
    ],
)  # fmt: skip
def test_what_is_selected_stands_at_the_top(text, chosen):
    assert selected(parse(text), "ext") == chosen


def test_values_are_added_as_alternatives_and_taken_out_again():
    query = parse("penguins ")
    one = with_value(query, "ext", "CSV")
    two = with_value(one, "ext", ".tsv")
    assert written(one) == "penguins ext:.csv" and written(two) == "penguins (ext:.csv OR ext:.tsv)"
    assert with_value(two, "ext", "csv") == two
    assert without_value(two, "ext", "tsv") == one and without_value(one, "ext", ".csv") == query
    assert without(two, "ext") == query and without_value(query, "ext", ".csv") == query


def test_a_word_that_goes_on_stays_last():
    query = with_value(parse("big pengu"), "bucket", "lab")
    assert written(query) == "big bucket:lab pengu" and query.unfinished
    assert without(query, "bucket") == parse("big pengu")
    assert not without(parse("pengu ext:csv"), "ext").unfinished


def test_fields_are_told_apart():
    query = parse("meta.a:x meta.b:y tag.a:z")
    assert (
        selected(query, "meta", "a") == ("x",) and selected(query, "tag", "a") == ("z",) and not selected(query, "meta")
    )
    assert written(without(query, "meta", "b")) == "meta.a:x tag.a:z"
    assert written(with_value(query, "meta", "w", "b")) == "meta.a:x (meta.b:y OR meta.b:w) tag.a:z"


def test_a_range_replaces_what_was_there():
    query = with_range(parse("(size:1MB OR size:2MB) a "), "size", "1MB..10MB")
    assert written(query) == "size:1MB..10MB a " and selected(query, "size") == ("1MB..10MB",)
    assert written(with_range(query, "size", ">1GB")) == "size:>1GB a "
    assert written(with_range(query, "meta", "1..3", "dose")) == "size:1MB..10MB a meta.dose:1..3"
    with pytest.raises(QuerySyntaxError, match="is not a size"):
        with_range(query, "size", "many")
    with pytest.raises(QuerySyntaxError, match='there is no type "x"'):
        with_value(query, "type", "x")


def test_alternatives_that_are_left_alone_are_one_value():
    assert written(without_value(parse("(ext:a OR ext:b OR ext:c) x "), "ext", "b")) == "(ext:.a OR ext:.c) x "
    assert written(without_value(parse("ext:a ext:b x "), "ext", "b")) == "ext:.a x "


@given(st.sampled_from(PROPERTIES), ODD, ODD, st.sampled_from(["", "mb", "d ", "ext:csv", "a OR b", "10:30 7"]))
@example(("ext", None), "a,b", "|", "")
@example(("meta", "x"), "", " ", "")
@example(("size", None), "10", "2", "mb")
@example(("modified", None), "2024", "2023..2024", "d x")
def test_what_is_written_with_a_value_that_is_chosen_is_never_refused(of, value, other, text):
    name, field = of
    query = parse(text)
    for chosen in (value, other):
        try:
            query = with_value(query, name, chosen, field)
        except QuerySyntaxError:
            return  # that no query has it is said at once
        assert written(parse(written(query))) == written(query)
        assert selected(parse(written(query)), name, field) == selected(query, name, field)


@given(VALUES, VALUES, st.sampled_from([("key", None), ("meta", "plate well"), ("tag", "x"), ("by", None)]))
def test_any_value_that_is_chosen_can_be_written_read_and_taken_out(value, other, of):
    name, field = of
    query = parse("a pengu")
    narrowed = with_value(with_value(query, name, value, field), name, other, field)
    assert parse(written(narrowed)) == narrowed
    assert len(selected(narrowed, name, field)) == len({value, other}) or "*" in value + other
    assert without_value(without_value(narrowed, name, value, field), name, other, field) == query
