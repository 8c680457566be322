"""Events of the load balancer become requests, and answers go back packed, known by their ETag, never too large."""

import base64
import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.http import (
    HTML,
    JSON,
    LARGEST_BODY,
    Answer,
    Request,
    event_answer,
    json_answer,
    problem,
    redirect,
    request_of,
)
from bucketdex.local.deployment import Route
from bucketdex.local.functions import load_balancer

MULTI = Route("R", 1, ("*",), "F", "arn", multi_value=True)
SINGLE = Route("R", 1, ("*",), "F", "arn", multi_value=False)
PLAIN = Request()
PACKED = Request(headers={"accept-encoding": "br, gzip;q=0.5"})
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def asked(route: Route = MULTI, **fields: Any) -> Request:
    given = {"method": "GET", "path": "/", "query": "", "headers": ()} | fields
    return request_of(load_balancer.alb_event(load_balancer.Request(**given), route))


def sent(answer: Answer, request: Request = PLAIN) -> load_balancer.Response:
    """Return what a client gets, through the load balancer."""
    event = json.loads(json.dumps(event_answer(answer, request)))
    return load_balancer.response_of(event, MULTI)


def headers(response: load_balancer.Response) -> dict[str, str]:
    return dict(response.headers)


@given(TEXTS, TEXTS, st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_path_and_query_are_what_was_meant_whatever_characters_are_in_them(bucket, key, pairs):
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    request = asked(path=f"/b/{quote(bucket, safe='')}/{quote(key, safe='')}", query=query)
    assert request.segments == ("b", bucket, key)
    for name, _ in pairs:
        assert request.every(name) == tuple(value for each, value in pairs if each == name)
        assert request.one(name) == request.every(name)[-1]


@pytest.mark.parametrize("route", [MULTI, SINGLE])
def test_a_query_is_a_form_and_header_names_have_no_case(route):
    request = asked(route, query="q=red+flower%2B&q=%F0%9F%A7%AC&empty&bad=%FF%", headers=[("X-One", "1")])
    assert request.one("q") == "🧬" and request.one("empty") == "" and request.one("none", "d") == "d"
    assert request.header("X-ONE") == "1" and request.header("accept") == ""
    assert request.one("bad") == "\ufffd%"


def test_a_header_that_comes_twice_is_one_with_both_values_and_cookies_are_found():
    request = asked(headers=[("Accept", "a"), ("Accept", "b"), ("Cookie", "x=1; theme=dark")])
    assert request.header("accept") == "a, b"
    assert request.cookie("theme") == "dark" and request.cookie("x") == "1" and request.cookie("y", "no") == "no"


def test_a_body_comes_as_bytes_however_the_load_balancer_carries_it():
    body = '{"ü": 1}'.encode()
    for content_type in ("application/json", "application/octet-stream"):
        assert asked(method="POST", body=body, headers=[("Content-Type", content_type)]).body == body
    assert request_of({"body": "no base64!", "isBase64Encoded": True}).body == b""
    assert request_of({}) == Request()


def test_text_is_packed_for_those_who_take_it_and_worth_it():
    large, small = json_answer({"a": "x" * 2_000}), json_answer({"a": "x"})
    packed = sent(large, PACKED)
    assert headers(packed)["content-encoding"] == "gzip" and gzip.decompress(packed.body) == large.body
    assert len(packed.body) < 100
    for answer, request in ((large, PLAIN), (small, PACKED), (large, Request(headers={"accept-encoding": "gzip;q=0"}))):
        plain = sent(answer, request)
        assert "content-encoding" not in headers(plain) and plain.body == answer.body
        assert headers(plain)["vary"] == "Accept-Encoding"
    image = sent(Answer(body=b"\x89PNG" * 1_000, content_type="image/png"), PACKED)
    assert image.body == b"\x89PNG" * 1_000 and "vary" not in headers(image)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip", True), ("GZIP", True), ("*", True), ("*;q=0, gzip", True), ("deflate, gzip;q=1.0", True), ("", False),
     ("br", False), ("gzip;q=0.0", False), ("gzip;q=x", False), ("identity;q=1, *;q=0", False)],
)  # fmt: skip
def test_what_a_client_accepts_is_read_as_http_has_it(accepted, packed):
    answer = sent(Answer(body="a" * 2_000), Request(headers={"accept-encoding": accepted}))
    assert ("content-encoding" in headers(answer)) is packed


def test_who_has_it_already_gets_no_body():
    answer = json_answer({"a": "x" * 2_000})
    etag = headers(sent(answer))["etag"]
    assert etag.startswith('W/"') and headers(sent(answer, PACKED))["etag"] == etag
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = sent(answer, Request(headers={"if-none-match": known}))
        assert (again.status, again.body) == (304, b"") and headers(again)["etag"] == etag
        assert "content-type" not in headers(again) and headers(again)["vary"] == "Accept-Encoding"
    assert sent(json_answer({}), Request(headers={"if-none-match": etag})).status == 200
    assert "etag" not in headers(sent(problem(404, "no"))) | headers(sent(answer, Request(method="POST")))
    own = Answer(body="a", headers={"ETag": '"mine"'})
    assert sent(own, Request(headers={"if-none-match": '"mine"'})).status == 304


def test_head_has_the_headers_of_get_and_no_body():
    answer = json_answer({"a": "x" * 2_000})
    for request in (PLAIN, PACKED):
        head = sent(answer, Request(method="HEAD", headers=request.headers))
        assert head.body == b"" and headers(head) == headers(sent(answer, request))


def test_every_answer_says_what_a_browser_may_make_of_it_and_can_say_otherwise():
    told = headers(sent(json_answer({})))
    assert told["x-content-type-options"] == "nosniff" and told["cache-control"] == "private, no-cache"
    assert told["content-security-policy"].startswith("default-src 'none'") and told["content-type"] == JSON
    page = headers(sent(Answer(body="<p>", content_type=HTML, headers={"Cache-Control": "public", "X": "y"})))
    assert page["cache-control"] == "public" and page["x"] == "y" and "content-security-policy" not in page
    assert [it for it in sent(Answer(headers={"Set-Cookie": ("a=1", "b=2")})).headers if it[0] == "set-cookie"] == [
        ("set-cookie", "a=1"), ("set-cookie", "b=2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body", [b"\0" * LARGEST_BODY, b"\xff" * LARGEST_BODY, b'"' * LARGEST_BODY, "é".encode() * 370_000]
)
@pytest.mark.parametrize("content_type", [JSON, "image/png"])
@pytest.mark.parametrize("request_", [PLAIN, PACKED])
def test_the_largest_body_fits_whatever_is_in_it(body, content_type, request_):
    event = event_answer(Answer(body=body, content_type=content_type), request_)
    assert len(json.dumps(event)) < 1_000_000
    response = sent(Answer(body=body, content_type=content_type), request_)
    is_packed = headers(response).get("content-encoding") == "gzip"
    assert (gzip.decompress(response.body) if is_packed else response.body) == body


def test_what_is_too_large_is_an_error_that_says_so_unless_packing_helps():
    large = Answer(body="a" * 3_000_000, content_type=JSON)
    assert sent(large, PACKED).status == 200
    refused = sent(large)
    assert refused.status == 500 and "3000000 bytes" in json.loads(refused.body)["detail"]
    assert sent(Answer(body="a" * 900_000, content_type=JSON)).status == 200  # as text it is less than as base64


def test_a_problem_tells_what_is_wrong_and_leaves_out_what_there_is_not():
    told = json.loads(sent(problem(404, "no such thing")).body)
    assert told == {"title": "Not Found", "status": 404, "detail": "no such thing"}
    told = json.loads(sent(problem(422, "what?", {"Retry-After": "5"}, column=3, expected=("a word",))).body)
    assert (told["column"], told["expected"]) == (3, ["a word"])


@pytest.mark.parametrize(
    ("url", "location"),
    [("/search?q=a%20b&x=1", "/search?q=a%20b&x=1"), ("/a b\r\nSet-Cookie: x", "/a%20b%0D%0ASet-Cookie:%20x"),
     ("/ü", "/%C3%BC"), ("https://b.s3.amazonaws.com/k?X-Amz-Signature=1%2F", "https://b.s3.amazonaws.com/k?X-Amz-Signature=1%2F")],
)  # fmt: skip
def test_a_redirect_is_one_header_whatever_is_in_the_address(url, location):
    answer = sent(redirect(url))
    assert answer.status == 302 and headers(answer)["location"] == location


def test_bytes_are_base64_and_text_is_text():
    assert event_answer(Answer(body="a"), PLAIN)["isBase64Encoded"] is False
    told = event_answer(Answer(body=b"\xff", content_type="image/png"), PLAIN)
    assert told["isBase64Encoded"] and base64.b64decode(told["body"]) == b"\xff"
