"""`bucketdex search`: what is asked of the API, and what is shown of its answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from typer.testing import CliRunner

from bucketdex.cli.main import app
from bucketdex.cli.search import marked

runner = CliRunner()
HIT = {
    "kind": "object", "bucket": "lab", "key": "a b/[bold]+.csv", "score": 2.5, "size": 1234,
    "modified": "2026-01-01T00:00:00Z",
    "highlights": {"content": ["the <mark>quick</mark>\n&lt;b&gt;fox &amp;amp;", "x", "third"]},
}  # fmt: skip


class Api(HTTPServer):
    """Answers every request alike, and remembers what was asked."""

    status, body = 200, json.dumps({"total": 7, "hits": [HIT]})

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body.encode())

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
    assert json.loads(runner.invoke(app, ["search", "fox", "--json"]).stdout) == {"total": 7, "hits": [HIT]}


def test_people_see_key_size_time_and_what_matched(api):
    shown = runner.invoke(app, ["search", "fox"]).stdout
    assert "s3://lab/a b/[bold]+.csv" in shown
    assert "1.2 kB" in shown and "2026-01-01 00:00:00" in shown
    assert "content: the quick <b>fox &amp;" in shown
    assert "third" not in shown
    assert "7 objects found, the best 1 of them above." in shown


def test_no_hits_are_no_failure(api):
    api.body = json.dumps({"total": 0, "hits": []})
    result = runner.invoke(app, ["search", "fox"])
    assert (result.exit_code, result.stdout) == (0, "0 objects found.\n")


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
