"""The columns of a table are what the first line of it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.objects.columns import LONGEST_NAME, MOST_COLUMNS, columns


@pytest.mark.parametrize(
    ("extension", "text", "named"),
    [
        (".csv", "species,bill_length_mm\nAdelie,39.1\n", ("species", "bill_length_mm")),
        (".csv", "species;bill, in mm;sex\nAdelie;39,1;f\n", ("species", "bill, in mm", "sex")),
        (".csv", '"gene, name",count\n', ("gene, name", "count")),
        (".csv", "# made by hand\n\n# twice\na,b\n", ("a", "b")),
        (".csv", "a,,b,a\n", ("a", "b")),
        (".csv", "1,2.5,-3e4\n4,5,6\n", ()),
        (".csv", "", ()),
        (".csv", "\n\n", ()),
        (".csv", "only one\n1\n", ("only one",)),
        (".csv", "遺伝子|数\n", ("遺伝子", "数")),
        (".tsv", "a, b\tc\n", ("a, b", "c")),
        (".tab", "a\tb\r\n1\t2\r\n", ("a", "b")),
        (".txt", "a,b\n", ()),
        ("", "a,b\n", ()),
    ],
)
def test_a_table_has_the_columns_that_its_header_names(extension, text, named):
    assert columns(extension, text) == named


def test_they_are_bounded():
    many = columns(".csv", ",".join(f"column {number}" for number in range(2 * MOST_COLUMNS)))
    assert len(many) == MOST_COLUMNS
    assert columns(".csv", "x" * 1_000 + ",b") == ("x" * LONGEST_NAME, "b")
    assert columns(".csv", "x" * 200_000) == ("x" * LONGEST_NAME,)


@given(st.sampled_from([".csv", ".tsv"]), st.text())
def test_any_text_has_some_or_none(extension, text):
    assert all(0 < len(name) <= LONGEST_NAME for name in columns(extension, text))
