"""CloudTrail: it keeps the records of calls, and delivers them in files: late, twice, in any order."""

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote_plus

import msgspec

from simulation.knobs import SECOND
from simulation.schedule import Schedule
from simulation.trail.calls import ACCOUNT, REGION, Record
from simulation.trail.knobs import HOUR, Knobs

TRAIL_FILES = "TrailFiles"
LOGS = "logs"  # the trail's bucket
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/01"
HELD_BACK = 0.2  # chance of a record to wait for the next file
# Names of what comes along and is none of our files.
ODD = (
    f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/01/01/"
    f"{ACCOUNT}_CloudTrail-Digest_{REGION}_trail_{REGION}_20260101T000500Z.json.gz",
    f"AWSLogs/{ACCOUNT}/CloudTrail-Insight/{REGION}/2026/01/01/"
    f"{ACCOUNT}_CloudTrail-Insight_{REGION}_20260101T0005Z_0123456789abcdef.json.gz",
    f"AWSLogs/{ACCOUNT}/Config/{REGION}/2026/1/1/ConfigHistory/{ACCOUNT}_Config_{REGION}_ConfigHistory.json.gz",
    "notes.txt",
)


@dataclass
class Truth:
    """What was delivered: the records of each log file, by the file's name, and those that came by themselves."""

    files: dict[str, list[Record]] = field(default_factory=dict)
    bridged: list[Record] = field(default_factory=list)

    def records(self) -> list[Record]:
        """Return every record that was delivered, as often as it was."""
        return [record for records in self.files.values() for record in records] + self.bridged


class Service:
    """CloudTrail in one world: `files` are what the trail's bucket holds."""

    def __init__(self, schedule: Schedule, rng: random.Random, knobs: Knobs, send: Callable[[str, str], str]) -> None:
        self.truth = Truth()
        self.files: dict[str, bytes] = {}
        self.hidden = False  # whether a record got lost
        self.torn: dict[str, str] = {}  # messages of files that cannot be read, with a part of the reason
        self._schedule, self._rng, self._knobs, self._send = schedule, rng, knobs, send
        self._pending: list[Record] = []
        self._due = False

    def leave(self, record: Record) -> None:
        """Keep a record until it is delivered, unless it gets lost."""
        knobs, rng, counts = self._knobs, self._rng, self._schedule.counts
        counts[f"records of {record['eventName']}"] += 1
        # Of other calls a listing does not always tell enough for a check to find what they did.
        deletes = record["eventName"] == "DeleteObject" and "versionId" not in record["requestParameters"]
        if deletes and rng.random() < knobs.unrecorded:
            counts["records lost"] += 1
            self.hidden = True
            return
        self._pending.append(record)
        if not self._due:
            self._due = True
            delay = int(rng.expovariate(1 / knobs.file_delay))
            late = int(rng.random() * 4 * HOUR) if rng.random() < knobs.late_file else 0
            self._schedule.at(self._schedule.now + delay + late, self._cut)
        if knobs.bridge and not record["readOnly"] and rng.random() < knobs.bridge:
            self._schedule.at(self._schedule.now + int(rng.random() * 10 * SECOND), partial(self._bridge, record))

    def _bridge(self, record: Record) -> None:
        """Send one record by itself, as EventBridge does; its rule lets only writes through that went well."""
        if record.get("errorCode") is None:
            self.truth.bridged.append(record)
            event = {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "time": record["eventTime"]}
            self._tell(msgspec.json.encode(event | {"detail": record}).decode())

    def _cut(self) -> None:
        """Write a file of what is pending, but for what waits for the next one."""
        rng = self._rng
        now = [record for record in self._pending if rng.random() > HELD_BACK] or self._pending
        self._pending = [record for record in self._pending if record not in now]
        self._due = bool(self._pending)
        if self._pending:
            self._schedule.at(self._schedule.now + int(rng.expovariate(1 / self._knobs.file_delay)), self._cut)
        rng.shuffle(now)
        self._write(now)
        if again := [record for record in now if rng.random() < self._knobs.again]:
            self._schedule.counts["records in two files"] += len(again)
            later = int(rng.random() ** 2 * HOUR)
            self._schedule.at(self._schedule.now + later, partial(self._write, again))
        if rng.random() < self._knobs.odd_files:
            self._write_odd(now)

    def _write(self, records: list[Record]) -> None:
        """Write a log file, and tell of it."""
        rng = self._rng
        key = self._name()
        self.files[key] = _packed(records)
        self.truth.files[key] = records
        self._schedule.counts["log files"] += 1
        if self._schedule.tracing:
            listed = [(it["eventName"], it["requestParameters"].get("key"), it["eventTime"]) for it in records]
            self._schedule.say(f"log file {key}: {listed}")
        self._notify(key)
        if rng.random() < self._knobs.twice:
            self._schedule.counts["log files told twice"] += 1
            self._schedule.at(self._schedule.now + int(rng.random() ** 3 * HOUR), partial(self._notify, key))

    def _write_odd(self, records: list[Record]) -> None:
        """Let something come along that must not be taken for a file of records, or one that breaks off."""
        self._schedule.counts["odd files"] += 1
        if not self._knobs.torn or self._rng.random() < 0.5:
            key = self._rng.choice(ODD)
            self.files[key] = _packed(records)
            self._notify(key)
            return
        key = self._name()
        # How much of it can be read is not for us to know, so nothing in it is to be counted.
        packed = _packed([record for record in records if not record["readOnly"]])
        self.files[key] = packed[: self._rng.randrange(1, len(packed))]
        self.torn[self._notify(key)] = "cannot be read to its end"

    def _name(self) -> str:
        stamp, unique = f"{self._schedule.clock():%Y%m%dT%H%MZ}", self._rng.getrandbits(64)
        return f"{FOLDER}/{ACCOUNT}_CloudTrail_{REGION}_{stamp}_{unique:016x}.json.gz"

    def _notify(self, key: str) -> str:
        file = {"key": quote_plus(key, safe="/*"), "size": len(self.files[key])}
        told: dict[str, Any] = {"bucket": {"name": LOGS}, "object": file}
        record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventTime": self._schedule.clock(),
                  "eventName": "ObjectCreated:Put", "s3": told}  # fmt: skip
        event: dict[str, Any] = {"Records": [record]}
        if self._rng.random() < 0.3:
            message = msgspec.json.encode(event).decode()
            event = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": message}
        return self._tell(msgspec.json.encode(event).decode())

    def _tell(self, body: str) -> str:
        return self._send(TRAIL_FILES, body)


def _packed(records: list[Record]) -> bytes:
    return gzip.compress(msgspec.json.encode({"Records": records}), 1, mtime=0)
