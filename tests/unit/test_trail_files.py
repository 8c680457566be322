"""Log files and records from the queue `TrailFiles`: what is sent, counted and wanted, and what becomes of odd ones."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from bucketdex.changes.hint import fold
from bucketdex.changes.outcome import Outcome, Tally
from bucketdex.control import Bucket, Generation
from bucketdex.errors import Permanent, Transient
from bucketdex.trail import files, messages
from bucketdex.trail.edges import Edges
from bucketdex.trail.messages import parser, read_messages
from bucketdex.trail.streaming import Limits

NOW = datetime(2026, 1, 31, 9, 10, tzinfo=UTC)
FOLDER = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/31"
LOG = f"{FOLDER}/111122223333_CloudTrail_eu-west-1_20260131T0905Z_Mu0Ks.json.gz"


def record(
    call: str, key: Any = "a.csv", bucket: str = "lab", at: str = "2026-01-31T09:05:00Z", **more: Any
) -> dict[str, Any]:
    return {
        "eventVersion": "1.11", "eventTime": at, "eventSource": "s3.amazonaws.com", "eventName": call,
        "userIdentity": {"type": "IAMUser", "userName": "ada"},
        "requestParameters": {"bucketName": bucket, "key": key},
        "responseElements": {"x-amz-version-id": "v1"} if call != "GetObject" else None,
    } | more  # fmt: skip


def log(*records: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps({"Records": records}, separators=(",", ":")).encode())


class World:
    """A stack with one connected bucket, `lab`, and log files in `logs`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.objects: dict[str, bytes] = {}
        self.sent: list[tuple[list[Any], int]] = []
        self.wanted: list[tuple[str, datetime]] = []
        self.rows: Counter[tuple[str, str, str, str]] = Counter()  # of part, bucket, key and day
        self.kinds = ("reads-1",)
        self.left = 900.0
        self.tally = Tally()
        self.cut = 0
        world = self

        class Reads:
            """Counts of a segment, and where they are written to."""

            def __init__(self, sleep: Any) -> None:
                self.counts: Counter[tuple[str, str, str]] = Counter()

            def add(self, bucket: str, key: str, day: str, reader: str | None) -> None:
                self.counts[bucket, key, day] += 1

            def __len__(self) -> int:
                return len(self.counts)

            def write(self, client: Any, indexes: Any, part: str, remaining: Any) -> int:
                for row, count in self.counts.items():
                    world.rows[part, *row] = count
                written, self.counts = len(self.counts), Counter()
                return written

        monkeypatch.setattr(files, "Reads", Reads)

    def buckets(self) -> list[Bucket]:
        return [Bucket("lab", NOW)]

    def generations(self, kind: str) -> tuple[Generation, ...]:
        return tuple(Generation(it, 1) for it in self.kinds)

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803, boto3's
        if Key not in self.objects:
            raise ClientError(
                {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "GetObject"
            )
        data = self.objects[Key]
        return {"ContentLength": len(data), "Body": StreamingBody(BytesIO(data[: len(data) - self.cut]), None)}

    def send(self, changes: list[Any], /, *, delay_seconds: int) -> None:
        self.sent.append((list(changes), delay_seconds))

    def read(self, body: Any, limits: Limits | None = None, delay: int = 300) -> dict[str, Outcome]:
        edges = Edges(
            self, self, self.send, lambda bucket, time: self.wanted.append((bucket, time)), lambda: NOW,
            lambda: self.left, "principal", delay_seconds=delay, limits=limits or Limits(),
        )  # fmt: skip
        message = parser("principal")(json.dumps(body))
        assert not message.problems
        outcomes = read_messages(edges, self, fold(message.changes).values(), self.tally)
        return {key: outcome for (_, key), outcome in outcomes.items()}

    def file(self, data: bytes, key: str = LOG, **more: Any) -> Outcome:
        self.objects[key] = data
        return self.read(delivered(key), **more)[key]

    @property
    def keys(self) -> list[str]:
        return [it.key for changes, _ in self.sent for it in changes]


def delivered(key: str) -> dict[str, Any]:
    told = {"bucket": {"name": "logs"}, "object": {"key": key, "size": 1}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": told}]}


def through_eventbridge(detail: Any) -> dict[str, Any]:
    return {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_a_file_is_told_of_in_hints_reads_and_checks(world):
    data = log(
        record("PutObject"), record("GetObject"), record("GetObject", "b"), record("GetObject"),
        record("GetObject", at="2026-01-30T23:59:59Z"), record("PutObject", bucket="others"),
        record("DeleteObjects", requestParameters={"bucketName": "lab"}), record("HeadObject"),
    )  # fmt: skip
    assert world.file(data) == Outcome("read")
    [([change], _)] = world.sent
    assert (change.bucket, change.key, change.version_id, change.made) == ("lab", "a.csv", "v1", True)
    assert sorted((key, day, count) for (_, _, key, day), count in world.rows.items()) == [
        ("a.csv", "2026-01-30", 1), ("a.csv", "2026-01-31", 2), ("b", "2026-01-31", 1),
    ]  # fmt: skip
    assert world.wanted == [("lab", datetime(2026, 1, 31, 9, 5, tzinfo=UTC))]
    assert world.tally.counts == {
        "TrailRecords": 8, "TrailHints": 1, "TrailReads": 4, "TrailForeign": 1, "ChecksWanted": 1, "TrailUnreadable": 0,
    }  # fmt: skip


def test_a_file_that_is_read_again_tells_the_same_parts(world):
    data = log(*(record("GetObject", f"k{it % 7}") for it in range(100)))
    world.file(data)
    rows = dict(world.rows)
    moved = "elsewhere/" + LOG
    world.file(data, moved)
    assert world.rows == rows and sum(rows.values()) == 100


def test_segments_end_at_the_same_records_however_batches_come(world, monkeypatch):
    monkeypatch.setattr(files, "SEGMENT", 10)
    monkeypatch.setattr(messages, "PIECE_BYTES", 100)
    world.file(log(*(record("GetObject", f"k{it % 3}") for it in range(25))))
    parts = Counter(part.rpartition(":")[2] for part, *_ in world.rows.elements())
    assert parts == {"0": 10, "1": 10, "2": 5}


@pytest.mark.parametrize(
    ("at", "delay"),
    [("2026-01-31T09:09:00Z", 240), ("2026-01-31T09:05:00Z", 0), ("2025-01-01T00:00:00Z", 0),
     ("2026-01-31T09:40:00Z", 900), (None, 0)],
)  # fmt: skip
def test_hints_are_held_back_until_what_they_tell_is_old_enough(world, at, delay):
    world.file(log(record("PutObject", at=at)))
    assert [it for _, it in world.sent] == [delay]


def test_many_hints_are_sent_in_between(world, monkeypatch):
    monkeypatch.setattr(files, "HINTS", 10)
    world.file(log(*(record("PutObject", f"k{it}") for it in range(25))))
    assert [len(changes) for changes, _ in world.sent] == [10, 10, 5]


@pytest.mark.parametrize("folder", ["CloudTrail-Digest", "CloudTrail-Insight", "Config"])
def test_what_is_no_log_file_is_skipped_unread(world, folder):
    key = LOG.replace("/CloudTrail/", f"/{folder}/")
    assert world.read(delivered(key))[key] == Outcome("skipped")


def test_a_file_that_was_moved_is_set_aside_with_what_to_do(world):
    outcome = world.read(delivered(LOG))[LOG]
    assert isinstance(outcome.error, Permanent) and "trail import" in str(outcome.error)


def test_a_truncated_file_tells_what_can_be_read(world):
    data = log(*(record("PutObject", f"{it}" * 3) for it in range(2000)))
    outcome = world.file(data[: len(data) // 2])
    assert isinstance(outcome.error, Permanent)
    assert world.keys[:2] == ["000", "111"] and 500 < len(world.keys) < 2000


def test_a_read_that_breaks_off_comes_back(world):
    world.cut = 5
    assert isinstance(world.file(log(record("PutObject"))).error, Transient)


def test_a_bomb_ends_at_the_limit(world):
    bomb = gzip.compress(b'{"Records":[' + b" " * 50_000_000)
    assert isinstance(world.file(bomb, limits=Limits(file_bytes=1_000_000)).error, Permanent)


def test_odd_records_are_named_and_the_others_told(world):
    outcome = world.file(
        log(record("PutObject", 7), record("PutObject", "b"), record("PutObject", requestParameters=None))
    )
    assert world.keys == ["b"] and world.tally.counts["TrailUnreadable"] == 2
    assert isinstance(outcome.error, Permanent) and "2 of its records" in str(outcome.error)


def test_reads_of_days_that_cannot_be_asked_for_are_left_out(world):
    days = ("2024-12-31", "2025-02-01", "2026-02-01", "2026-02-02", "9998-12-31")
    world.file(log(*(record("GetObject", day, at=f"{day}T00:00:00Z") for day in days)))
    assert {key for _, _, key, _ in world.rows} == {"2025-02-01", "2026-02-01"}
    counts = world.tally.counts
    assert (counts["TrailReadsTooOld"], counts["TrailReadsToCome"]) == (1, 2)


def test_the_topic_of_a_trail_names_its_files(world):
    world.objects[LOG] = log(record("PutObject"))
    assert world.read({"s3Bucket": "logs", "s3ObjectKey": [LOG]}) == {LOG: Outcome("read")} and world.keys == ["a.csv"]


def test_a_file_is_the_same_whether_it_is_packed(world):
    data = log(record("GetObject"))
    world.file(data)
    world.file(gzip.decompress(data), LOG.removesuffix(".gz"))
    assert len(world.rows) == 1


def test_without_time_or_an_index_a_file_comes_back(world):
    data = log(record("GetObject"))
    world.kinds = ()
    assert isinstance(world.file(data).error, Transient)
    assert world.file(log(record("PutObject"))) == Outcome("read")  # which needs none
    world.kinds, world.left = ("reads-1",), 5.0
    assert isinstance(world.file(data).error, Transient)


def test_a_record_through_eventbridge_is_a_hint_with_its_author(world):
    assert world.read(through_eventbridge(record("PutObject"))) == {"a.csv": Outcome("read")}
    [([change], _)] = world.sent
    assert (change.event, change.made, change.facts[0].written_by.name) == ("PutObject", True, "ada")
    assert change.time == NOW - timedelta(minutes=5)


def test_a_bulk_deletion_through_eventbridge_wants_a_check(world):
    told = record("DeleteObjects", requestParameters={"bucketName": "lab"})
    assert world.read(through_eventbridge(told)) == {"": Outcome("read")}
    assert world.wanted == [("lab", NOW - timedelta(minutes=5))] and not world.sent


def test_a_record_of_another_bucket_is_acknowledged(world):
    assert world.read(through_eventbridge(record("PutObject", bucket="x"))) == {"a.csv": Outcome("not connected")}
    assert not world.sent


def test_reads_through_eventbridge_are_not_counted(world):
    assert world.read(through_eventbridge(record("GetObject"))) == {} and not world.rows


@pytest.mark.parametrize("detail", [None, [], "x", {"eventName": 7, "eventSource": "s3.amazonaws.com"}])
def test_a_record_that_is_none_is_told(detail):
    try:
        message = parser("principal")(json.dumps(through_eventbridge(detail)))
    except Permanent:
        return
    assert message.ignored and not message.changes
