"""What `bucketdex search` prints instead of the best hits: all of them, facets, packages that contain an object."""

import csv
import io
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from typer.testing import CliRunner

from bucketdex.cli.main import app
from recorded_api import api
from search_answers import ANSWER, ENTRY, HIT, PACKAGE

__all__ = ["api"]  # a fixture

runner = CliRunner()


@pytest.fixture(autouse=True)
def _answer(api):
    api.body = json.dumps(ANSWER)


CONTAINED = {
    "registry": "lab", "handles": ["bio/penguins"], "top_hash": "ab12cd34ef56" + 52 * "0",
    "logical_key": "images/7.png", "version_id": "v1", "latest": True,
}  # fmt: skip


def test_the_packages_that_contain_an_object_are_shown(api):
    api.body = json.dumps({"total": 1, "packages": [CONTAINED]})
    result = runner.invoke(app, ["search", "--containing", "s3://raw/a b/7.png"])
    asked = urlsplit(api.asked[0])
    assert asked.path == "/api/containing" and parse_qsl(asked.query) == [("bucket", "raw"), ("key", "a b/7.png")]
    assert "bio/penguins" in result.stdout and "images/7.png" in result.stdout and "v1" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 package contains s3://raw/a b/7.png."
    answer = runner.invoke(app, ["search", "--containing", "s3://raw/a b/7.png", "--json"]).stdout
    assert json.loads(answer) == {"total": 1, "packages": [CONTAINED]}
    api.body = json.dumps({"total": 0, "packages": [], "unsearched": 2})
    none, rest = runner.invoke(app, ["search", "--containing", "s3://raw/x"]).stdout.splitlines()
    assert none == "No package contains s3://raw/x." and rest.startswith(
        "Not looked at: 2 revisions whose files are no"
    )


def test_an_address_is_taken_as_manifests_quote_it_or_else_as_it_is(api):
    api.body = json.dumps({"total": 0, "packages": []})
    result = runner.invoke(app, ["search", "--containing", "s3://raw/a%20b?versionId=v1"])
    assert [parse_qsl(urlsplit(asked).query) for asked in api.asked] == [
        [("bucket", "raw"), ("key", "a b"), ("version_id", "v1")],
        [("bucket", "raw"), ("key", "a%20b?versionId=v1")],
    ]
    assert (result.exit_code, result.stdout) == (0, "No package contains s3://raw/a%20b?versionId=v1.\n")


def test_duplicates_are_those_of_the_version_that_is_indexed(api):
    same = {"total": 1, "digests": {"SHA256": "ab"}, "objects": [{"bucket": "raw", "key": "copy"}]}
    indexed = {"v2": {"version_id": "v2"}, "null": {}, "v1": {"version_id": "v2"}}
    for version, told in indexed.items():
        api.told |= {"/api/duplicates": [same], "/api/objects/raw/a%20b%2F7": [told]}
        result = runner.invoke(app, ["search", "--duplicates-of", f"s3://raw/a%20b/7?versionId={version}"])
        assert ("s3://raw/copy" in result.stdout, result.exit_code) == ((False, 1) if version == "v1" else (True, 0))
    assert "of the current version only, which is not v1" in result.stderr
    api.told = {"/api/duplicates": [same]}
    assert runner.invoke(app, ["search", "--duplicates-of", "s3://raw/a b/7"]).exit_code == 0


@pytest.mark.parametrize("arguments", [["fox"], ["--kind", "entry"], ["--bucket", "lab"], ["--size", "3"]])
def test_containing_is_asked_alone(api, arguments):
    result = runner.invoke(app, ["search", "--containing", "s3://raw/k", *arguments])
    assert result.exit_code == 2 and "asked alone" in result.stderr and api.asked == []


@pytest.mark.parametrize("address", ["raw/k", "s3://raw", "s3:///k", "https://raw/k", ""])
def test_containing_takes_the_address_of_an_object(api, address):
    result = runner.invoke(app, ["search", "--containing", address])
    assert result.exit_code == 2 and "s3://bucket/key" in result.stderr and api.asked == []


def test_by_kind_there_are_so_many_of_each(api):
    def of(kind, hit):
        return {"total": 5, "totals": {kind: 5}, "hits": [hit], "cursor": "more"}

    answers = [of("package", PACKAGE), of("entry", ENTRY), of("object", HIT)]
    api.told["/api/search"] = list(answers)
    shown = runner.invoke(app, ["search", "fox", "--by-kind", "-n", "1"]).stdout
    assert [dict(api.fields(it))["kind"] for it in range(3)] == ["package", "entry", "object"]
    assert "5 packages, 5 entries and 5 objects found, the best 3 of them above; --all shows them all." in shown
    api.told["/api/search"] = answers[1:]
    result = json.loads(
        runner.invoke(app, ["search", "fox", "--by-kind", "-k", "object", "-k", "entry", "--json"]).stdout
    )
    assert (result["total"], result["totals"]) == (10, {"entry": 5, "object": 5}) and len(result["hits"]) == 2
    nothing = {"total": 0, "totals": {}, "hits": []}
    api.told["/api/search"] = [nothing, nothing | {"did_you_mean": "b"}, nothing | {"did_you_mean": "c"}]
    assert "Did you mean: bucketdex search b\n" in runner.invoke(app, ["search", "fox", "--by-kind"]).stdout
    api.told["/api/search"] = [nothing | {"did_you_mean": "b"}, answers[1], nothing]
    assert "Did you mean" not in runner.invoke(app, ["search", "fox", "--by-kind"]).stdout


def test_all_hits_come_page_by_page_as_lines_of_json_or_tables(api):
    pages = [ANSWER | {"hits": [HIT, ENTRY], "cursor": "1"}, ANSWER | {"hits": [PACKAGE]}]
    api.told["/api/search"] = list(pages)
    result = runner.invoke(app, ["search", "fox", "--all", "--json"])
    assert [json.loads(line) for line in result.stdout.splitlines()] == [HIT, ENTRY, PACKAGE]
    assert [dict(api.fields(it)).get("cursor") for it in range(2)] == [None, "1"]
    assert dict(api.fields(0))["snapshot"] == "true" and dict(api.fields(0))["size"] == "100"
    api.told["/api/search"] = [ANSWER | {"hits": [HIT | {"key": "\x9b2J\u202e\x1b"}]}]
    escaped = runner.invoke(app, ["search", "fox", "--all", "--json"]).stdout
    assert json.loads(escaped)["key"] == "\x9b2J\u202e\x1b" and "\x9b" not in escaped and "\u202e" not in escaped
    api.told["/api/search"] = list(pages)
    shown = runner.invoke(app, ["search", "fox", "--all"]).stdout
    assert "[bold]+.csv" in shown and "bio/penguins" in shown and shown.splitlines()[-1] == "3 found."


def test_csv_has_a_line_for_each_hit_below_the_same_columns(api):
    evil = HIT | {"key": 'a,"b"\n=1+1', "tags": ["stage=raw", "x=y"]}
    api.told["/api/search"] = [ANSWER | {"hits": [evil], "cursor": "1"}, ANSWER | {"hits": [PACKAGE]}]
    rows = list(csv.DictReader(io.StringIO(runner.invoke(app, ["search", "fox", "--all", "--csv"]).stdout)))
    assert [row["kind"] for row in rows] == ["object", "package"] and rows[0]["size"] == "1234"
    assert rows[0]["key"] == 'a,"b"\n=1+1' and json.loads(rows[0]["tags"]) == ["stage=raw", "x=y"]
    assert rows[0]["handle"] == "" and rows[1]["verified"] == "true" and rows[1]["uri"].endswith(PACKAGE["top_hash"])
    [row] = csv.DictReader(io.StringIO(runner.invoke(app, ["search", "fox", "--csv", "-k", "object"]).stdout))
    assert "handle" not in row and row["uri"] == "s3://lab/a%20b/%5Bbold%5D%2B.csv"


FACETS = {
    "total": 7,
    "facets": [
        {"name": "bucket", "title": "Bucket", "form": "values", "values": [
            {"value": "lab", "label": "lab", "count": 7, "selected": True, "query": "fox"},
        ]},
        {"name": "ext", "title": "Extension", "form": "values", "other": 1, "values": [
            {"value": ".csv", "label": ".csv\x1b", "count": 4, "query": "fox ext:.csv"},
            {"value": ".tsv", "label": ".tsv", "count": 2, "query": "fox ext:.tsv"},
        ]},
        {"name": "tag", "title": "Tags", "form": "values", "values": []},
    ],
}  # fmt: skip


def test_facets_show_counts_and_how_to_narrow(api):
    api.body = json.dumps(FACETS)
    result = runner.invoke(app, ["search", "fox", "--facets", "-b", "lab"])
    assert urlsplit(api.asked[-1]).path == "/api/facets"
    assert api.fields() == [("q", "fox"), ("bucket", "lab"), ("size", "10")]
    assert "lab ✓" in result.stdout and ".csv\\x1b" in result.stdout and "Tags" not in result.stdout
    assert result.stdout.splitlines()[-2:] == ["7 found.", "Narrow it so: bucketdex search -b lab 'fox ext:.csv'"]
    assert json.loads(runner.invoke(app, ["search", "fox", "--facets", "--json", "-n", "3"]).stdout) == FACETS
    assert api.fields() == [("q", "fox"), ("size", "3")]


def test_open_shows_the_search_in_the_web_catalog(api, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    arguments = ["search", 'a "b', "-b", "lab", "-b", "raw", "-k", "object", "--sort", "newest", "--open"]
    url = runner.invoke(app, arguments).stdout.strip()
    assert opened == [url] and url.startswith(f"{api.url}/search?")
    query = '(bucket:lab OR bucket:raw) type:object a "b'
    assert parse_qsl(urlsplit(url).query) == [("q", query), ("sort", "newest")]
    assert json.loads(runner.invoke(app, [*arguments, "--json"]).stdout) == {"url": url} and len(opened) == 1
    assert api.asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--csv", "--json"], ["--facets", "--open"], ["--facets", "--csv"], ["--open", "--all"], ["--all", "-n", "3"],
        ["--all", "--by-kind"], ["--facets", "--sort", "name"], ["--facets", "-n", "0"],
        ["--open", "-n", "50"], ["--containing", "s3://a/b", "--csv"], ["--containing", "s3://a/b", "--sort", "name"],
        ["--containing", "s3://a/b", "--duplicates-of", "s3://a/b"],
    ],
)  # fmt: skip
def test_options_that_exclude_each_other_are_wrong_usage(api, arguments):
    assert runner.invoke(app, ["search", *arguments]).exit_code == 2 and api.asked == []
