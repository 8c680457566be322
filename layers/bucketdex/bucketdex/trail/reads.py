"""How often objects were read: a row for each object and day, put together from what log files say.

A row holds the parts that it is made of, one for each segment of a file that tells of its object and day. Its count is
their sum, computed anew at each change and never incremented. So a part that is told again replaces itself, and files
can come late, twice and in any order. See docs/decisions/reads-in-rows.md.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from bucketdex.errors import Transient
from bucketdex.index import writer
from bucketdex.index.ids import reads_id
from bucketdex.index.requests import REQUEST_SECONDS

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_READERS = 10_000  # of a row; there are at least so many
ROWS_AT_ONCE = 200  # bounds what is in memory: a row of 10,000 readers has 150 kB
MOST_CONFLICTS = 100  # of one round: each means that another function got through, with the same busy object
MOST_BUSY = 3  # an outage is the queue's to wait out, not the invocation's
BUSY_SECONDS = 0.5  # doubled each time
ROUND_SECONDS = 10.0  # with less time left no new round begins
RESERVE_SECONDS = 5.0  # are kept from the requests of a round, to report what became of it

type Name = tuple[str, str, str]  # bucket, key, day (2026-01-31, UTC)


class Row(msgspec.Struct, frozen=True):
    """A day's reads of an object; `parts` are `file:segment count`, `readers` digests of who read it.

    Both are in order. `reader_count` says how many different readers there were, at least where it is `MOST_READERS`.
    """

    bucket: str
    key: str
    day: str
    count: int
    parts: tuple[str, ...]
    readers: tuple[str, ...]
    reader_count: int


class Told(msgspec.Struct):
    """What one part says of a row."""

    count: int = 0
    readers: set[str] = msgspec.field(default_factory=set)


def merged(before: Row | None, name: Name, part: str, told: Told) -> Row:
    """Return the row with what this part says, whether it said that before or not, or something else.

    Of too many readers those whose digests come first are kept: the same ones, in whatever order the parts come.
    """
    others = [it for it in before.parts if not it.startswith(f"{part} ")] if before else []
    parts = sorted([*others, f"{part} {told.count}"])
    readers = sorted(told.readers.union(before.readers if before else ()))[:MOST_READERS]
    count = sum(int(it.rpartition(" ")[2]) for it in parts)
    return Row(*name, count, tuple(parts), tuple(readers), len(readers))


class Reads:
    """The reads of one segment of a log file, counted until they are written."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._told: dict[Name, Told] = {}

    def __len__(self) -> int:
        """Return how many rows it tells of."""
        return len(self._told)

    def add(self, bucket: str, key: str, day: str, reader: str | None) -> None:
        """Count a read on a day (2026-01-31); `reader` stands for who it was, where that may be known."""
        told = self._told.get((bucket, key, day))
        if told is None:
            told = self._told[bucket, key, day] = Told()
        told.count += 1
        if reader is not None:
            told.readers.add(reader)

    def write(self, client: "OpenSearch", indexes: Sequence[str], part: str, remaining: Callable[[], float]) -> int:
        """Write what was counted as this part into every index, and return how many rows that changed.

        It is empty then. `remaining` tells the seconds that are left. Raises `Transient`; what was not written by then
        is still in here, and writing all of it again does no harm either.
        """
        written = 0
        for names in itertools.batched(tuple(self._told), ROWS_AT_ONCE):
            rows = {reads_id(*name): (name, self._told[name]) for name in names}
            written += self._settle(_Part(client, indexes, part, remaining), rows)
            for name in names:
                del self._told[name]
        return written

    def _settle(self, part: "_Part", rows: Mapping[str, tuple[Name, Told]]) -> int:
        changed: set[str] = set()
        busy = conflicts = 0
        while rows:
            if part.remaining() < ROUND_SECONDS:
                raise Transient(f"no time was left to write the reads of {_uri(rows)}")
            try:
                again = part.write(rows, changed)
            except Transient:
                busy += 1
                if busy > MOST_BUSY:
                    raise
                self._sleep(BUSY_SECONDS * 2 ** (busy - 1))
                continue
            conflicts += bool(again)
            if conflicts > MOST_CONFLICTS:
                raise Transient(f"the reads of {_uri(again)} were not written after {conflicts} conflicts")
            rows = again
        return len(changed)


class _Part(msgspec.Struct, frozen=True):
    """A part, and where it is written."""

    client: "OpenSearch"
    indexes: Sequence[str]
    name: str
    remaining: Callable[[], float]

    def write(self, rows: Mapping[str, tuple[Name, Told]], changed: set[str]) -> dict[str, tuple[Name, Told]]:
        """Write rows, by id, where they change, and return those that others wrote meanwhile; raises `Transient`."""
        stored = writer.read(self.client, self.indexes, dict.fromkeys(rows, True), self._request_seconds())
        writes: list[writer.Write] = []
        for index, (identity, (name, told)) in itertools.product(self.indexes, rows.items()):
            found = stored.get((index, identity))
            before = msgspec.convert(found.source, Row) if found else None
            row = merged(before, name, self.name, told)
            if row != before:
                lock = found.lock if found else None
                writes.append(writer.Write(index, identity, msgspec.json.encode(row), lock))
        again: dict[str, tuple[Name, Told]] = {}
        failed = ""
        for written, result in zip(writes, writer.write(self.client, writes, self._request_seconds()), strict=True):
            if result.status == writer.DONE:
                changed.add(written.id)
            elif result.status == writer.CONFLICT:
                again[written.id] = rows[written.id]
            else:
                failed = f"the reads of {_uri({written.id: rows[written.id]})} were not written: {result.reason}"
        if failed:
            raise Transient(failed)
        return again

    def _request_seconds(self) -> float:
        return max(1.0, min(REQUEST_SECONDS, self.remaining() - RESERVE_SECONDS))


def _uri(rows: Mapping[str, tuple[Name, Told]]) -> str:
    """Return the object of the first row."""
    bucket, key, day = next(iter(rows.values()))[0]
    others = f" and of {len(rows) - 1} others" if len(rows) > 1 else ""
    return f"s3://{bucket}/{key} on {day}{others}"
