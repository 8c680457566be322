"""Qualifiers that nothing has together are a mistake, wherever that is sure."""

import pytest

from bucketdex.searching.language.parsing import QuerySyntaxError, parse


@pytest.mark.parametrize(
    ("text", "column", "length", "told"),
    [
        ("package:x a column:y", 13, 8, "column: is told of objects, and package: of packages and entries, so"),
        ("type:package column:y", 14, 8, "column: is told of objects, and type:package of packages, so nothing has b"),
        ("type:file type:package", 11, 12, "type:package is told of packages, and type:object of objects, so"),
        ("type:object (type:package OR author:a)", 14, 24, "type:package OR author: is told of packages and entries"),
        ("column:y (package:x z OR a)", 11, 9, "package: is told of"),  # as it is read: package:x (z OR a)
        ("ext:a modified:7d author:a", 19, 8, "author: is told of packages and entries, and ext: of objects and "
         "entries and modified: of objects and packages, so nothing has all of these"),
    ],
)  # fmt: skip
def test_what_nothing_can_have_together_is_pointed_at(text, column, length, told):
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.length) == (column, length) and caught.value.message.startswith(told)


@pytest.mark.parametrize(
    "text",
    [
        "package:x -column:y", "package:x OR column:y", "(column:y x) OR package:x", "package:x (column:y OR meta.a:*)",
        "column:y ((package:x z) OR a)", "-(package:x column:y) z", "type:entry ext:csv author:a",
        "(type:package OR type:object) column:y",
    ],
)  # fmt: skip
def test_what_some_things_may_have_is_no_mistake(text):
    assert parse(text).all.nodes
