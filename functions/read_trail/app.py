"""The function `read_trail`: CloudTrail's log files and records, from a queue, into hints, counts of reads, checks."""

from datetime import UTC, datetime
from functools import partial
from time import time
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

from bucketdex.aws import clients, settings
from bucketdex.aws.queues import deliveries
from bucketdex.changes import batch, telemetry
from bucketdex.changes.sending import send
from bucketdex.control import ControlTable
from bucketdex.control.checks import Checks
from bucketdex.trail.edges import KEYS_EACH, Edges
from bucketdex.trail.messages import parser, read_messages

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a batch; messages that are not done are named in the answer, and come back."""
    given = settings.read_trail()
    edges = Edges(
        control=ControlTable(clients.dynamodb(), given.control.table),
        opensearch=clients.opensearch(given.opensearch),
        send=partial(send, clients.sqs(), given.bulk_events_url, keys_each=KEYS_EACH),
        want_check=Checks(clients.dynamodb(), given.control.table).want,
        now=lambda: datetime.now(UTC),
        remaining=lambda: float(context.get_remaining_time_in_millis() / 1000),
        identities=given.identities,
        own_roles=given.own_roles,
        delay_seconds=given.delay_seconds,
    )
    report = batch.handle(
        deliveries(event),
        partial(read_messages, edges, clients.quick_s3(given.s3_concurrency)),
        batch.Queues(clients.sqs(), (given.queue,), given.max_receives),
        now=time,
        parse=parser(given.identities),
    )
    return telemetry.answer(report, logger, metrics, "log file")
