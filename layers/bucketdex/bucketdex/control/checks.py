"""Which buckets are to be compared with the index, and how far that has come.

| pk | sk | attributes |
|---|---|---|
| `check` | a bucket | `wanted`, `settled`, `begun`, `touched`, `complete` (times, ISO 8601 in UTC), `after` (a key) |

Changed by conditional writes only: of two that check one bucket at once, one writes how far it has come, and the other
hears that it is not needed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from bucketdex.control.conditional import Items, text, utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

UNCHANGED = "#begun = :begun AND #after = :before"


class Check(msgspec.Struct, frozen=True):
    """What is known of the checks of a bucket.

    `wanted` is the newest time at which something happened that only a check can find, `settled` the time up to which
    none is needed for that. `begun` is when the last check began, `after` the key up to which it has come (empty at the
    beginning, None when it was complete), `touched` when somebody was at it. `complete` is when the last complete one
    began.
    """

    bucket: str
    wanted: datetime | None = None
    settled: datetime | None = None
    begun: datetime | None = None
    touched: datetime | None = None
    complete: datetime | None = None
    after: str | None = None


class Checks:
    """The checks of one stack; every method raises `Transient` where the table does not answer."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, now: Callable[[], datetime] = utc_now) -> None:
        self._items, self._now = Items(dynamodb, table, "check"), now

    def want(self, bucket: str, time: datetime) -> bool:
        """Have a bucket checked for what happened at this time; False if that, or something later, is known already."""
        told = {"wanted": text(min(time, self._now()))}  # a time to come would be wanted for good
        return self._items.change(bucket, told, "attribute_not_exists(#wanted) OR #wanted < :wanted")

    def state(self, bucket: str) -> Check:
        """Return what is known of a bucket's checks."""
        return msgspec.convert({"bucket": bucket, **self._items.read(bucket)}, Check)

    def settle(self, check: Check) -> bool:
        """Write down that what was wanted needs no check; False if more is wanted by now."""
        if check.wanted is None:
            return False
        return self._items.change(check.bucket, {"settled": text(check.wanted)}, "#wanted = :settled")

    def begin(self, check: Check) -> Check | None:
        """Begin a check, or go on with one that was not finished; None where another invocation has begun one."""
        if check.after is not None:
            return check
        now = self._now()
        known = {"known": text(check.begun)} if check.begun else {}
        condition = "#begun = :known" if known else "attribute_not_exists(#begun)"
        told = {"begun": text(now), "touched": text(now), "after": ""}
        if not self._items.change(check.bucket, told, f"attribute_not_exists(#after) AND {condition}", known):
            return None
        return msgspec.structs.replace(check, begun=now, touched=now, after="")

    def checkpoint(self, check: Check, after: str) -> Check | None:
        """Write down up to which key a check has come; None where another is at it, or the bucket is not connected."""
        now = self._now()
        if not self._items.change(check.bucket, {"after": after, "touched": text(now)}, UNCHANGED, _known(check)):
            return None
        return msgspec.structs.replace(check, after=after, touched=now)

    def finish(self, check: Check) -> Check | None:
        """Write down that a check is complete; None where another is at it, or the bucket is not connected."""
        known = _known(check)
        told = {"complete": known["begun"], "touched": text(self._now())}
        if not self._items.change(check.bucket, told, UNCHANGED, known, gone=("after",)):
            return None
        return msgspec.structs.replace(check, complete=check.begun, after=None)


def _known(check: Check) -> dict[str, str]:
    if check.begun is None or check.after is None:
        raise ValueError(f"no check of {check.bucket} has begun")
    return {"begun": text(check.begun), "before": check.after}
