"""When something last happened in a bucket that a notification told of: a sign that its notifications work.

| pk | sk | attributes |
|---|---|---|
| `live` | a bucket | `event`: the newest time, ISO 8601 in UTC; only ever raised |
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bucketdex.control.conditional import Items, text, utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What is noted is at most so much older than what was seen. In time of the events, not of the clock: a backlog that is
# worked off in a minute may tell of hours.
BEHIND = timedelta(seconds=120)


class Live:
    """The notes of one stack. Keep it between invocations: it knows what it noted last, and mostly writes nothing."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, now: Callable[[], datetime] = utc_now) -> None:
        self._items, self._now = Items(dynamodb, table, "live"), now
        self._noted: dict[str, datetime] = {}

    def note(self, seen: Mapping[str, datetime]) -> None:
        """Note for each bucket the newest time of an event that was seen, where that is 120 s newer than the last note.

        Raises `Transient`; nothing depends on a note in time, so that is no reason for a batch to fail.
        """
        for bucket, event in seen.items():
            time = min(event, self._now())  # a time to come would count for good
            last = self._noted.get(bucket)
            if last is not None and time <= last + BEHIND:
                continue
            # False: another process has noted a newer one, which is just as well.
            self._items.change(bucket, {"event": text(time)}, "attribute_not_exists(#event) OR #event < :event")
            self._noted[bucket] = time

    def latest(self, bucket: str) -> datetime | None:
        """Return the newest time that is noted, None where there is none; raises `Transient`."""
        found = self._items.read(bucket).get("event")
        return datetime.fromisoformat(found) if found else None
