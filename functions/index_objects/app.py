"""The function `index_objects`: events of objects, from a queue, into documents of the index."""

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
from bucketdex.control.live import Live
from bucketdex.errors import Transient
from bucketdex.objects.observe import ObjectReader
from bucketdex.objects.reconcile import Edges, reconcile

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@cache
def readers(concurrency: int) -> ThreadPoolExecutor:
    """Return the threads that read S3, kept between invocations."""
    return ThreadPoolExecutor(concurrency, "s3")


@cache
def signs_of_life(table: str) -> Live:
    """Return what notes that notifications work, kept between invocations: so it mostly has nothing to write."""
    return Live(clients.dynamodb(), table)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a batch; messages that are not done are named in the answer, and come back."""
    given = settings.index_objects()

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis() / 1000)

    edges = Edges(
        control=ControlTable(clients.dynamodb(), given.control.table),
        opensearch=clients.opensearch(given.opensearch),
        objects=ObjectReader(clients.quick_s3(given.s3_concurrency), lambda: datetime.now(UTC), remaining),
        pass_on=partial(send, clients.sqs(), given.package_events_url, keys_each=1),
        ask_for_digests=partial(send, clients.sqs(), given.hash_requests_url, keys_each=1),
        remaining=remaining,
        concurrently=readers(given.s3_concurrency).map,
        span=tracer.provider.in_subsegment,
    )
    report = batch.handle(
        deliveries(event),
        partial(reconcile, edges),
        batch.Queues(clients.sqs(), given.queues, given.max_receives),
        now=time,
    )
    try:
        signs_of_life(given.control.table).note(report.live)
    except Transient as error:  # a check too many may come of it, no more
        logger.warning("it is not noted that notifications work", reason=str(error))
    return telemetry.answer(report, logger, metrics, "object")
