"""Answers: a status, a body and its type; JSON, problems (RFC 9457) and redirects."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec

HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
JSON, PROBLEM = "application/json", "application/problem+json"
# A load balancer takes 1 MB of JSON from a function; a body of this size fits into that as base64, whatever is in it.
LARGEST_BODY = 740_000  # bytes


class Answer(msgspec.Struct, frozen=True):
    """The answer to a request, before it is packed, shortened or left out for who asked.

    `headers` are further ones, such as `Location`; of one name there is one, unless it is a tuple of values.
    """

    status: int = 200
    body: bytes | str = b""
    content_type: str = TEXT
    headers: Mapping[str, str | tuple[str, ...]] = {}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong (RFC 9457): `detail` says it of this request. Of a mistake in a query: where it is and what helps.

    `column` counts from 1, and `length` is how many characters are meant; `expected` is what could stand there, and
    `suggestion` the query as it may have been meant.
    """

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    column: int | None = None
    length: int | None = None
    expected: tuple[str, ...] = ()
    suggestion: str | None = None


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str | tuple[str, ...]] | None = None) -> Answer:
    """Return a value (structs, too) as JSON."""
    return Answer(status, msgspec.json.encode(value), JSON, headers or {})


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """Return what is wrong, as `application/problem+json`."""
    told = Problem(HTTPStatus(status).phrase, int(status), detail, **more)
    return Answer(int(status), msgspec.json.encode(told), PROBLEM, headers or {})


def redirect(url: str, status: int = 302) -> Answer:
    """Return the way to another address; what no header can hold is encoded."""
    return Answer(status, headers={"Location": quote(url, safe="%/:=&?~#+!$,;'@()*[]")})
