"""What a load balancer does between HTTP and a function: choose the rule, form the event, read the answer."""

import base64
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec

from bucketdex.local.deployment import Route

BODY_LIMIT = 1 << 20  # bytes of a request and of an answer
TEXT_TYPES = ("application/json", "application/javascript", "application/xml")  # and text/*: bodies that stay text
CONNECTION_HEADERS = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"))


class Request(msgspec.Struct, frozen=True):
    """An HTTP request as it came; path and query are left encoded."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""
    client: str = "127.0.0.1"
    port: int = 80
    trace: str = ""  # the id that the load balancer gives to a request


class Response(msgspec.Struct, frozen=True):
    """The answer to an HTTP request."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


class BadAnswer(Exception):
    """A function did not answer with what a load balancer takes; the client gets a 502."""


def route_for(path: str, routes: Iterable[Route]) -> Route | None:
    """Return the first rule, by priority, with a pattern that the whole path matches; case counts."""
    for route in sorted(routes, key=lambda it: it.priority):
        if any(_pattern(it).fullmatch(path) for it in route.paths):
            return route
    return None


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(it, re.escape(it)) for it in text), re.DOTALL)


def alb_event(request: Request, route: Route) -> dict[str, Any]:
    """Return the event in which the load balancer hands a request to a function.

    Names and values of the query stay percent-encoded, header names are lower case, and of a repeated one the last
    counts, unless the target group has multi-value headers.
    """
    query = [(name, value) for name, _, value in (it.partition("=") for it in request.query.split("&") if it)]
    added = {
        "x-amzn-trace-id": request.trace,
        "x-forwarded-for": request.client,
        "x-forwarded-port": str(request.port),
        "x-forwarded-proto": "http",
    }
    headers = [(name.lower(), value) for name, value in request.headers if name.lower() not in added]
    headers += added.items()
    is_text = _is_text(dict(headers))
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": route.target_group_arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    if route.multi_value:
        event |= {"multiValueQueryStringParameters": _lists(query), "multiValueHeaders": _lists(headers)}
    else:
        event |= {"queryStringParameters": dict(query), "headers": dict(headers)}
    body = request.body.decode(errors="replace") if is_text else base64.b64encode(request.body).decode()
    return event | {"body": body, "isBase64Encoded": not is_text}


def _is_text(headers: dict[str, str]) -> bool:
    if "content-encoding" in headers:
        return False
    content_type = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    return content_type.startswith("text/") or content_type in TEXT_TYPES


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    status_code: int
    headers: dict[str, str | int | float | bool] | None = None
    multi_value_headers: dict[str, list[str | int | float | bool]] | None = None
    body: str | None = None
    is_base64_encoded: bool = False


def response_of(answer: object, route: Route) -> Response:
    """Return the HTTP response that a function's answer describes."""
    try:
        told = msgspec.convert(answer, _Answer)
        body = (
            base64.b64decode(told.body or "", validate=True) if told.is_base64_encoded else (told.body or "").encode()
        )
    except ValueError as error:  # also msgspec's and base64's
        raise BadAnswer(str(error)) from error
    if len(body) > BODY_LIMIT:
        raise BadAnswer(f"the body has {len(body)} bytes, a load balancer takes {BODY_LIMIT}")
    if route.multi_value:
        pairs = [(name, it) for name, values in (told.multi_value_headers or {}).items() for it in values]
    else:
        pairs = list((told.headers or {}).items())
    headers = [(name, str(value)) for name, value in pairs if name.lower() not in CONNECTION_HEADERS]
    return Response(told.status_code, headers, body)
