"""The catalog's shell: errors are pages, what a browser may do is next to nothing, and files are kept for good."""

import importlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest
from botocore.exceptions import EndpointConnectionError
from opensearchpy import Connection, OpenSearch
from opensearchpy.exceptions import ConnectionTimeout

from bucketdex.aws.settings import Queue
from bucketdex.catalog import app, assets, routing
from bucketdex.catalog.deadline import S3_SECONDS, Deadline, aws_within
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.pages import suggest
from bucketdex.catalog.rendering import FOLDER, environment
from bucketdex.control import Bucket
from bucketdex.errors import Permanent, Transient
from bucketdex.http import Answer, Request
from catalog_html import DRAWN, HOSTILE, Read

CATALOG = FOLDER.parent
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def none_here() -> object:
    raise AssertionError("this page asks nobody")


def edges(make: Callable[[], object] = none_here, deadline: Deadline | None = None, **clients: object) -> Edges:
    made = Edges(
        make, none_here, none_here, none_here, "control", (Queue("https://q", "https://d"),), lambda: NOW,
        deadline or Deadline(),
    )  # fmt: skip
    made.__dict__.update({"buckets": (Bucket("lab", NOW),)} | clients)
    return made


def got(path: str, **query: str) -> Answer:
    return app.respond(Request(path=path, query=tuple(query.items())), edges())


def html_of(answer: Answer) -> str:
    assert isinstance(answer.body, str)
    return answer.body


class Failing:
    """An OpenSearch client that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> object:
        raise self.error


def test_what_is_nowhere_is_a_page_that_leads_home():
    answer = got("/nope")
    assert answer.status == 404
    assert "No page has this address" in html_of(answer)
    assert Read(html_of(answer)).harm == []


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/b/lab/", "/b/lab"),
        ("/packages///", "/packages"),
        ("/b/lab/tree", "/b/lab/tree/"),
        ("/b/lab/object", "/b/lab/tree/"),
        ("/b/", "/"),
        ("/p/lab", "/packages?registry=lab"),
        ("/p/lab/bio", "/packages?q=author:bio&registry=lab"),
        ("/p/lab/bio/penguins/", "/p/lab/bio/penguins"),
        ("/p/lab/bio/penguins/4f2a90/tree", "/p/lab/bio/penguins/4f2a90/tree/"),
        ("/api", "/api/docs"),
        ("/favicon.ico", assets.address_of("mark.svg")),
        ("/b/%2F%2Fevil.example/", "/b/%2F%2Fevil.example"),
        ("/b/x\r\nSet-Cookie: a/", "/b/x%0D%0ASet-Cookie:%20a"),
    ],
)
def test_an_address_that_was_cut_short_leads_to_what_was_meant_with_its_query(path, meant):
    answer = got(path, sort="a b&")
    asked = "&" if "?" in meant else "?"
    assert answer.status in (302, 308)
    assert answer.headers["Location"] == f"{meant}{asked}sort=a%20b%26"


@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/b/lab/", "/\\evil.example/", "/nope/", "/p//bio"])
def test_no_address_leads_to_another_host(path):
    assert got(path).status == 404


def test_no_object_is_without_a_name():
    assert got("/b/lab/object/").status == 404


@pytest.mark.parametrize("path", ["/b/secret", "/b/secret/tree/", "/raw/secret/x.png", "/download/secret/x.png"])
def test_a_bucket_that_is_not_connected_does_not_exist(path):
    answer = got(path)
    assert answer.status == 404
    assert "There is no bucket secret here" in html_of(answer)


def test_nothing_can_be_changed():
    answer = app.respond(Request("POST", "/search"), edges())
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("error", "status"), [(Transient("OpenSearch sleeps"), 503), (Permanent("that cannot be"), 422)]
)
def test_a_fault_is_a_page_that_says_what_is_wrong(error, status):
    answer = app.respond(Request(path="/b/lab"), edges(opensearch=Failing(error)))
    assert answer.status == status
    assert str(error) in html_of(answer)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_an_index_that_does_not_answer_is_waited_for_once_and_the_rest_of_an_object_is_shown(monkeypatch):
    def again(*_: object) -> None:
        raise AssertionError("it was asked again")

    monkeypatch.setattr("bucketdex.catalog.pages.object.containing", again)
    index = Failing(ConnectionTimeout("TIMEOUT", "no answer", "https://inner.example"))
    s3 = Failing(EndpointConnectionError(endpoint_url="https://inner.example"))
    answer = app.respond(Request(path="/b/lab/object/a.csv"), edges(opensearch=index, s3=s3))
    assert answer.status == 200
    assert "A part of this cannot be told just now" in html_of(answer)
    assert "S3 does not answer just now" in html_of(answer)
    for path in ("/b/lab/object/a.csv", "/b/lab/tree/", "/raw/lab/a.png", "/b/lab"):
        answer = app.respond(Request(path=path), edges(opensearch=index, s3=s3))
        assert "inner.example" not in html_of(answer), "hosts are for the log"


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_slow_answers_do_not_add_up_to_more_than_a_page_has():
    clock = Clock()

    class Slow(Connection):
        """Takes 10 seconds for each answer; who does not wait so long has none."""

        def perform_request(self, *_: object, timeout: float, **__: object) -> tuple[int, dict[str, str], str]:
            clock.now += min(timeout, 10)
            if timeout < 10:
                raise ConnectionTimeout("TIMEOUT", "no answer", TimeoutError())
            return 200, {}, '{"hits": {"total": {"value": 0}, "hits": []}}'

    asked = edges(make=lambda: OpenSearch("http://x", connection_class=Slow), deadline=Deadline(15, clock))
    answer = app.respond(Request(path="/b/lab"), asked)
    assert (answer.status, clock.now) == (503, 15)
    assert "OpenSearch did not answer" in html_of(answer)
    clock.now = 0.0
    s3 = Failing(AssertionError("S3 was asked"))
    late = edges(deadline=Deadline(10, clock))
    late.__dict__["s3"] = aws_within(s3, late.deadline, S3_SECONDS)
    assert app.respond(Request(path="/b/lab/tree/"), late).status == 503, "S3 may take longer than that"


def test_a_bug_is_for_the_caller_to_log_and_its_page_says_under_what():
    with pytest.raises(ZeroDivisionError):
        app.respond(Request(path="/b/lab"), edges(opensearch=Failing(ZeroDivisionError())))
    answer = app.broken(Request(path="/b/lab"), edges(), "request 7")
    assert answer.status == 500
    assert "request 7" in html_of(answer)


@pytest.mark.parametrize("name", HOSTILE)
def test_an_error_shows_names_as_text(name):
    answer = app.respond(
        Request(path=f"/b/lab/tree/{name}"), edges(opensearch=None, s3=Failing(Permanent(f"no {name}")))
    )
    assert answer.status == 422
    assert Read(html_of(answer)).harm == []


def test_what_turns_text_around_is_seen_and_copied_as_it_is():
    asleep = EndpointConnectionError(endpoint_url="https://inner.example")
    broken = {"opensearch": Failing(Transient("it sleeps")), "s3": Failing(asleep)}
    key = "x\u202efdp.exe"
    read = Read(html_of(app.respond(Request(path=f"/b/lab/object/{key}"), edges(**broken))))
    assert "s3://lab/x⟨U+202E⟩fdp.exe" in read.text
    assert "\u202e" not in "".join(read.text)
    assert f"s3://lab/{key}" in [given.get("data-copy") for _, given in read.elements]
    asked = Read(html_of(got("/search", q="a\u202e gene:x\u202e b\u202e")))
    assert "⟨U+202E⟩" in "".join(asked.text)
    assert "\u202e" not in "".join(asked.text)


def test_a_page_may_run_only_our_own_scripts_and_load_only_from_here():
    policy = dict(each.split(" ", 1) for each in got("/help").headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in " ".join(policy.values())
    assert got("/help").headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_holds_no_script_no_style_and_no_foreign_address():
    read = Read(html_of(got("/help")))
    assert read.harm == []
    assert read.open == []
    assert [given["lang"] for tag, given in read.elements if tag == "html"] == ["en"]


def test_what_a_script_is_needed_for_is_hidden_until_it_runs():
    for tag, given in Read(html_of(got("/help"))).elements:
        if tag == "button" and given.get("type") == "button":
            assert "hidden" in given, given


@pytest.mark.parametrize("name", sorted(path.name for path in assets.FOLDER.iterdir()))
def test_a_file_is_kept_for_good_under_its_digest_and_under_no_other(name):
    answer = got(assets.address_of(name))
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert got(f"/static/000000/{name}").headers["Cache-Control"] == "no-cache"


class Holding:
    """An S3 client of a bucket that has one image, whatever is asked for."""

    def head_object(self, **_: str) -> dict[str, object]:
        return {"ContentLength": 6}

    def get_object(self, **_: str) -> dict[str, object]:
        return {"Body": BytesIO(b"GIF89a")}


@pytest.mark.parametrize(("version", "kept"), [("v1", True), ("", False), ("null", False)])
def test_only_a_version_that_cannot_be_overwritten_is_kept_by_browsers(version, kept):
    answer = app.respond(Request(path="/raw/lab/a.gif", query=(("version", version),)), edges(s3=Holding()))
    assert answer.content_type == "image/gif"
    assert ("immutable" in answer.headers["Cache-Control"]) == kept
    assert answer.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("name", ["x.css", "..", "../templates/base.html", "catalog.css/", "", "%2e%2e/app.py"])
def test_nothing_but_the_catalogs_files_is_given(name):
    assert got(f"/static/000000/{name}").status == 404


@pytest.mark.parametrize("template", sorted(path.name for path in FOLDER.iterdir()))
def test_no_template_says_that_text_is_safe(template):
    text = (FOLDER / template).read_text()
    assert not re.search(r"\|\s*safe\b|autoescape|<style|\sstyle=|\son\w+=|javascript:", text)
    assert environment().get_template(template)


def test_every_icon_that_is_used_is_drawn_and_the_other_way_round():
    """Those that a variable names are looked for in every page that `Read` reads."""
    written = "".join(path.read_text() for path in (*FOLDER.iterdir(), *CATALOG.rglob("*.py")))
    assert set(re.findall(r'icon\("(\w+)"', written)) | set(suggest.ICONS.values()) <= DRAWN
    assert [name for name in sorted(DRAWN) if f'"{name}"' not in written] == []


def test_every_colour_is_a_token():
    css = "".join(path.read_text() for path in sorted(assets.FOLDER.glob("*.css")))
    tokens, ground, rules = css.partition("/* Ground */")
    assert tokens and ground
    used = re.findall(r"(?<![&\w])#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab)\(", rules)
    assert used == ["#0008"], "only what dims the page behind a dialog"


def test_every_page_has_a_module_and_its_address_is_made_in_one_place():
    assert len({pattern for pattern, _ in routing.ROUTES}) == len(routing.ROUTES)
    for _, page in routing.ROUTES:
        assert callable(importlib.import_module(f"bucketdex.catalog.pages.{page}").page)
    begun = {pattern.split("/")[1] for pattern, _ in routing.ROUTES} - {""}
    made = re.compile(rf"""["'=]/(?:{"|".join(begun)})(?:[/?"'#]|{{)""")
    for path in (*FOLDER.iterdir(), *(CATALOG / "pages").iterdir()):
        assert path.is_dir() or not made.search(path.read_text()), f"{path.name} makes an address: links.py does"
