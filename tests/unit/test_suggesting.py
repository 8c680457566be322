"""What is being typed, what it may become without anything being asked for, and how far words are apart: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.searching.language.parsing import parse
from bucketdex.searching.language.qualifiers import QUALIFIERS
from bucketdex.searching.language.syntax import Qualifier, Query
from bucketdex.searching.suggesting.known import DATES, SIZES, qualifiers, values
from bucketdex.searching.suggesting.near import edits
from bucketdex.searching.suggesting.places import folders_of
from bucketdex.searching.suggesting.typing import completed, typing


@pytest.mark.parametrize(
    ("text", "before", "name", "field", "word"),
    [
        ("pen", "", None, None, "pen"), ("cat ext:.c", "cat ", "ext", None, ".c"), ("-by:", "-", "by", None, ""),
        ("(a OR tag.stage:r", "(a OR ", "tag", "stage", "r"), ('meta."Plate Nr":7', "", "meta", "Plate Nr", "7"),
        ('meta.x:"two wo', "", "meta", "x", "two wo"), ("registry:la", "", "bucket", None, "la"),
        ("gene:BR", "", None, None, "gene:BR"), ("Ext:c", "", "ext", None, "c"),
        ("meta.pl", "", None, None, "meta.pl"),
    ],
)  # fmt: skip
def test_the_last_word_is_told_from_what_stands_before_it(text, before, name, field, word):
    typed = typing(text)
    assert (typed.before, typed.name, typed.field, typed.word) == (before, name, field, word)


@pytest.mark.parametrize("text", ["", " ", "cat ", '"a phr', '"a phrase"', 'by:"anna"', "(cat)", "x" * 501, "a\ud800"])
def test_nothing_is_being_typed(text):
    assert typing(text) is None


def test_an_alternative_is_not_narrowed_by_what_stands_before_it():
    assert typing("cat OR do").rest == Query() and typing("cat do").rest == parse("cat ")
    assert typing("size:>> cat do").rest == typing("cat do").rest  # a mistake before it is passed over


@given(
    st.sampled_from(("by", "key", "package", "meta", "tag")),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]) | st.sampled_from(' "()<>='), min_size=1),
)  # fmt: skip
def test_what_is_completed_is_read_as_that_value(name, value):
    if not value.strip('"“”„ ') or len(value) > 300:
        return
    field = "a b" if QUALIFIERS[name].fields else None
    text = completed(typing("cat -x"), name, value, field)
    assert text.startswith("cat -")
    [*_, last] = parse(text.replace("-", "", 1)).all.nodes
    assert isinstance(last, Qualifier) and (last.name, last.field, last.value) == (name, field, value.strip() and value)


def test_qualifiers_are_completed_by_their_names_and_aliases():
    assert [it.query for it in qualifiers(typing("cat me"))] == ["cat meta."]
    assert [it.text for it in qualifiers(typing("reg"))] == ["bucket:"]
    assert [it.text for it in qualifiers(typing("S"))] == ["size:"] and qualifiers(typing("SIZE")) == []
    assert all(it.detail for it in qualifiers(typing("t")))


def test_every_size_date_and_choice_is_read():
    for text in ("size:", "modified:", "type:"):
        for it in values(typing(text)):
            parse(it.query)
    assert len(values(typing("size:"))) == len(SIZES) and len(values(typing("modified:"))) == len(DATES)
    assert [it.query for it in values(typing("a type:P"))] == ["a type:package"]


def test_folders_are_named_by_the_word_or_begin_with_the_path():
    assert list(folders_of("runs/2024/runs-b/x.csv", "run")) == ["runs/", "runs/2024/runs-b/"]
    assert list(folders_of("runs/2024/b/x.csv", "runs/2")) == ["runs/2024/", "runs/2024/b/"]
    assert list(folders_of("x.csv", "x")) == []


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("penguin", "penguin", 0), ("pengiun", "penguin", 1), ("", "abc", 3), ("clinet", "clint", 1),
    ("ab", "ba", 1), ("a", "b", 1)],
)  # fmt: skip
def test_words_are_as_far_apart_as_they_have_to_be_edited(one, other, far):
    assert edits(one, other) == edits(other, one) == far
