"""`bucketdex search`: what is asked of the API, and what is shown of its answer."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from typer.testing import CliRunner

from bucketdex.cli.found import marked
from bucketdex.cli.main import app
from recorded_api import api
from search_answers import ANSWER, ENTRY, HIT, PACKAGE

__all__ = ["api"]  # a fixture

runner = CliRunner()


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
    entry = ENTRY | {"highlights": {"metadata": ["<mark>plate</mark>=7 … well=B3"]}}
    api.body = json.dumps({
        "total": 4, "totals": {"object": 1, "package": 2, "entry": 1}, "hits": [HIT, entry, PACKAGE, older],
    })  # fmt: skip
    lines = runner.invoke(app, ["search", "penguins"]).stdout.splitlines()
    [package] = [line for line in lines if "bio/penguins " in line and "5.0 MB" in line]
    assert "s3://lab" in package and "ab12cd34ef56 " in package and "1,234" in package and "First release" in package
    shown = "\n".join(lines)
    assert "bio/old (older)" in shown and "metadata: plate=penguins" in shown
    assert shown.index("bio/penguins") < shown.index("images/7.png") < shown.index("[bold]+.csv")
    assert "metadata: plate=7 … well=B3" in shown
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


def test_no_hits_are_no_failure(api):
    api.body = json.dumps({"total": 0, "totals": {"object": 0}, "hits": []})
    result = runner.invoke(app, ["search", "fox"])
    assert (result.exit_code, result.stdout) == (0, "Nothing found.\n")


@pytest.mark.parametrize("how", [[], ["--json"], ["--all", "--csv"], ["--facets"]])
def test_what_the_api_refuses_is_told_as_it_says_it(api, how):
    said = "the bucket lba is not connected; those that are: lab, raw"
    api.status, api.body = 422, json.dumps({"detail": said})
    result = runner.invoke(app, ["search", "fox", "-b", "lab", "-b", "s3://lba/", *how])
    assert (result.exit_code, result.stdout, len(api.asked)) == (1, "", 1)
    told = json.loads(result.stderr)["detail"] if "--json" in how else result.stderr
    assert told.strip().removeprefix("bucketdex: ") == said


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
    api.body = json.dumps({"total": 0, "totals": {}, "hits": [], "did_you_mean": "-draft"})
    options = ["-b", "lab", "-b", "raw", "-k", "object", "-k", "entry", "-s", "newest"]
    shown = runner.invoke(app, ["search", *options, "--", "-drfat"]).stdout
    assert shown.splitlines()[1] == f"Did you mean: bucketdex search {' '.join(options)} -- -draft"


def test_an_object_is_shown_with_its_packages(api):
    packages = [{"registry": "lab", "handle": f"bio/{it}", "logical_key": "x"} for it in ("a", "a", "b", "c")]
    api.body = json.dumps(ANSWER | {"hits": [HIT | {"packages": packages}]})
    shown = runner.invoke(app, ["search", "fox"]).stdout
    assert shown.count("in bio/a") == 1 and "in bio/b" in shown and "bio/c" not in shown


def test_hits_are_sorted_by_the_api(api):
    assert runner.invoke(app, ["search", "fox", "--sort", "largest"]).exit_code == 0
    assert dict(api.fields())["sort"] == "largest"
    assert runner.invoke(app, ["search", "fox", "--sort", "best"]).exit_code == 2


def test_marks_are_bold_and_nothing_else_is_taken_for_one():
    text = marked("&lt;mark&gt;no&lt;/mark&gt; <mark>one</mark> and <mark>two</mark>\x1b[31m")
    assert text.plain == "<mark>no</mark> one and two\\x1b[31m"
    assert [text.plain[span.start : span.end] for span in text.spans] == ["one", "two"]
