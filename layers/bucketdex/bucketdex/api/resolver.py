"""The search API over HTTP, behind the load balancer: routes, validation, and errors as `application/problem+json`."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from urllib.parse import unquote_plus

import msgspec
from aws_lambda_powertools.event_handler import ALBResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import BaseModel, Field

from bucketdex.errors import Permanent, Transient
from bucketdex.searching.containing import Containers
from bucketdex.searching.duplicates import MOST_OBJECTS, Duplicates, Known
from bucketdex.searching.hits import Answer
from bucketdex.searching.question import KINDS, Kind, Question
from bucketdex.searching.reads import MOST_DAYS, Asked, Readings

MOST_HITS = 100  # a page
MOST_BYTES = 900_000  # of an answer: a load balancer takes 1 MiB from a function, envelope and escaping included

METHODS = {
    "/api/search": "GET",
    "/api/containing": "GET",
    "/api/duplicates": "GET",
    "/api/digests": "POST",
    "/api/reads": "GET",
}


class Named(BaseModel):
    """An object by its bucket and key."""

    bucket: str = Field(min_length=1, max_length=255)
    key: str = Field(min_length=1, max_length=1024)


class Answers(NamedTuple):
    """Who answers: a question; a bucket, a key and a version id or None; a bucket and a key; pairs of them; reads."""

    search: Callable[[Question], Answer]
    containing: Callable[[str, str, str | None], Containers]
    duplicates: Callable[[str, str], Duplicates]
    digests: Callable[[list[tuple[str, str]]], list[Known]]
    reads: Callable[[Asked], Readings]


def resolver(answers: Answers) -> ALBResolver:
    """Return the application."""
    app = ALBResolver(enable_validation=True)

    @app.get("/api/search")
    def _search(
        q: Annotated[str, Query(description="What to search for; empty finds everything", max_length=2000)] = "",
        kind: Annotated[list[Kind] | None, Query(description="Only these kinds")] = None,
        bucket: Annotated[list[str] | None, Query(description="Only in these buckets")] = None,
        size: Annotated[int, Query(description="How many hits", ge=0, le=MOST_HITS)] = 10,
    ) -> Response[str]:
        kinds = tuple(each for each in KINDS if each in kind) if kind else KINDS
        found = answers.search(Question(q, size, tuple(bucket or ()), kinds))
        return _bounded({"total": found.total, "totals": found.totals}, "hits", found.hits)

    @app.get("/api/containing")
    def _containing(
        bucket: Annotated[str, Query(description="The object's bucket", min_length=1, max_length=255)],
        key: Annotated[str, Query(description="Its key", min_length=1, max_length=1024)],
        version_id: Annotated[str | None, Query(description="Only this version", max_length=1024)] = None,
    ) -> Response[str]:
        found = answers.containing(bucket, key, version_id or None)
        return _bounded({"total": found.total}, "packages", found.packages)

    @app.get("/api/duplicates")
    def _duplicates(
        bucket: Annotated[str, Query(description="The object's bucket", min_length=1, max_length=255)],
        key: Annotated[str, Query(description="Its key", min_length=1, max_length=1024)],
    ) -> Response[str]:
        found = answers.duplicates(bucket, key)
        return _bounded({"total": found.total, "digests": found.digests}, "objects", found.objects)

    @app.post("/api/digests")
    def _digests(
        objects: Annotated[list[Named], Body(description="Objects", min_length=1, max_length=MOST_OBJECTS)],
    ) -> Response[str]:
        return _bounded({}, "objects", answers.digests([(it.bucket, it.key) for it in objects]))

    @app.get("/api/reads")
    def _reads(
        bucket: Annotated[str, Query(description="The bucket", min_length=1, max_length=255)],
        key: Annotated[str | None, Query(description="An object's key", min_length=1, max_length=1024)] = None,
        prefix: Annotated[str | None, Query(description="Or a folder, with its slash", max_length=1024)] = None,
        days: Annotated[int, Query(description="How many days until today", ge=1, le=MOST_DAYS)] = MOST_DAYS,
    ) -> Response[str]:
        if (key is None) == (prefix is None):
            raise Permanent("key or prefix: one of them says what is asked for; an empty prefix is the whole bucket")
        return _json(answers.reads(Asked(bucket, key, prefix or "", days)))

    _tell_errors(app)
    return app


def _tell_errors(app: ALBResolver) -> None:
    @app.not_found
    def _not_found(_: NotFoundError) -> Response[str]:
        if app.current_event.path in METHODS:
            refused = problem(HTTPStatus.METHOD_NOT_ALLOWED, f"{app.current_event.http_method} is not understood here")
            refused.headers["Allow"] = METHODS[app.current_event.path]
            return refused
        return problem(HTTPStatus.NOT_FOUND, f"there is nothing at {app.current_event.path}; try /api/search?q=word")

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    def _invalid(error: RequestValidationError) -> Response[str]:
        said = "; ".join(f"{_name(fault['loc'])}: {fault['msg']}" for fault in error.errors())
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, said)

    @app.exception_handler(Permanent)  # type: ignore[untyped-decorator]
    def _refused(error: Permanent) -> Response[str]:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler([RecursionError, ValueError])  # type: ignore[untyped-decorator]
    def _unreadable(error: Exception) -> Response[str]:
        if app.current_event.http_method != "POST":  # only there is a body that somebody else wrote
            raise error
        return problem(HTTPStatus.BAD_REQUEST, f"the body is not the JSON that is asked for: {type(error).__name__}")

    @app.exception_handler(Transient)  # type: ignore[untyped-decorator]
    def _unavailable(error: Transient) -> Response[str]:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))


def decoded(event: dict[str, Any]) -> dict[str, Any]:
    """Return the load balancer's event with its query decoded as a form is; the balancer passes it as it came."""
    single = event.get("queryStringParameters") or {}
    multiple = event.get("multiValueQueryStringParameters") or {}
    return event | {
        "queryStringParameters": {unquote_plus(name): unquote_plus(value) for name, value in single.items()},
        "multiValueQueryStringParameters": {
            unquote_plus(name): [unquote_plus(value) for value in values] for name, values in multiple.items()
        },
    }


def _name(location: Sequence[str | int]) -> str:
    """Return the parameter that a fault is in; of one that can be given again its number follows."""
    return [part for part in location if isinstance(part, str)][-1]


def problem(status: HTTPStatus, detail: str) -> Response[str]:
    """Return an error as RFC 9457 has it."""
    told = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return _json(told, status, "application/problem+json")


def _bounded(told: dict[str, Any], name: str, items: Sequence[Any]) -> Response[str]:
    """Return the answer; where a page of long names, tags and highlights would be too large, its first items."""
    while True:
        body = msgspec.json.encode(told | {name: items})
        if len(body) <= MOST_BYTES:
            return Response(int(HTTPStatus.OK), content_type="application/json", body=body.decode())
        items = items[: len(items) * MOST_BYTES // (len(body) + 1)]


def _json(body: Any, status: HTTPStatus = HTTPStatus.OK, content_type: str = "application/json") -> Response[str]:
    return Response(int(status), content_type=content_type, body=msgspec.json.encode(body).decode())
