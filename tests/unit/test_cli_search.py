"""`bucketdex search`: what is asked of the API, and what is shown of its answer."""

import csv
import io
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from typer.testing import CliRunner

from bucketdex.cli.found import marked
from bucketdex.cli.main import app
from recorded_api import api

__all__ = ["api"]  # a fixture

runner = CliRunner()
HIT = {
    "kind": "object", "bucket": "lab", "key": "a b/[bold]+.csv", "score": 2.5, "size": 1234,
    "modified": "2026-01-01T00:00:00Z",
    "highlights": {"content": ["the <mark>quick</mark>\n&lt;b&gt;fox &amp;amp;", "x", "third"]},
}  # fmt: skip
ANSWER: dict = {"total": 7, "totals": {"object": 5, "package": 0, "entry": 2}, "hits": [HIT]}
PACKAGE = {
    "kind": "package", "bucket": "lab", "handle": "bio/penguins", "top_hash": "ab12cd34ef56" + 52 * "0", "score": 1.5,
    "highlights": {"handle": ["bio&#x2F;<mark>penguins</mark>"], "metadata": ["plate=<mark>penguins</mark>"]},
    "message": "First\nrelease", "entries": 1234, "total_bytes": 5_000_000, "verified": True, "latest": True,
    "modified": "2026-01-01T00:00:00Z",
}  # fmt: skip
ENTRY = {
    "kind": "entry", "bucket": "lab", "logical_key": "images/7.png", "top_hash": PACKAGE["top_hash"], "score": 1.0,
    "handles": ["bio/penguins", "bio/birds"], "latest": True, "physical_key": "s3://raw/a%20b/7.png", "size": 3,
    "highlights": {"logical_key": ["images&#x2F;<mark>7</mark>.png"]},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _answer(api):
    api.body = json.dumps(ANSWER)


def test_the_query_reaches_the_api_as_it_is(api):
    query = 'a+b & "c d" 100% é?#'
    assert runner.invoke(app, ["search", query, "-b", "lab", "--bucket", "other", "--size", "3"]).exit_code == 0
    asked = urlsplit(api.asked[0])
    assert asked.path == "/api/search"
    assert parse_qsl(asked.query) == [("q", query), ("bucket", "lab"), ("bucket", "other"), ("size", "3")]


@pytest.mark.parametrize(("words", "query"), [(["penguins", "flipper"], "penguins flipper"), ([], "")])
def test_words_are_one_query_and_none_ask_for_everything(api, words, query):
    assert runner.invoke(app, ["search", *words, "-b", "s3://lab/"]).exit_code == 0
    asked = parse_qsl(urlsplit(api.asked[0]).query, keep_blank_values=True)
    assert asked == [("q", query), ("bucket", "lab"), ("size", "10")]


def test_json_is_the_answer_of_the_api(api):
    assert json.loads(runner.invoke(app, ["search", "fox", "--json"]).stdout) == ANSWER


def test_people_see_key_size_time_and_what_matched(api):
    shown = runner.invoke(app, ["search", "fox"]).stdout
    assert "s3://lab/a b/[bold]+.csv" in shown
    assert "1.2 kB" in shown and "2026-01-01 00:00:00" in shown
    assert "content: the quick <b>fox &amp;" in shown
    assert "third" not in shown
    assert "2 entries and 5 objects found, in 1 hit." in shown
    assert "Only entries: --kind entry" in shown
    api.body = json.dumps(ANSWER | {"cursor": "more"})
    shown = runner.invoke(app, ["search", "fox"]).stdout
    assert "2 entries and 5 objects found, the best 1 of them above; --all shows them all." in shown


def test_people_see_packages_then_entries_then_objects(api):
    older = PACKAGE | {"handle": "bio/old", "latest": False}
    entry = ENTRY | {"highlights": {"metadata": ["<mark>user_meta.plate</mark>=7 … user_meta.well=B3"]}}
    api.body = json.dumps({
        "total": 4, "totals": {"object": 1, "package": 2, "entry": 1}, "hits": [HIT, entry, PACKAGE, older],
    })  # fmt: skip
    lines = runner.invoke(app, ["search", "penguins"]).stdout.splitlines()
    [package] = [line for line in lines if "bio/penguins " in line and "5.0 MB" in line]
    assert "s3://lab" in package and "ab12cd34ef56 " in package and "1,234" in package and "First release" in package
    shown = "\n".join(lines)
    assert "bio/old (older)" in shown and "metadata: plate=penguins" in shown
    assert shown.index("bio/penguins") < shown.index("images/7.png") < shown.index("[bold]+.csv")
    assert "metadata: plate=7 … well=B3" in shown and "user_meta" not in shown
    assert "s3://raw/a%20b/7.png" in shown and "bio/birds" in shown
    assert lines[-1] == "2 packages, 1 entry and 1 object found."


def test_what_is_wrong_with_a_package_is_shown_with_it(api):
    unverified = PACKAGE | {"verified": False, "problem": "line 3: not JSON"}
    nameless = {
        "kind": "package",
        "bucket": "lab",
        "top_hash": "ff" * 32,
        "score": 1,
        "highlights": {},
        "latest": False,
    }
    pending = PACKAGE | {"problem": "its manifest is not there"}
    api.body = json.dumps({"total": 3, "totals": {"package": 3}, "hits": [unverified, nameless, pending]})
    shown = runner.invoke(app, ["search", "penguins", "-k", "package"]).stdout
    assert "not verified: line 3: not JSON" in shown and "(no handle)" in shown
    assert "its manifest is not there" in shown and "(older)" not in shown


def test_an_entry_says_which_packages_have_it_or_had_it(api):
    older = ENTRY | {"latest": False, "handles": ["bio/old"]}
    nameless = ENTRY | {"latest": False, "handles": []}
    api.body = json.dumps({"total": 2, "totals": {"entry": 2}, "hits": [older, nameless]})
    shown = runner.invoke(app, ["search", "7.png", "--kind", "entries"]).stdout
    assert "bio/old" in shown and "(an older revision)" in shown and "ab12cd34ef56 (no handle)" in shown


def test_kinds_are_asked_for_by_singular_or_plural(api):
    assert runner.invoke(app, ["search", "x", "--kind", "packages", "-k", "entry"]).exit_code == 0
    assert parse_qsl(urlsplit(api.asked[0]).query)[1:3] == [("kind", "package"), ("kind", "entry")]
    result = runner.invoke(app, ["search", "x", "--kind", "table"])
    assert result.exit_code == 2 and "package, entry or object" in result.stderr


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


@pytest.mark.parametrize("arguments", [["fox"], ["--kind", "entry"], ["--bucket", "lab"], ["--size", "3"]])
def test_containing_is_asked_alone(api, arguments):
    result = runner.invoke(app, ["search", "--containing", "s3://raw/k", *arguments])
    assert result.exit_code == 2 and "asked alone" in result.stderr and api.asked == []


@pytest.mark.parametrize("address", ["raw/k", "s3://raw", "s3:///k", "https://raw/k", ""])
def test_containing_takes_the_address_of_an_object(api, address):
    result = runner.invoke(app, ["search", "--containing", address])
    assert result.exit_code == 2 and "s3://bucket/key" in result.stderr and api.asked == []


def test_no_hits_are_no_failure(api):
    api.body = json.dumps({"total": 0, "totals": {"object": 0}, "hits": []})
    result = runner.invoke(app, ["search", "fox"])
    assert (result.exit_code, result.stdout) == (0, "Nothing found.\n")


@pytest.mark.parametrize("how", [[], ["--json"], ["--all", "--csv"], ["--facets"]])
def test_a_bucket_that_is_not_connected_is_told_and_not_searched_in_vain(api, how):
    api.told["/api/status"] = [{"at": "2026-01-01T00:00:00Z", "buckets": [{"bucket": "lab"}, {"bucket": "raw"}]}]
    result = runner.invoke(app, ["search", "fox", "-b", "lab", "-b", "s3://lba/", *how])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the bucket lba is not connected; those that are: lab, raw" in result.stderr


@pytest.mark.parametrize("told", [(503, {"title": "Service Unavailable"}), {"at": "2026", "problems": ["S3 is down"]}])
def test_where_it_cannot_be_told_what_is_connected_the_search_is_answered(api, told):
    api.told["/api/status"] = [told]
    assert runner.invoke(app, ["search", "fox", "-b", "lba"]).exit_code == 0


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, '{"title": "Service Unavailable", "status": 503, "detail": "OpenSearch did not answer"}',
         "the search API answers 503: OpenSearch did not answer"),
        (502, "<html>", "and no JSON"),
    ],
)  # fmt: skip
def test_when_the_api_fails_it_is_1_and_one_line(api, status, body, said):
    api.status, api.body = status, body
    result = runner.invoke(app, ["search", "fox", "--json"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr and result.stderr.count("\n") == 1


def test_when_the_api_does_not_answer_it_is_1(monkeypatch):
    monkeypatch.setenv("BUCKETDEX_API_URL", "http://127.0.0.1:1")
    result = runner.invoke(app, ["search", "fox"])
    assert result.exit_code == 1 and "does not answer" in result.stderr.splitlines()[0]


@pytest.mark.parametrize("url", ["notaurl", "http://", "ftp://x", "http://127.0.0.1:nope", "http://[::1"])
def test_what_is_no_address_is_said_in_one_line(monkeypatch, recwarn, url):
    monkeypatch.setenv("BUCKETDEX_API_URL", url)
    result = runner.invoke(app, ["search", "fox"])
    assert result.exit_code == 3 and f"BUCKETDEX_API_URL is not an address such as http://127.0.0.1:8000: {url!r}" in (
        result.stderr
    )
    assert not recwarn


def test_a_mistake_in_the_query_is_shown_under_its_column(api):
    told = {"detail": "gene: is no qualifier", "column": 5, "expected": ["name:"], "suggestion": "fox name:x\x1b[31m"}
    api.told["/api/search"] = [(422, told)]
    result = runner.invoke(app, ["search", "fox gene:x"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "bucketdex: gene: is no qualifier", "  fox gene:x", "      ^", "expected: name:",
        "did you mean: fox name:x [31m",
    ]  # fmt: skip


def test_what_may_have_been_meant_is_told_as_it_is_typed(api):
    api.body = json.dumps({"total": 0, "totals": {}, "hits": [], "did_you_mean": "penguins NOT draft"})
    shown = runner.invoke(app, ["search", "pengiuns", "NOT", "draft"]).stdout
    assert shown.splitlines() == ["Nothing found.", "Did you mean: bucketdex search 'penguins NOT draft'"]


def test_an_object_is_shown_with_its_packages(api):
    packages = [{"registry": "lab", "handle": f"bio/{it}", "logical_key": "x"} for it in ("a", "a", "b", "c")]
    api.body = json.dumps(ANSWER | {"hits": [HIT | {"packages": packages}]})
    shown = runner.invoke(app, ["search", "fox"]).stdout
    assert shown.count("in bio/a") == 1 and "in bio/b" in shown and "bio/c" not in shown


def test_hits_are_sorted_by_the_api(api):
    assert runner.invoke(app, ["search", "fox", "--sort", "largest"]).exit_code == 0
    assert dict(api.fields())["sort"] == "largest"
    assert runner.invoke(app, ["search", "fox", "--sort", "best"]).exit_code == 2


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
    assert urlsplit(api.asked[-1]).path == "/api/facets" and api.fields() == [("q", "fox"), ("bucket", "lab")]
    assert "lab ✓" in result.stdout and ".csv\\x1b" in result.stdout and "Tags" not in result.stdout
    assert result.stdout.splitlines()[-2:] == ["7 found.", "Narrow it so: bucketdex search 'fox ext:.csv'"]
    assert json.loads(runner.invoke(app, ["search", "fox", "--facets", "--json"]).stdout) == FACETS


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
        ["--all", "--by-kind"], ["--containing", "s3://a/b", "--csv"], ["--containing", "s3://a/b", "--sort", "name"],
        ["--containing", "s3://a/b", "--duplicates-of", "s3://a/b"],
    ],
)  # fmt: skip
def test_options_that_exclude_each_other_are_wrong_usage(api, arguments):
    assert runner.invoke(app, ["search", *arguments]).exit_code == 2 and api.asked == []


def test_marks_are_bold_and_nothing_else_is_taken_for_one():
    text = marked("&lt;mark&gt;no&lt;/mark&gt; <mark>one</mark> and <mark>two</mark>\x1b[31m")
    assert text.plain == "<mark>no</mark> one and two\\x1b[31m"
    assert [text.plain[span.start : span.end] for span in text.spans] == ["one", "two"]
