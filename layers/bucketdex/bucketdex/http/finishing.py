"""An answer as the load balancer takes it: checked against what the client has, packed, and never too large."""

import base64
import gzip
import json
from hashlib import blake2b
from typing import Any

from bucketdex.http.answer import LARGEST_BODY, Answer, problem
from bucketdex.http.request import Request

WORTH_PACKING = 1_000  # bytes; less fits one packet as it is
PACKED_TYPES = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml")
LARGEST_TEXT = 980_000  # bytes of a body as text of the function's JSON, which leaves room for headers
MOST_ESCAPED = 6  # bytes that JSON makes of one
# What every answer has unless it says otherwise.
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"  # what is no page needs nothing, and is in no frame
ASK_AGAIN = "private, no-cache"  # kept by the browser of who asked, and asked for again each time, by its ETag


def event_answer(answer: Answer, request: Request) -> dict[str, Any]:
    """Return the answer as a function behind a load balancer with multi-value headers gives it.

    A success has a weak ETag, and is a 304 where the client has it already. Text of more than 1,000 bytes is packed for
    those who take that. HEAD gets the headers only. What is still too large for a load balancer is a 500 that says so.
    """
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    headers = _headers(answer)
    is_text = bool(body) and answer.content_type.startswith(PACKED_TYPES)
    if is_text:
        headers["vary"] = (*headers.get("vary", ()), "Accept-Encoding")
    if answer.status == 200 and request.method in ("GET", "HEAD"):
        headers.setdefault("etag", (f'W/"{blake2b(body, digest_size=12).hexdigest()}"',))
        if _has(request, headers["etag"][0]):
            return _told(304, _without_body(headers), b"", request)
    if is_text and len(body) > WORTH_PACKING and "content-encoding" not in headers and _takes_gzip(request):
        body = gzip.compress(body, 6, mtime=0)
        headers["content-encoding"] = ("gzip",)
    if len(body) > LARGEST_BODY and not _fits_as_text(body, headers):
        return event_answer(problem(500, f"the answer has {len(body)} bytes, more than a load balancer takes"), request)
    return _told(answer.status, headers, body, request)


def _headers(answer: Answer) -> dict[str, tuple[str, ...]]:
    told: dict[str, str | tuple[str, ...]] = {"Cache-Control": ASK_AGAIN}
    if answer.content_type:
        told["Content-Type"] = answer.content_type
    if not answer.content_type.startswith("text/html"):
        told["Content-Security-Policy"] = NO_PAGE
    told |= ALWAYS
    told |= answer.headers
    # Names are told in lower case, as HTTP/2 does; two that differ by case only are one.
    return {name.lower(): (value,) if isinstance(value, str) else value for name, value in told.items()}


def _without_body(headers: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: values for name, values in headers.items() if name not in ("content-type", "content-encoding")}


def _has(request: Request, etag: str) -> bool:
    known = request.header("if-none-match")
    opaque = etag.removeprefix("W/")
    return known.strip() == "*" or opaque in (each.strip().removeprefix("W/") for each in known.split(","))


def _takes_gzip(request: Request) -> bool:
    weights: dict[str, float] = {}
    for each in request.header("accept-encoding").lower().split(","):
        coding, _, parameter = each.partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weights[coding.strip()] = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _fits_as_text(body: bytes, headers: dict[str, tuple[str, ...]]) -> bool:
    return "content-encoding" not in headers and _as_text(body, headers) is not None


def _as_text(body: bytes, headers: dict[str, tuple[str, ...]]) -> str | None:
    """Return the body as text of the function's JSON, if it is text and stays small enough."""
    if "content-encoding" in headers or not headers.get("content-type", ("",))[0].startswith(PACKED_TYPES):
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    if len(body) * MOST_ESCAPED <= LARGEST_TEXT or len(json.dumps(text)) <= LARGEST_TEXT:
        return text
    return None


def _told(status: int, headers: dict[str, tuple[str, ...]], body: bytes, request: Request) -> dict[str, Any]:
    if request.method == "HEAD":
        body = b""
    text = _as_text(body, headers) if body else ""
    return {
        "statusCode": status,
        "multiValueHeaders": {name: list(values) for name, values in headers.items()},
        "body": base64.b64encode(body).decode() if text is None else text,
        "isBase64Encoded": text is None,
    }
