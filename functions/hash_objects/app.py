"""The function `hash_objects`: requests for digests of objects, from a queue, into facts for `index_objects`."""

from functools import cache, partial
from time import time
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

from bucketdex.aws import clients, executions, settings
from bucketdex.aws.queues import deliveries
from bucketdex.changes import batch, telemetry
from bucketdex.changes.sending import send
from bucketdex.control import ControlTable
from bucketdex.digests.edges import Edges, Rate
from bucketdex.digests.ledger import Ledger
from bucketdex.digests.requests import Requests, hash_requests

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@cache
def rate() -> Rate:
    """Return how quick reading has been, kept between invocations."""
    return Rate()


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a batch; messages that are not done are named in the answer, and come back."""
    given = settings.hash_objects()
    edges = Edges(
        s3=clients.quick_s3(given.s3_concurrency),
        ledger=Ledger(clients.dynamodb(), given.control.table, time),
        tell=partial(send, clients.sqs(), given.bulk_events_url, keys_each=1),
        remaining=lambda: float(context.get_remaining_time_in_millis() / 1000),
        threads=given.s3_concurrency,
        rate=rate(),
    )
    requests = Requests(
        edges,
        ControlTable(clients.dynamodb(), given.control.table),
        partial(executions.start, clients.stepfunctions(), given.state_machine_arn),
        given.whole_bytes,
        given.range_bytes,
    )
    report = batch.handle(
        deliveries(event),
        partial(hash_requests, requests),
        batch.Queues(clients.sqs(), (given.queue,), given.max_receives),
        now=time,
    )
    return telemetry.answer(report, logger, metrics, "digest")
