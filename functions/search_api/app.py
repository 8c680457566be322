"""The function `search_api`: the JSON API of search, behind the load balancer."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import ALBResolver

from bucketdex.api import resolver as api
from bucketdex.aws import clients, settings
from bucketdex.control import ControlTable
from bucketdex.searching import answering, containing, duplicates, reads
from bucketdex.searching.containing import Containers
from bucketdex.searching.duplicates import Duplicates, Known
from bucketdex.searching.hits import Answer
from bucketdex.searching.question import Question
from bucketdex.searching.reads import Asked, Readings
from bucketdex.searching.viewer import Viewer

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


def viewer() -> Viewer:
    """Return somebody who may see every connected bucket."""
    control = ControlTable(clients.dynamodb(), settings.control().table)
    return Viewer(frozenset(bucket.name for bucket in control.buckets()))


def search(question: Question) -> Answer:
    """Search in all that can be seen."""
    return answering.search(clients.opensearch(settings.opensearch()), viewer(), question)


def packages_of(bucket: str, key: str, version_id: str | None) -> Containers:
    """Find the packages that contain an object."""
    return containing.containing(clients.opensearch(settings.opensearch()), viewer(), bucket, key, version_id)


def duplicates_of(bucket: str, key: str) -> Duplicates:
    """Find the objects with the same bytes."""
    return duplicates.duplicates(clients.opensearch(settings.opensearch()), viewer(), bucket, key)


def digests_of(names: list[tuple[str, str]]) -> list[Known]:
    """Find what is known of the digests of objects."""
    return duplicates.known(clients.opensearch(settings.opensearch()), viewer(), names)


def reads_of(asked: Asked) -> Readings:
    """Find how often something was read."""
    return reads.reads(clients.opensearch(settings.opensearch()), viewer(), asked, datetime.now(UTC).date())


@cache
def app() -> ALBResolver:
    """Return the routes, made once."""
    return api.resolver(api.Answers(search, packages_of, duplicates_of, digests_of, reads_of))


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    answer: dict[str, Any] = app().resolve(api.decoded(event), context)
    logger.info("request", path=event.get("path"), status=answer["statusCode"])
    metrics.add_metric(name="Requests", unit="Count", value=1)
    return answer
