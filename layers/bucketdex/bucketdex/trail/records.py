"""What the records of a log file say: which objects changed, and by whom; what was read; what has to be looked into."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from bucketdex.changes import Fact, ObjectChange
from bucketdex.changes.change import fault_of_bucket, fault_of_key, is_unique, when
from bucketdex.changes.cloudtrail import READING, SOURCES, SWEEPING, WRITES, Answer, Parameters, changes
from bucketdex.trail import names
from bucketdex.trail.identity import Known
from bucketdex.trail.streaming import Record

OF_INTEREST = WRITES | {READING, SWEEPING}
DELETING = frozenset({"DeleteObject", "ReplicateDelete"})  # what they make has no author in the index
MOST_FAULTS = 3  # that are told


class _Place(msgspec.Struct):
    bucket: Any = msgspec.field(name="bucketName", default=None)


class Read(NamedTuple):
    """An object was read: where, on which day (`2026-01-31`, UTC), by whom as far as that is kept."""

    bucket: str
    key: str
    day: str
    reader: str | None


UNREADABLE = (msgspec.MsgspecError, RecursionError, ValueError)
_parameters = msgspec.json.Decoder(Parameters)
_answer = msgspec.json.Decoder(Answer | None)
_place = msgspec.json.Decoder(_Place)


class Reader:
    """Takes records, and tells what they say of some buckets.

    `changed`, `was_read` and `swept` are told of each change, read and bulk deletion (bucket, time or None) in
    `buckets`, or everywhere where that is None. `trail_bucket` is where the file is from: what CloudTrail writes there
    itself is left out, for each file would tell of the one before. `counts` has `TrailForeign`, the records of interest
    of other buckets; `faults` are records of these buckets that cannot be read, the first few, and how many there are.
    """

    def __init__(
        self,
        known: Known,
        buckets: Collection[str] | None,
        changed: Callable[[ObjectChange], object],
        was_read: Callable[[Read], object],
        swept: Callable[[str, datetime | None], object],
        trail_bucket: str = "",
    ) -> None:
        self._known, self._buckets, self._trail_bucket = known, buckets, trail_bucket
        self._changed, self._was_read, self._swept = changed, was_read, swept
        self._days: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.unreadable = 0

    def take(self, records: Iterable[Record], first: int = 1) -> None:
        """Tell what the records say; `first` is the number of the first."""
        for number, record in enumerate(records, first):
            name = record.event_name
            # Most records are none of ours, so this is all that is done with them.
            if type(name) is not str or name not in OF_INTEREST or record.event_source not in SOURCES:
                continue
            if record.error_code or record.event_category == "Insight":
                continue  # it did nothing, or counts calls that have records of their own
            try:
                self._take(name, record)
            except UNREADABLE as error:
                self._is_unreadable(number, name, record, error)

    def _take(self, name: str, record: Record) -> None:
        if name == SWEEPING:
            bucket = _place.decode(record.request_parameters).bucket
            if not isinstance(bucket, str):
                raise ValueError("its bucketName is no text")
            if self._is_ours(bucket):
                self._swept(bucket, _time(record.event_time))
            return
        parameters = _parameters.decode(record.request_parameters)
        if not self._is_ours(parameters.bucket):
            return
        if fault := fault_of_bucket(parameters.bucket) or fault_of_key(parameters.key):
            raise ValueError(fault)
        if parameters.bucket == self._trail_bucket and names.kind_of(parameters.key) != "foreign":
            return
        who = self._known.of(record.user_identity)
        if name == READING:
            if not who.own:
                self._was_read(Read(parameters.bucket, parameters.key, self._day(record.event_time), who.reader))
            return
        for change in changes(name, _time(record.event_time), parameters, _answer.decode(record.response_elements)):
            made = change.made and is_unique(change.version_id) and name not in DELETING
            fact = Fact(None, change.version_id, written_by=who.author, written_at=change.time)
            self._changed(msgspec.structs.replace(change, facts=(fact,)) if made and who.author else change)

    def _is_ours(self, bucket: str) -> bool:
        if self._buckets is None or bucket in self._buckets:
            return True
        self.counts["TrailForeign"] += 1
        return False

    def _day(self, time: Any) -> str:
        day = time[:10] if isinstance(time, str) else ""
        if day not in self._days:
            if (at := _time(day)) is None or at.date().isoformat() != day:
                raise ValueError(f"its eventTime {str(time)[:100]!r} is none")
            self._days.add(day)
        return day

    def _is_unreadable(self, number: int, name: str, record: Record, error: Exception) -> None:
        with suppress(*UNREADABLE):
            bucket = _place.decode(record.request_parameters).bucket
            if isinstance(bucket, str) and self._buckets is not None and bucket not in self._buckets:
                self.counts["TrailForeign"] += 1  # nobody's loss here
                return
        self.unreadable += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(f"record {number} ({name}): {error}")


def _time(told: Any) -> datetime | None:
    """Return the time of a record, None where it tells none that can be."""
    try:
        return when(datetime.fromisoformat(told)) if isinstance(told, str) else None
    except ValueError:
        return None
