"""Which buckets are to be checked now.

All of them each day, since lifecycle rules and lost notifications leave no other trace. Sooner where the trail tells of
a call that names no keys (`DeleteObjects`), unless the bucket's notifications are verified: then they told of each key.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.buckets import rules
from bucketdex.buckets.notification import is_right
from bucketdex.control import Bucket
from bucketdex.control.checks import Check, Checks
from bucketdex.control.live import BEHIND, Live

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVERY = timedelta(hours=22)  # so that hourly looks make it a daily check, at whichever hour
# A check that began so soon after a call may have listed what the call deleted later: clocks differ, and it is not said
# of each call whether its record tells when it began or when it was answered.
SOON = timedelta(seconds=60)
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Reason = Literal["unfinished", "daily", "wanted"]


@dataclass(frozen=True)
class Signs:
    """What tells whether notifications work; `queue_arn` is that of the queue to which they have to go."""

    s3: "S3Client"
    live: Live
    queue_arn: Callable[[], str]


@dataclass
class Due:
    """The buckets to check, those first that wait for the longest; those whose notifications spared them one."""

    buckets: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)


def reason(bucket: Bucket, check: Check, now: datetime) -> Reason | None:
    """Return why a bucket is due, if it is. When it was connected, all of it was sent to be looked at: that counts."""
    if check.after is not None:
        return "unfinished"
    if now - max(check.complete or LONG_AGO, bucket.added) >= EVERY:
        return "daily"
    if check.wanted is None or (check.settled and check.wanted <= check.settled):
        return None
    return "wanted" if max(check.begun or LONG_AGO, bucket.added) < check.wanted + SOON else None


def is_verified(signs: Signs, bucket: Bucket, time: datetime) -> bool:
    """Whether the bucket's notifications told of what happened at this time, as far as anybody can know.

    That is so where they are configured as they should be, and one has told of something since. Raises `Transient`.
    """
    if bucket.events != "notifications":
        return False
    latest = signs.live.latest(bucket.name)
    if latest is None or latest < time - BEHIND:
        return False
    try:
        found = rules.read(signs.s3, bucket.name)
    except (BotoCoreError, ClientError):
        return False  # nobody knows, so it is checked; where S3 is at fault, that tells
    return is_right(found, signs.queue_arn())


def due(buckets: Iterable[Bucket], checks: Checks, signs: Signs, now: datetime) -> Due:
    """Return which of the buckets are to be checked; what is wanted and not needed is settled."""
    found = Due()
    waiting: list[tuple[datetime, str]] = []
    for bucket in buckets:
        try:
            check = checks.state(bucket.name)
            why = reason(bucket, check, now)
            if why == "wanted" and check.wanted and is_verified(signs, bucket, check.wanted):
                checks.settle(check)
                found.verified.append(bucket.name)
            elif why:
                waiting.append((check.touched or LONG_AGO, bucket.name))
        except Exception as error:  # noqa: BLE001, also a bug in here costs no other bucket its check
            found.failures[bucket.name] = error
    found.buckets = [name for _, name in sorted(waiting)]
    return found
