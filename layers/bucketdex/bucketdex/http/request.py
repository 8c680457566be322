"""A request, read from the load balancer's event: the query and the path decoded, header names in lower case."""

import base64
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote, unquote_plus

import msgspec


class Request(msgspec.Struct, frozen=True, dict=True):
    """What was asked for. `path` is as it came; `segments` are its parts, each decoded, so a `%2F` is in one of them.

    A header that came more than once has its values joined by commas, as HTTP has it.
    """

    method: str = "GET"
    path: str = "/"
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path between slashes, decoded; a slash at the end makes an empty last one."""
        return tuple(unquote(part) for part in self.path.removeprefix("/").split("/"))

    def one(self, name: str, default: str = "") -> str:
        """Return the value of a parameter, the last if there are several."""
        return next((value for each, value in reversed(self.query) if each == name), default)

    def every(self, name: str) -> tuple[str, ...]:
        """Return all values of a parameter, in the order in which they came."""
        return tuple(value for each, value in self.query if each == name)

    def header(self, name: str, default: str = "") -> str:
        """Return the value of a header, whatever the case of its name."""
        return self.headers.get(name.lower(), default)

    def cookie(self, name: str, default: str = "") -> str:
        """Return the value of a cookie."""
        for part in self.header("cookie").replace(",", ";").split(";"):
            each, _, value = part.strip().partition("=")
            if each == name:
                return value
        return default


def request_of(event: Mapping[str, Any]) -> Request:
    """Return the request that an event tells of, whether its target group has multi-value headers or not."""
    return Request(
        method=str(event.get("httpMethod") or "GET").upper(),
        path=_text(event.get("path") or "/"),
        query=tuple(
            (unquote_plus(_text(name)), unquote_plus(_text(value)))
            for name, value in _pairs(event, "queryStringParameters", "multiValueQueryStringParameters")
        ),
        headers=_headers(_pairs(event, "headers", "multiValueHeaders")),
        body=_body(event),
    )


def _text(given: str) -> str:
    """Return text without halves of characters, which JSON can tell and nothing can hold."""
    return given.encode("utf-8", "replace").decode()


def _pairs(event: Mapping[str, Any], single: str, multiple: str) -> Iterable[tuple[str, str]]:
    if lists := event.get(multiple):
        return [(name, value) for name, values in lists.items() for value in values or ()]
    return [(name, value) for name, value in (event.get(single) or {}).items() if value is not None]


def _headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else str(value)
    return found


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return b""
