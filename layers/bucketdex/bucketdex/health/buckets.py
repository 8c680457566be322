"""The connected buckets: when each was last compared with the index, what that found, and whether its events come."""

from datetime import datetime

import msgspec

from bucketdex.control import Bucket, ControlTable
from bucketdex.health.lag import Documents


class Checked(msgspec.Struct, frozen=True):
    """The last complete check of a bucket: when it began, and how many keys it compared (None: not written down).

    `differing` are the keys of which the index did not say what S3 does (the drift), by what they differed in; they
    were sent to be looked at.
    """

    at: datetime
    keys: int | None
    differing: dict[str, int]


class BucketHealth(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a connected bucket is. `checking` is since when a check is under way, and `wanted` what one is wanted for.

    `last_event` is the newest change that a notification told of, as far as that is noted (every two minutes).
    """

    bucket: str
    connected: datetime
    events: str
    documents: Documents
    checked: Checked | None = None
    checking: datetime | None = None
    wanted: datetime | None = None
    last_event: datetime | None = None


def bucket_health(control: ControlTable, bucket: Bucket, documents: Documents) -> BucketHealth:
    """Return how a bucket is; raises `Transient`."""
    check = control.checks.state(bucket.name)
    is_wanted = check.wanted and (check.settled is None or check.settled < check.wanted)
    is_done = check.wanted and check.complete and check.complete >= check.wanted
    checked = None
    if check.complete:
        found = check.found
        checked = Checked(check.complete, found.keys if found else None, found.differing if found else {})
    return BucketHealth(
        bucket=bucket.name,
        connected=bucket.added,
        events=bucket.events,
        documents=documents,
        checked=checked,
        checking=check.begun if check.after is not None else None,
        wanted=check.wanted if is_wanted and not is_done else None,
        last_event=control.live.latest(bucket.name),
    )
