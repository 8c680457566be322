"""The function `check_buckets`: buckets that are due are compared with the index, each hour; or one that is named."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

from bucketdex.aws import clients, settings
from bucketdex.buckets import rules
from bucketdex.buckets.hashing import connected
from bucketdex.changes.sending import send
from bucketdex.check.buckets import Edges, check
from bucketdex.check.due import Due, Signs, due
from bucketdex.control import ControlTable
from bucketdex.control.checks import Checks
from bucketdex.control.live import Live
from bucketdex.errors import Transient
from bucketdex.index.generations import READS
from bucketdex.trail.sweep import sweep

SWEEPING_SECONDS = 60.0  # at most, of each hour: far more than the rows of a day take

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Check what is due, or `{"bucket": "my-data"}` now; raises at the end where a bucket could not be checked."""
    given = settings.check_buckets()
    table = (clients.dynamodb(), given.control.table)
    control, checks = ControlTable(*table), Checks(*table)
    edges = Edges(
        s3=clients.s3(),
        opensearch=clients.opensearch(given.opensearch),
        control=control,
        send=partial(send, clients.sqs(), given.bulk_events_url),
        remaining=lambda: float(context.get_remaining_time_in_millis() / 1000),
    )
    if name := event.get("bucket"):
        found = Due([connected(name, control).name])
    else:
        queue_arn = partial(rules.queue_arn, clients.sqs(), given.object_events_url)
        _forget_old_reads(edges)
        found = due(control.buckets(), checks, Signs(clients.s3(), Live(*table), queue_arn), datetime.now(UTC))
    report = check(edges, checks, found.buckets)
    told: dict[str, Any] = {"checked": report.checked, "keys": report.keys, "differing": dict(report.differing)}
    logger.info("checked", **told, verified=found.verified, due=found.buckets)
    metrics.add_metric(name="BucketsChecked", unit="Count", value=len(report.checked))
    metrics.add_metric(name="KeysChecked", unit="Count", value=report.keys)
    metrics.add_metric(name="KeysDiffering", unit="Count", value=report.differing.total())
    failures = found.failures | report.failures
    for bucket, error in failures.items():
        logger.error("bucket not checked", bucket=bucket, reason=str(error), exc_info=error)
    if failures:  # so that Lambda counts an error, which has an alarm
        raise Transient(f"{len(failures)} buckets could not be checked: {', '.join(sorted(failures))}"[:1000])
    return told


def _forget_old_reads(edges: Edges) -> None:
    until = edges.remaining() - SWEEPING_SECONDS
    try:
        indexes = [it.index for it in edges.control.generations(READS)]
        rows = sweep(edges.opensearch, indexes, datetime.now(UTC).date(), lambda: edges.remaining() < until)
    except Transient as error:  # what is left goes in an hour
        logger.warning("not all old reads are forgotten", reason=str(error))
    else:
        logger.info("old reads are forgotten", rows=rows)
