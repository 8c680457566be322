"""What a batch tells the operator: a log line for each key and each failed message, and metrics.

No content, no metadata: bucket, key, message ids, outcome, reason.
"""

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from bucketdex.changes.batch import Report
from bucketdex.errors import OURS, kind_of

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Metrics

Noun = Literal["object", "package", "digest", "log file"]
# The metric of each outcome.
OUTCOMES: dict[Noun, dict[str, str]] = {
    "object": {
        "indexed": "ObjectsIndexed", "deleted": "ObjectsDeleted", "failed": "ObjectsFailed",
        "passed on": "PassedOnToPackages", "known": "TrailKnown",
    },
    "package": {
        "indexed": "PackagesIndexed", "deleted": "PackagesDeleted", "failed": "PackagesFailed",
        "settled": "PackagesSettled",
    },
    "digest": {
        "hashed": "DigestsComputed", "known": "DigestsKnown", "handed on": "DigestsHandedOn",
        "not wanted": "DigestsNotWanted", "refused": "DigestsRefused", "abandoned": "DigestsAbandoned",
        "failed": "DigestsFailed",
    },
    "log file": {"read": "TrailFilesRead", "skipped": "TrailFilesSkipped", "failed": "TrailFilesFailed"},
}  # fmt: skip
NOT_DONE: dict[Noun, str] = {"object": "not indexed", "package": "not indexed", "digest": "not indexed",
                             "log file": "not read"}  # fmt: skip
MOST_AGES = 90  # values of one metric that one EMF line may hold is 100


def answer(report: Report, logger: "Logger", metrics: "Metrics", noun: Noun) -> dict[str, Any]:
    """Tell of a batch, and return what Lambda is answered: the messages that come back."""
    try:
        tell(report, logger, metrics, noun)
    except Exception:
        logger.exception("the batch is done, but not all of it could be told")
    return {"batchItemFailures": [{"itemIdentifier": identity} for identity in report.settled.reported]}


def tell(report: Report, logger: "Logger", metrics: "Metrics", noun: Noun) -> None:
    """Write the logs and metrics of a batch; `noun` is what its keys name."""
    for (bucket, key), outcome in report.outcomes.items():
        ids = report.messages_of[bucket, key]
        if outcome.error:
            logger.warning(
                f"{noun} {NOT_DONE[noun]}", bucket=bucket, key=key, message_ids=ids, reason=str(outcome.error)
            )
        else:
            note: dict[str, Any] = {"note": outcome.note} if outcome.note else {}
            logger.info(f"{noun} {outcome.state}", bucket=bucket, key=key, message_ids=ids, **note)
    for failure in report.failures:
        kind = kind_of(failure.error)
        told: dict[str, Any] = {"message_id": failure.delivery.id, "kind": kind, "receives": failure.delivery.receives}
        if kind == OURS:
            logger.error("message failed by a fault of bucketdex", exc_info=failure.error, **told)
        else:
            logger.warning("message failed", reason=str(failure.error), **told)
    states = Counter(outcome.state for outcome in report.outcomes.values())
    for name, count in {
        **{name: states[state] for state, name in OUTCOMES[noun].items()},
        "NotConnected": states["not connected"],
        "Ignored": report.ignored,
        "Conflicts": report.tally.conflicts,
        "Retries": report.tally.retries,
        "MessagesReturned": len(report.settled.reported),
        "DeadLetters": report.settled.dead_letters,
        **report.tally.counts,
    }.items():
        metrics.add_metric(name=name, unit="Count", value=count)
    metrics.add_metric(name="S3Time", unit="Milliseconds", value=report.tally.s3_seconds * 1000)
    metrics.add_metric(name="OpenSearchTime", unit="Milliseconds", value=report.tally.opensearch_seconds * 1000)
    for age in sorted(report.event_ages)[-MOST_AGES:]:
        metrics.add_metric(name="EventAge", unit="Seconds", value=age)
