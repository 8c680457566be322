"""Which buckets are to be compared with the index, and how far that has come.

| pk | sk | attributes |
|---|---|---|
| `check` | a bucket | `wanted`, `settled`, `begun`, `touched`, `complete` (times), `after`, JSON: `counted`, `found` |

Changed by conditional writes only: of two that check one bucket at once, one writes how far it has come, and the other
hears that it is not needed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.control.conditional import Items, text, utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

UNCHANGED = "#begun = :begun AND #after = :before"


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a check found: how many keys were compared, and how many differed, by what they differed in."""

    keys: int = 0
    differing: dict[str, int] = {}

    def __add__(self, other: "Found") -> "Found":
        names = dict.fromkeys((*self.differing, *other.differing))
        both = {it: self.differing.get(it, 0) + other.differing.get(it, 0) for it in names}
        return Found(self.keys + other.keys, both)


NOTHING = Found()


class Check(msgspec.Struct, frozen=True):
    """What is known of the checks of a bucket.

    `wanted` is the newest time at which something happened that only a check can find, `settled` the time up to which
    none is needed for that. `begun` is when the last check began, `after` the key up to which it has come (empty at the
    beginning, None when it was complete), `touched` when somebody was at it. `complete` is when the last complete one
    began, and `found` what it found; `counted` is what the one under way has found so far.
    """

    bucket: str
    wanted: datetime | None = None
    settled: datetime | None = None
    begun: datetime | None = None
    touched: datetime | None = None
    complete: datetime | None = None
    after: str | None = None
    counted: Found = NOTHING
    found: Found | None = None


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
        item: dict[str, Any] = {"bucket": bucket, **self._items.read(bucket)}
        for name in item.keys() & {"counted", "found"}:
            item[name] = msgspec.json.decode(item[name])
        return msgspec.convert(item, Check)

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
        absent = f"attribute_not_exists(#after) AND {condition}"
        if not self._items.change(check.bucket, told, absent, known, gone=("counted",)):
            return None
        return msgspec.structs.replace(check, begun=now, touched=now, after="", counted=NOTHING)

    def checkpoint(self, check: Check, after: str, found: Found = NOTHING) -> Check | None:
        """Write down up to which key a check has come, and what was found since the last time.

        None where another is at it, or the bucket is not connected.
        """
        now, counted = self._now(), check.counted + found
        told = {"after": after, "touched": text(now), "counted": _json(counted)}
        if not self._items.change(check.bucket, told, UNCHANGED, _known(check)):
            return None
        return msgspec.structs.replace(check, after=after, touched=now, counted=counted)

    def finish(self, check: Check, found: Found = NOTHING) -> Check | None:
        """Write down that a check is complete, and all that it found.

        None where another is at it, or the bucket is not connected.
        """
        known, all_found = _known(check), check.counted + found
        told = {"complete": known["begun"], "touched": text(self._now()), "found": _json(all_found)}
        if not self._items.change(check.bucket, told, UNCHANGED, known, gone=("after", "counted")):
            return None
        return msgspec.structs.replace(check, complete=check.begun, after=None, counted=NOTHING, found=all_found)


def _json(found: Found) -> str:
    return msgspec.json.encode(found).decode()


def _known(check: Check) -> dict[str, str]:
    if check.begun is None or check.after is None:
        raise ValueError(f"no check of {check.bucket} has begun")
    return {"begun": text(check.begun), "before": check.after}
