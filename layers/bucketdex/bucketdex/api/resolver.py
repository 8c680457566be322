"""The API as one application: its routes, its errors, and its document; requests and answers are those of `http`."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import ALBResolver, CORSConfig

from bucketdex.api.answers import Answers
from bucketdex.api.openapi import allowed, document_of
from bucketdex.api.problems import tell_problems
from bucketdex.api.routes.objects import add_objects
from bucketdex.api.routes.packages import add_packages
from bucketdex.api.routes.searching import add_search
from bucketdex.api.routes.stack import add_stack
from bucketdex.api.unknown import refuse_unknown
from bucketdex.http import Answer, Request, event_answer, request_of

PREFLIGHT_SECONDS = 3_600
READABLE = ["ETag", "Retry-After"]  # by scripts of another origin, beside what all may read


def resolver(answers: Answers, cors_origins: Sequence[str] = ()) -> ALBResolver:
    """Return the application; pages of these origins may ask it from a browser (`*`: of every origin)."""
    app = ALBResolver(cors=_cors(cors_origins), enable_validation=True)

    @cache
    def document() -> dict[str, Any]:
        return document_of(app)

    add_search(app, answers)
    add_objects(app, answers)
    add_packages(app, answers)
    add_stack(app, answers, document)
    tell_problems(app, allowed(document))
    app.use([refuse_unknown])
    return app


def respond(app: ALBResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer the load balancer's event: HEAD as GET without a body, packed, with an ETag."""
    request = request_of(event)
    told = app.resolve(_decoded(event, request), context)
    return event_answer(_answer(told), request)


def _decoded(event: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return the event with its query decoded as a form is, which the balancer passes as it came; HEAD asks as GET."""
    lists: dict[str, list[str]] = {}
    for name, value in request.query:
        lists.setdefault(name, []).append(value)
    headers = {name: [value] for name, value in request.headers.items()}
    method = "GET" if request.method == "HEAD" else request.method
    return {
        **event, "httpMethod": method, "path": request.path, "multiValueQueryStringParameters": lists,
        "multiValueHeaders": headers,
    }  # fmt: skip


def _answer(told: dict[str, Any]) -> Answer:
    # The library answers a request without any header in the form without lists.
    headers: dict[str, str | tuple[str, ...]] = dict(told.get("headers") or {})
    headers |= {name: tuple(values) for name, values in (told.get("multiValueHeaders") or {}).items()}
    content_type = headers.pop("Content-Type", "")
    given = content_type if isinstance(content_type, str) else content_type[0]
    headers["Vary"] = ("Origin",)  # also where it is told nothing of that, as it then is not allowed
    return Answer(told["statusCode"], told["body"] or "", given, headers)


def _cors(origins: Sequence[str]) -> CORSConfig | None:
    if not origins:
        return None
    first, *others = origins
    return CORSConfig(
        first, others, allow_headers=["If-None-Match"], expose_headers=READABLE, max_age=PREFLIGHT_SECONDS
    )
