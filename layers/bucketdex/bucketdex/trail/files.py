"""Log files of CloudTrail: read once, piece by piece, and told of in hints, counts and wanted checks.

All of it can be done again without harm. A hint that comes twice finds what the first one made, a file's part of a
day's reads replaces itself, and a check is wanted of a time. So a file that could not be read to its end comes back.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bucketdex.changes import ObjectChange
from bucketdex.changes.outcome import Tally, timed
from bucketdex.errors import Permanent, Transient
from bucketdex.index.generations import READS
from bucketdex.index.mappings import READS_DAYS
from bucketdex.trail import names
from bucketdex.trail.edges import Edges
from bucketdex.trail.identity import Known
from bucketdex.trail.reads import Reads
from bucketdex.trail.records import Read, Reader
from bucketdex.trail.streaming import Batch, Record, batches

HINTS = 1_000  # that are kept before they are sent
SEGMENT = 50_000  # records whose reads are written together: what they take fits the memory, whatever they are of
RESERVE_SECONDS = 20.0  # with less left a file comes back
LONGEST_DELAY = timedelta(seconds=900)  # that SQS knows


def read_file(edges: Edges, name: str, pieces: Iterable[bytes], tally: Tally, trail_bucket: str = "") -> None:
    """Tell all that a log file of this name says of the connected buckets.

    `trail_bucket` is the bucket that it is from. Raises `Transient`, and `Permanent` for what cannot be read of it,
    after all the rest was told.
    """
    file = _File(edges, names.file_id(name), tally, trail_bucket)
    try:
        for batch in batches(pieces, edges.limits):
            file.take(batch)
    except Permanent as error:
        file.finish()
        raise Permanent(f"{error}; what was read is in" if file.records else str(error)) from error
    file.finish()
    if file.faults:
        raise Permanent(file.faults)


class _File:
    """What was read of a file, and is not told yet."""

    def __init__(self, edges: Edges, identity: str, tally: Tally, trail_bucket: str) -> None:
        self._edges, self._identity, self._tally = edges, identity, tally
        # Which buckets are connected is read for each file, never kept for the next.
        buckets = {it.name for it in edges.control.buckets()}
        known = Known(edges.identities, edges.own_roles)
        self._reader = Reader(known, buckets, self._changed, self._was_read, self._swept, trail_bucket)
        self._hints: list[ObjectChange] = []
        self._reads, self._segment = Reads(edges.sleep), 0
        today = edges.now().date()
        self._oldest = (today - timedelta(days=READS_DAYS)).isoformat()
        self._latest = (today + timedelta(days=1)).isoformat()
        self._sweeps: dict[str, datetime] = {}
        self._unreadable = 0
        self.records = 0

    def take(self, batch: Batch) -> None:
        """Take what a batch says, and tell of it where that is much already."""
        for first, records in _segments(batch):
            if first // SEGMENT != self._segment:
                self._count_reads()
                self._segment = first // SEGMENT
            self._reader.take(records, first)
            if self._edges.remaining() < RESERVE_SECONDS:
                raise Transient("no time was left to read the log file to its end")
        self._unreadable += batch.unreadable
        self._tally.counts["TrailRecords"] += len(batch.records)
        self.records += len(batch.records)

    def finish(self) -> None:
        """Tell of what is left; raises `Transient`."""
        self._send_hints()
        self._count_reads()
        for bucket, time in self._sweeps.items():
            self._edges.want_check(bucket, time)
        self._tally.counts["ChecksWanted"] += len(self._sweeps)
        self._tally.counts["TrailUnreadable"] += self._reader.unreadable + self._unreadable
        self._tally.counts.update(self._reader.counts)

    @property
    def faults(self) -> str:
        """What cannot be read of records that may matter, for people; an empty text where all could be."""
        count = self._reader.unreadable + self._unreadable
        said = [*self._reader.faults, *([f"{self._unreadable} are no records at all"] if self._unreadable else [])]
        return f"{count} of its records cannot be read ({'; '.join(said)}); the others are in" if count else ""

    def _changed(self, change: ObjectChange) -> None:
        self._hints.append(change)
        if len(self._hints) >= HINTS:
            self._send_hints()

    def _was_read(self, read: Read) -> None:
        if read.day < self._oldest:
            self._tally.counts["TrailReadsTooOld"] += 1  # nobody could ask for it before it is forgotten
            return
        if read.day > self._latest:
            self._tally.counts["TrailReadsToCome"] += 1  # by a clock that is wrong by days
            return
        self._reads.add(*read)
        self._tally.counts["TrailReads"] += 1

    def _swept(self, bucket: str, time: datetime | None) -> None:
        at = time or self._edges.now()
        self._sweeps[bucket] = max(at, self._sweeps.get(bucket, at))

    def _send_hints(self) -> None:
        if self._hints:
            tell(self._edges, self._hints)
            self._tally.counts["TrailHints"] += len(self._hints)
            self._hints = []

    def _count_reads(self) -> None:
        if not len(self._reads):
            return
        indexes = [it.index for it in self._edges.control.generations(READS)]
        if not indexes:
            raise Transient("the control table names no index of reads: run `bucketdex bucket add` again")
        with timed(self._tally, "opensearch_seconds"):
            part = f"{self._identity}:{self._segment}"
            self._reads.write(self._edges.opensearch, indexes, part, self._edges.remaining)


def tell(edges: Edges, changes: list[ObjectChange]) -> None:
    """Send hints, to be seen when the newest of what they tell of is old enough; raises `Transient`."""
    newest = max((it.time for it in changes if it.time), default=None)
    wait = newest + timedelta(seconds=edges.delay_seconds) - edges.now() if newest else timedelta()
    edges.send(changes, delay_seconds=math.ceil(min(max(wait, timedelta()), LONGEST_DELAY).total_seconds()))


def _segments(batch: Batch) -> Iterator[tuple[int, list[Record]]]:
    """Yield the records with the number of the first, cut where a segment ends, wherever batches do."""
    first, records = batch.first, batch.records
    while records:
        room = SEGMENT - first % SEGMENT
        yield first, records[:room]
        first, records = first + room, records[room:]
