"""`quilt_summarize.json`: as Quilt's documentation writes it, and as people do."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bucketdex.catalog.summarize import MOST_ITEMS, Item, summarized


def test_names_objects_and_rows() -> None:
    told = summarized(
        json.dumps(
            [
                "README.md",
                {
                    "path": "plots/a.json",
                    "title": "A plot",
                    "description": "of *a*",
                    "types": ["vega", {"name": "json", "style": {}}],
                    "expand": True,
                },
                [{"path": "left.csv", "width": "25%"}, "./right.csv"],
                [{"path": "a", "width": "calc(50% - 8px)"}, {"path": "b", "width": "200px"}, {"path": "c", "width": 3}],
            ]
        )
    )
    assert told.problems == ()
    assert told.rows == (
        (Item("README.md"),),
        (Item("plots/a.json", "A plot", "of *a*", 12, ("vega", "json"), True),),
        (Item("left.csv", width=3), Item("right.csv", width=9)),
        (Item("a", width=6), Item("b", width=3), Item("c", width=3)),
    )


def test_what_is_wrong_is_told_and_the_rest_is_shown() -> None:
    told = summarized(
        '["a", 3, {"title": "no path"}, {"path": "../secret"}, [],'
        ' {"path": "b", "title": 5, "types": "vega", "width": []}]'
    )
    assert [item.path for row in told.rows for item in row] == ["a", "b"]
    assert len(told.problems) == 3 and "Row 2" in told.problems[0] and "../secret" in told.problems[2]
    assert summarized("[").problems[0].startswith("quilt_summarize.json is not valid JSON: ")
    assert summarized("[" * 100_000).problems
    assert summarized('{"path": "a"}').problems == ("quilt_summarize.json is not a list of files.",)


def test_it_is_bounded() -> None:
    told = summarized(json.dumps([f"{at}" for at in range(100)]))
    assert (len(told.rows), told.problems) == (MOST_ITEMS, (f"Only the first {MOST_ITEMS} files are shown.",))
    told = summarized(json.dumps([[f"{at}" for at in range(100)]]))
    assert len(told.rows[0]) == MOST_ITEMS and "names 100 files" in told.problems[0]
    told = summarized(json.dumps([*map(str, range(15)), [f"{at}" for at in range(15, 25)]]))
    assert sum(map(len, told.rows)) == MOST_ITEMS and told.problems == ("Row 16 is cut: it names 10 files.",)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda it: st.lists(it) | st.dictionaries(st.sampled_from(["path", "width", "types", "a"]), it),
    )
)
def test_any_json_has_a_summary(value: object) -> None:
    told = summarized(json.dumps(value))
    assert sum(map(len, told.rows)) <= MOST_ITEMS
    assert all(1 <= item.width <= 12 and ".." not in item.path.split("/") for row in told.rows for item in row)
