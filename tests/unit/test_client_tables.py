"""What a search found as tables, and how it is distributed."""

import json
from datetime import UTC, datetime

import pytest

import bucketdex
from client_answers import OBJECT, all_kinds, page
from recorded_api import api

__all__ = ["api"]  # a fixture


def test_a_dataframe_has_integers_times_and_lists(api):
    frame = all_kinds(api).to_pandas()
    assert frame["kind"].tolist() == ["package", "entry", "object"]
    assert frame["size"].dtype == "Int64" and frame["size"].tolist()[1:] == [3, 2**53 + 1]
    assert frame["size"].isna().tolist() == [True, False, False]
    assert str(frame["modified"].dtype) == "datetime64[us, UTC]"
    assert frame["modified"][2] == datetime(2026, 1, 1, tzinfo=UTC)
    assert frame["metadata"].tolist() == [[], [], ["plate=7"]] and frame["latest"].dtype == "boolean"
    assert frame["uri"][2] == "s3://lab/a%20b/c%2B.csv?versionId=v1" and "highlights" not in frame
    assert frame["hash"][1] == "SHA256:ff" and frame["written_by"][2] == "lab" and frame["packages"][2] == ["bio/x"]
    assert list(frame.columns[:3]) == ["kind", "uri", "bucket"]


def test_an_author_may_be_without_a_name(api):
    api.body = json.dumps(page([], 1) | {"hits": [OBJECT | {"written_by": {"type": "AssumedRole"}}]})
    results = bucketdex.search("x", kinds="object")
    assert results.to_pandas()["written_by"].isna().tolist() == [True]
    assert results.to_arrow()["written_by"].to_pylist() == [None]


def test_an_arrow_table_has_the_same_columns_and_values(api):
    results = all_kinds(api)
    table, frame = results.to_arrow(), results.to_pandas()
    assert table.column_names == list(frame.columns) and len(api.asked) == 1
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert types["size"] == types["total_bytes"] == "int64" and types["modified"] == "timestamp[us, tz=UTC]"
    assert types["metadata"] == types["handles"] == "list<item: string>" and types["verified"] == "bool"
    assert table["size"].to_pylist() == [None, 3, 2**53 + 1]


def test_columns_are_those_of_the_kinds_that_were_asked_for_also_of_nothing(api):
    api.body = json.dumps({"total": 0, "totals": {}, "hits": []})
    packages = bucketdex.search("x", kinds="package")
    assert len(packages.to_pandas()) == packages.to_arrow().num_rows == 0
    assert {"handle", "top_hash"} < set(packages.to_arrow().column_names)
    assert not {"key", "physical_key"} & set(packages.to_arrow().column_names)


def test_all_of_it_is_asked_for_as_of_one_moment_from_the_first_page_on(api):
    api.told["/api/search"] = [page(["a"], 2, "1"), page(["b"], 2)]
    assert bucketdex.search("x").to_arrow()["key"].to_pylist() == ["a", "b"]
    assert [dict(api.fields(it))["snapshot"] for it in range(len(api.asked))] == ["true", "true"]


def test_a_limit_bounds_what_is_fetched(api):
    api.told["/api/search"] = [page(["a", "b"], 9, "1")]
    assert len(bucketdex.search("x").to_pandas(2)) == 2 and len(api.asked) == 1


@pytest.mark.parametrize(("library", "method"), [("pandas", "to_pandas"), ("pyarrow", "to_arrow")])
def test_a_library_that_is_not_installed_is_named(api, monkeypatch, library, method):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    results = all_kinds(api)
    with pytest.raises(bucketdex.SearchError, match=f"{method} needs the Python package {library}: pip install"):
        getattr(results, method)()


def test_facets_are_told_by_name(api):
    value = {"value": ".csv", "label": ".csv", "count": 3, "selected": False, "query": "x ext:.csv"}
    facet = {"name": "ext", "title": "Extension", "form": "values", "values": [value], "other": 2}
    api.told["/api/facets"] = [{"total": 5, "facets": [facet], "of tomorrow": 1}]
    facets = bucketdex.search("x", kinds="object").facets()
    assert api.fields() == [("q", "x"), ("kind", "object")]
    assert facets.total == 5 and facets["ext"].counts == {".csv": 3} and facets["ext"].values[0].query == "x ext:.csv"
    assert str(facets) == "5 found\n  Extension: .csv 3, others 2"
    with pytest.raises(KeyError):
        facets["nope"]
