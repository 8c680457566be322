"""The function `hash_ranges`: the steps of the state machine that hashes huge objects range by range."""

from functools import partial
from time import time
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

from bucketdex.aws import clients, settings
from bucketdex.changes.sending import send
from bucketdex.control import ControlTable
from bucketdex.digests import ranges
from bucketdex.digests.edges import Edges
from bucketdex.digests.ledger import Ledger

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step; what it raises is for the state machine to try again, or to set aside."""
    given = settings.hash_ranges()
    edges = Edges(
        s3=clients.quick_s3(given.s3_concurrency),
        ledger=Ledger(clients.dynamodb(), given.control.table, time),
        tell=partial(send, clients.sqs(), given.bulk_events_url, keys_each=1),
        remaining=lambda: float(context.get_remaining_time_in_millis() / 1000),
        threads=given.s3_concurrency,
    )
    control = ControlTable(clients.dynamodb(), given.control.table)
    done = ranges.step(ranges.Steps(edges, control, clients.sqs(), given.dead_letters_url), event)
    logger.info("step", step=event.get("step", "ended"), **done)
    metrics.add_metric(name="RangeSteps", unit="Count", value=1)
    return done
