"""What goes wrong, as `application/problem+json` (RFC 9457): one place that says which error is which status."""

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from aws_lambda_powertools.event_handler import ALBResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError

from bucketdex.api.unknown import unknown
from bucketdex.errors import Permanent, Transient
from bucketdex.http import PROBLEM, Problem
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.viewer import Gone

RETRY_SECONDS = "5"
IS_READ = "request_is_read"  # in the context
log = logging.getLogger(__name__)


class Missing(Exception):
    """What is asked for is not there, or is not for who asks; the message says what."""


def problem(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response[str]:
    """Return what is wrong as an answer."""
    told = Problem(status.phrase, int(status), detail, **more)
    return Response(int(status), PROBLEM, msgspec.json.encode(told).decode(), headers)


def tell_problems(app: ALBResolver, methods: Callable[[str], tuple[str, ...]]) -> None:
    """Have the application answer errors; `methods` returns those that a path takes."""
    app.use([_noted_as_read])
    _tell_requests(app, methods)
    _tell_faults(app)


def _noted_as_read(app: Any, next_middleware: NextMiddleware) -> Response[str]:
    app.append_context(**{IS_READ: True})  # it comes behind the library's validation
    return next_middleware(app)


def _tell_requests(app: ALBResolver, methods: Callable[[str], tuple[str, ...]]) -> None:
    """What the request itself says is wrong."""

    @app.not_found
    def _not_found(_: NotFoundError) -> Response[str]:
        event = app.current_event
        allowed = methods(event.path)
        if allowed and event.http_method not in allowed:
            told = f"{event.http_method} is not understood here, but {', '.join(allowed)}"
            return problem(HTTPStatus.METHOD_NOT_ALLOWED, told, {"Allow": ", ".join(allowed)})
        told = f"there is nothing at {event.path}; /api/docs tells what there is. A slash of a key is written %2F"
        return problem(HTTPStatus.NOT_FOUND, told)

    @app.exception_handler(Missing)  # type: ignore[untyped-decorator]
    def _missing(error: Missing) -> Response[str]:
        return problem(HTTPStatus.NOT_FOUND, str(error))

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    def _invalid(error: RequestValidationError) -> Response[str]:
        said = [f"{_name(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        if other := unknown(app):  # what is missing may be called so
            said.append(other)
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(said))

    @app.exception_handler(RequestUnsupportedContentType)  # type: ignore[untyped-decorator]
    def _unsupported(_: RequestUnsupportedContentType) -> Response[str]:
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body has to be JSON, of the type application/json")

    @app.exception_handler([RecursionError, ValueError])  # type: ignore[untyped-decorator]
    def _unreadable(error: Exception) -> Response[str]:
        # Of the body that somebody else wrote; any other is a fault of ours, not of who asks.
        if app.current_event.http_method != "POST" or app.context.get(IS_READ):
            raise error
        return problem(HTTPStatus.BAD_REQUEST, f"the body is not the JSON that is asked for: {type(error).__name__}")


def _tell_faults(app: ALBResolver) -> None:
    """What came of answering it."""

    @app.exception_handler(QuerySyntaxError)  # type: ignore[untyped-decorator]
    def _misread(error: QuerySyntaxError) -> Response[str]:
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            error.message,
            column=error.column,
            length=error.length,
            expected=error.expected,
            suggestion=error.suggestion,
        )

    @app.exception_handler(Gone)  # type: ignore[untyped-decorator]
    def _gone(error: Gone) -> Response[str]:
        return problem(HTTPStatus.GONE, str(error))

    @app.exception_handler(Permanent)  # type: ignore[untyped-decorator]
    def _refused(error: Permanent) -> Response[str]:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    @app.exception_handler(Transient)  # type: ignore[untyped-decorator]
    def _unavailable(error: Transient) -> Response[str]:
        log.warning("%s is not answered: %s", app.current_event.path, error)
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, error.for_asker, {"Retry-After": RETRY_SECONDS})


def _name(location: Sequence[str | int]) -> str:
    """Return the parameter that a fault is in; of one that can be given again its number follows."""
    return [part for part in location if isinstance(part, str)][-1]
