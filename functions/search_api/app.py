"""The function `search_api`: the JSON API of search, behind the load balancer."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import ALBResolver

from bucketdex.api import resolver as api
from bucketdex.api.answers import Edges, answers_of
from bucketdex.aws import clients, settings
from bucketdex.control import ControlTable
from bucketdex.health.told import Health, health
from bucketdex.searching.viewer import Viewer

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@cache
def app() -> ALBResolver:
    """Return the routes, made once."""
    given = settings.search_api()
    edges = Edges(
        opensearch=lambda: clients.opensearch(given.opensearch),
        s3=clients.s3,
        viewer=viewer,
        health=lambda seen_by: stack_health(given, seen_by),
        today=lambda: datetime.now(UTC).date(),
    )
    return api.resolver(answers_of(edges), given.cors_origins)


def control() -> ControlTable:
    """Return the control table."""
    return ControlTable(clients.dynamodb(), settings.control().table)


def viewer() -> Viewer:
    """Return somebody who may see every connected bucket."""
    return Viewer(frozenset(bucket.name for bucket in control().buckets()))


def stack_health(given: settings.SearchApiSettings, seen_by: Viewer) -> Health:
    """Return how the stack is."""
    return health(clients.opensearch(given.opensearch), control(), clients.sqs(), given.queues, seen_by)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    answer = api.respond(app(), event, context)
    logger.info("request", path=event.get("path"), status=answer["statusCode"])
    metrics.add_metric(name="Requests", unit="Count", value=1)
    return answer
