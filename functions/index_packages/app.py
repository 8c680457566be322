"""The function `index_packages`: pointers and manifests of registries, from a queue, into documents of the index."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from time import time
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

from bucketdex.aws import clients, settings
from bucketdex.aws.queues import deliveries
from bucketdex.changes import batch, telemetry
from bucketdex.changes.sending import send
from bucketdex.control import ControlTable
from bucketdex.packages.ahead import ahead
from bucketdex.packages.edges import Edges
from bucketdex.packages.reconcile import reconcile

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@cache
def workers(concurrency: int) -> ThreadPoolExecutor:
    """Return the threads that each see to one key, kept between invocations."""
    return ThreadPoolExecutor(concurrency, "key")


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a batch; messages that are not done are named in the answer, and come back."""
    given = settings.index_packages()

    edges = Edges(
        control=ControlTable(clients.dynamodb(), given.control.table),
        opensearch=clients.opensearch(given.opensearch),
        s3=clients.quick_s3(given.s3_concurrency),
        send=partial(send, clients.sqs(), given.queue.url, keys_each=1),
        now=lambda: datetime.now(UTC),
        remaining=lambda: float(context.get_remaining_time_in_millis() / 1000),
        concurrently=workers(given.s3_concurrency).map,
        ahead=ahead,
    )
    report = batch.handle(
        deliveries(event),
        partial(reconcile, edges),
        batch.Queues(clients.sqs(), (given.queue,), given.max_receives),
        now=time,
    )
    return telemetry.answer(report, logger, metrics, "package")
