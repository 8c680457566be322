"""What the API says of itself (OpenAPI 3.1): made of its routes and of the types of its answers, when it is asked."""

import re
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from aws_lambda_powertools.event_handler import ALBResolver

from bucketdex.api.told import ANSWERS, EXAMPLES
from bucketdex.http import JSON, PROBLEM, Problem

COMPONENT = "#/components/schemas/{name}"
TITLE, VERSION = "bucketdex", "1"
DESCRIPTION = """Search in what S3 buckets hold: objects, data packages and their entries.

Every answer is JSON; every error is a problem (RFC 9457), `application/problem+json`, also a parameter that a route
does not have. Lists go on with the `cursor` of the answer before. An answer has an `ETag`: sent back as
`If-None-Match`, what has not changed is a 304 without a body.
Answers of more than 1 kB are packed with gzip for those who take that. Times are ISO 8601, in UTC.

In a path each part is percent-encoded, the slashes of a key too: `/api/objects/my-data/raw%2F042.csv`."""
TAGS = {
    "search": "Find what is there, by a query; complete it; count what it finds.",
    "objects": "An object in a bucket: all that is known of it.",
    "packages": "Data packages: their revisions and entries.",
    "stack": "How the stack is, and what this API is.",
}
WHEN = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON.",
    HTTPStatus.NOT_FOUND: "It is not there, or you may not see it.",
    HTTPStatus.GONE: "The moment of which all pages are has been let go (after 5 minutes): search again.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not of the type application/json.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A parameter or the query is not understood; the problem says which, and where.",
    HTTPStatus.SERVICE_UNAVAILABLE: "What is asked does not answer just now; ask again.",
}
NOTHING_NEW = {"description": "It is as the client has it, by `If-None-Match`."}
NOT_ANSWERED = {"HTTPValidationError", "ValidationError", "ResponseValidationError"}  # powertools' own


def told(answer: type, description: str, *further: int) -> dict[int, Any]:
    """Return the responses of a route: what it answers, and the problems that it may have (422 and 503 all have)."""
    statuses = {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, *map(HTTPStatus, further)}
    problems = {int(it): _of(PROBLEM, Problem, WHEN[it]) for it in sorted(statuses)}
    return {int(HTTPStatus.OK): _of(JSON, answer, description), **problems}


def _of(content_type: str, answer: type, description: str) -> dict[str, Any]:
    schema = {"$ref": COMPONENT.format(name=answer.__name__)}
    return {"description": description, "content": {content_type: {"schema": schema}}}


def document_of(app: ALBResolver) -> dict[str, Any]:
    """Return the document."""
    made = app.get_openapi_json_schema(title=TITLE, version=VERSION, description=DESCRIPTION)
    found: dict[str, Any] = msgspec.json.decode(made)
    schemas = {name: it for name, it in found["components"]["schemas"].items() if name not in NOT_ANSWERED}
    _, ours = msgspec.json.schema_components((*ANSWERS, Problem), ref_template=COMPONENT)
    found["components"]["schemas"] = dict(sorted((schemas | ours).items()))
    found["tags"] = [{"name": name, "description": said} for name, said in TAGS.items()]
    for operations in found["paths"].values():
        for method, operation in operations.items():
            _complete(operation, method)
    order = list(EXAMPLES)
    found["paths"] = dict(sorted(found["paths"].items(), key=lambda it: order.index(_first(it[1])["operationId"])))
    return found


def _first(operations: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(operations.values()))
    return found


def _complete(operation: dict[str, Any], method: str) -> None:
    """Add what the library does not know, and take away what it says twice."""
    responses = operation["responses"]
    if method == "get":
        responses["304"] = NOTHING_NEW
    responses["200"]["content"][JSON]["example"] = msgspec.to_builtins(EXAMPLES[operation["operationId"]])
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        # What is not given is left out; there is no null in an address.
        [of] = [it for it in schema.get("anyOf", [schema]) if it.get("type") != "null"]
        parameter["schema"] = {name: it for name, it in of.items() if name not in ("title", "description")}


def allowed(document: Callable[[], dict[str, Any]]) -> Callable[[str], tuple[str, ...]]:
    """Return what tells the methods that a path takes; it reads the document only if it has to."""

    @cache
    def patterns() -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
        return [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), tuple(it.upper() for it in operations))
            for path, operations in document()["paths"].items()
        ]

    return lambda path: next((methods for pattern, methods in patterns() if pattern.fullmatch(path)), ())
