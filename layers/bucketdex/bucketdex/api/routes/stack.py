"""How the stack is, and what this API says of itself."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from aws_lambda_powertools.event_handler import ALBResolver, Response

from bucketdex.api.answers import Answers
from bucketdex.api.docs_page import POLICY, page
from bucketdex.api.fitting import answer
from bucketdex.api.openapi import told
from bucketdex.health.told import Health
from bucketdex.http import HTML, JSON


def add_stack(app: ALBResolver, answers: Answers, document: Callable[[], dict[str, Any]]) -> None:
    """Add the routes."""

    @app.get(
        "/api/status",
        operation_id="status",
        summary="How the stack is",
        description="What waits in the queues and what was set aside, how far the index is behind, and what the last "
        "check of each bucket found. Looking at what was set aside takes nothing away.",
        tags=["stack"],
        responses=told(Health, "How the stack is"),
    )
    def _status() -> Response[str]:
        return answer(answers.status())

    @app.get("/api/openapi.json", include_in_schema=False)
    def _openapi() -> Response[str]:
        return Response(int(HTTPStatus.OK), JSON, msgspec.json.format(msgspec.json.encode(document())).decode())

    @app.get("/api/docs", include_in_schema=False)
    def _docs() -> Response[str]:
        return Response(int(HTTPStatus.OK), HTML, page(document()), {"Content-Security-Policy": POLICY})
