"""Between HTTP and a function: which rule, which event, which answer."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from bucketdex.local.deployment import Deployment, FixedResponse, Route
from bucketdex.local.functions import http as local_http
from bucketdex.local.functions.load_balancer import BadAnswer, Request, Response, alb_event, response_of, route_for


def route(*paths: str, priority: int = 1, function: str = "Search", multi_value: bool = False) -> Route:
    return Route("Rule", priority, paths, function, "arn:targets", multi_value)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/api/*", "/api/search", True),
        ("/api/*", "/api/", True),
        ("/api/*", "/api", False),
        ("/api/*", "/API/search", False),
        ("/api/*", "/x/api/search", False),
        ("/v?/x", "/v1/x", True),
        ("/v?/x", "/v/x", False),
        ("/[ab].x", "/a.x", False),
        ("/[ab].x", "/[ab].x", True),
        ("*", "/anything/at/all", True),
    ],
)
def test_a_pattern_is_about_the_whole_path_and_knows_star_and_question_mark(pattern, path, matches):
    assert (route_for(path, [route(pattern)]) is not None) is matches


def test_the_rule_of_the_lowest_priority_number_wins():
    routes = [route("/*", priority=20, function="Catalog"), route("/web/*", "/api/*", priority=10)]
    assert route_for("/api/x", routes).function == "Search"
    assert route_for("/other", routes).function == "Catalog"


def test_the_event_has_the_query_as_it_was_sent_and_header_names_in_lower_case():
    headers = [("Host", "example"), ("X-Twice", "1"), ("x-twice", "2"), ("X-Forwarded-For", "forged")]
    request = Request("GET", "/api/a%20b", "q=red%20flower+x&a=1&a=2&bare", headers, client="10.0.0.9", port=8080)
    event = alb_event(request, route("/*"))
    assert event == {
        "requestContext": {"elb": {"targetGroupArn": "arn:targets"}},
        "httpMethod": "GET",
        "path": "/api/a%20b",
        "queryStringParameters": {"q": "red%20flower+x", "a": "2", "bare": ""},
        "headers": {
            "host": "example",
            "x-twice": "2",
            "x-amzn-trace-id": "",
            "x-forwarded-for": "10.0.0.9",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "body": "",
        "isBase64Encoded": False,
    }


def test_a_target_group_with_multi_values_gets_lists():
    event = alb_event(Request("GET", "/", "a=1&a=2", [("X", "1"), ("x", "2")]), route("/*", multi_value=True))
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert event["multiValueHeaders"]["x"] == ["1", "2"]
    assert "headers" not in event
    assert "queryStringParameters" not in event


@pytest.mark.parametrize(
    ("headers", "encoded"),
    [
        ([("Content-Type", "application/json; charset=utf-8")], False),
        ([("Content-Type", "text/csv")], False),
        ([("Content-Type", "application/octet-stream")], True),
        ([("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], True),
    ],
)
def test_a_body_that_is_not_text_comes_as_base64(headers, encoded):
    event = alb_event(Request("POST", "/", "", headers, b"body"), route("/*"))
    assert event["isBase64Encoded"] is encoded
    assert event["body"] == ("Ym9keQ==" if encoded else "body")


def test_an_answer_becomes_a_response():
    answer = {"statusCode": 201, "headers": {"X-Count": 3, "Connection": "close"}, "body": "é"}
    assert response_of(answer, route("/*")) == Response(201, [("X-Count", "3")], "é".encode())
    assert response_of({"statusCode": 204}, route("/*")) == Response(204, [])
    binary = {"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}
    assert response_of(binary, route("/*")).body == b"\0\1"


def test_of_the_two_forms_of_headers_the_target_groups_own_counts():
    answer = {"statusCode": 200, "headers": {"X": "1"}, "multiValueHeaders": {"Set-Cookie": ["a", "b"]}}
    assert response_of(answer, route("/*")).headers == [("X", "1")]
    assert response_of(answer, route("/*", multi_value=True)).headers == [("Set-Cookie", "a"), ("Set-Cookie", "b")]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        {},
        {"statusCode": "200"},
        {"statusCode": 200, "body": {"not": "text"}},
        {"statusCode": 200, "body": "not base64", "isBase64Encoded": True},
        {"statusCode": 200, "body": "x" * (1024 * 1024 + 1)},
    ],
)
def test_any_other_answer_is_refused(answer):
    with pytest.raises(BadAnswer):
        response_of(answer, route("/*"))


@contextmanager
def serving(respond: Callable[[Request], Response]) -> Iterator[http.client.HTTPConnection]:
    server = local_http.LoadBalancer(respond)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    client = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        server.server_close()


def test_requests_and_answers_pass_the_server_on_one_connection():
    def echo(request: Request) -> Response:
        return Response(200, [("X-Was", f"{request.method} {request.path} {request.query}")], request.body)

    with serving(echo) as client:
        for _ in range(2):
            client.request("POST", "/a%2Fb?q=1&r", body=b"\0binary")
            response = client.getresponse()
            assert response.headers["X-Was"] == "POST /a%2Fb q=1&r"
            assert response.read() == b"\0binary"


def test_without_a_route_the_listener_answers():
    nothing = Deployment((), (), (), (route("/api/*"),), {})
    told = msgspec.structs.replace(nothing, default=FixedResponse(418, "application/json", '{"é": 1}'))
    response = local_http.answer(Request("GET", "/", "", []), told, {})
    assert response == Response(418, [("Content-Type", "application/json; charset=utf-8")], '{"é": 1}'.encode())
    assert local_http.answer(Request("GET", "/", "", []), nothing, {}).status == 404


def test_a_body_over_one_megabyte_is_refused_unread():
    with serving(lambda _: Response(200)) as client:
        client.putrequest("POST", "/")
        client.putheader("Content-Length", str(1024 * 1024 + 1))
        client.endheaders()
        assert client.getresponse().status == 413


def test_a_body_without_a_length_is_refused():
    with serving(lambda _: Response(200)) as client:
        # Refused at its head, so the rest of it may find nobody there.
        client.request("POST", "/", headers={"Transfer-Encoding": "chunked"})
        assert client.getresponse().status == 411
