"""`bucketdex search`: what is asked of the API, and what is shown of its answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from typer.testing import CliRunner

from bucketdex.cli.found import marked
from bucketdex.cli.main import app

runner = CliRunner()
HIT = {
    "kind": "object", "bucket": "lab", "key": "a b/[bold]+.csv", "score": 2.5, "size": 1234,
    "modified": "2026-01-01T00:00:00Z",
    "highlights": {"content": ["the <mark>quick</mark>\n&lt;b&gt;fox &amp;amp;", "x", "third"]},
}  # fmt: skip
ANSWER = {"total": 7, "totals": {"object": 5, "package": 0, "entry": 2}, "hits": [HIT]}
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


class Api(HTTPServer):
    """Answers every request alike, and remembers what was asked."""

    status, body = 200, json.dumps(ANSWER)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.bodies: list[str] = []  # answered before `body`, one each
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write((self.server.bodies.pop(0) if self.server.bodies else self.server.body).encode())

    def log_message(self, *_) -> None:
        """Say nothing."""


@pytest.fixture
def api(monkeypatch) -> Iterator[Api]:
    with Api() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("BUCKETDEX_API_URL", server.url)
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # not for us
        yield server
        server.shutdown()


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
    assert "2 entries and 5 objects found, the best 1 of them above." in shown
    assert "Only entries: --kind entry" in shown


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


def test_an_address_is_taken_as_manifests_quote_it_or_else_as_it_is(api):
    api.bodies = [json.dumps({"total": 0, "packages": []})]
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


def test_marks_are_bold_and_nothing_else_is_taken_for_one():
    text = marked("&lt;mark&gt;no&lt;/mark&gt; <mark>one</mark> and <mark>two</mark>\x1b[31m")
    assert text.plain == "<mark>no</mark> one and two\\x1b[31m"
    assert [text.plain[span.start : span.end] for span in text.spans] == ["one", "two"]
