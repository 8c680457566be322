"""What the samples of CloudTrail's log files hold, and what is understood of each record."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bucketdex.changes import ObjectChange, parse_message
from bucketdex.changes.cloudtrail import SWEEPING, WRITES
from bucketdex.trail import names
from bucketdex.trail.identity import Known
from bucketdex.trail.records import Read, Reader
from bucketdex.trail.streaming import batches

EVENTS = Path(__file__).parents[2] / "events"
BUCKETS = {"example-bucket", "example-bucket--use1-az4--x-s3"}
OWN_ROLE = "arn:aws:iam::123456789012:role/bucketdex-HashObjectsRole-EXAMPLE"
ODD = "plates/red flower+1%.csv"


def records(name: str) -> list[dict[str, Any]]:
    return json.loads((EVENTS / f"{name}.json").read_text())["Records"]


class Told:
    """All that a sample tells of the buckets of the samples."""

    def __init__(self, name: str) -> None:
        self.changes: list[ObjectChange] = []
        self.reads: list[Read] = []
        self.swept: list[tuple[str, datetime | None]] = []
        self.reader = Reader(
            Known("full", (OWN_ROLE,)),
            BUCKETS,
            self.changes.append,
            self.reads.append,
            lambda *call: self.swept.append(call),
        )
        for batch in batches([(EVENTS / f"{name}.json").read_bytes()]):
            self.reader.take(batch.records, batch.first)


@pytest.fixture(scope="module")
def told():
    return Told("trail-log")


def test_the_sample_has_a_record_of_each_kind():
    calls = Counter(it["eventName"] for it in records("trail-log") if not it.get("errorCode"))
    # Of the other writes nobody publishes a record: they are replication's names for what is told as PutObject and so
    # on, an upload by a form, and a call that is new.
    unpublished = {"PostObject", "ReplicateDelete", "ReplicateObject", "ReplicateTags", "UpdateObjectEncryption"}
    assert set(calls) == WRITES - unpublished | {
        SWEEPING, "GetObject", "HeadObject", "ListObjects", "CreateMultipartUpload", "UploadPart",
    }  # fmt: skip
    assert {it["userIdentity"]["type"] for it in records("trail-log")} == {
        "IAMUser", "AssumedRole", "AWSAccount", "AWSService",
    }  # fmt: skip
    lengths = [len(json.dumps(it, separators=(",", ":"))) for it in records("trail-log")]
    assert min(lengths) > 1_000 and max(lengths) < 2_100 and 1_400 < sum(lengths) / len(lengths) < 1_800
    for it in [*records("trail-log"), *records("trail-log-bad")]:
        assert next(iter(it)) == "eventVersion", "by which the reader finds where a record begins"


def test_each_change_is_told_once_with_who_made_it(told):
    assert [(it.event, it.key) for it in told.changes] == [
        ("PutObject", "plates/red flower.csv"),
        ("PutObject", "plates/imported.csv"),
        ("PutObject", ODD),
        ("CopyObject", "plates/copy.csv"),
        ("CompleteMultipartUpload", "plates/slide.tif"),
        ("DeleteObject", "plates/old.csv"),
        ("DeleteObject", "plates/gone.csv"),
        ("PutObjectTagging", "plates/red flower.csv"),
        ("DeleteObjectTagging", "plates/copy.csv"),
        ("PutObjectAcl", "plates/copy.csv"),
        ("RestoreObject", "plates/archived.csv"),
        ("PutObject", "plates/replica.csv"),
        ("RenameObject", "plates/renamed.csv"),
        ("RenameObject", "plates/unnamed.csv"),
    ]
    authors = {it.key: it.facts[0].written_by for it in told.changes if it.facts}
    assert {key: it.name for key, it in authors.items() if it} == {
        "plates/red flower.csv": "Scientist",
        "plates/imported.csv": "plate-reader-import",
        ODD: "alice",
        "plates/copy.csv": "alice",
        "plates/slide.tif": "alice",
        "plates/replica.csv": "replication-of-example-source",
    }
    assert [bucket for bucket, _ in told.swept] == ["example-bucket"]


def test_reads_are_told_but_not_our_own(told):
    assert Counter(it.key for it in told.reads) == {"plates/red flower.csv": 4, "plates/copy.csv": 2}
    assert len({it.reader for it in told.reads}) == 5
    assert {it.day for it in told.reads} == {"2026-01-01"}


def test_other_buckets_are_counted_and_all_of_it_can_be_read(told):
    assert told.reader.counts == {"TrailForeign": 2}
    assert told.reader.faults == []


def test_bad_records_are_named_and_the_others_told():
    told = Told("trail-log-bad")
    assert [it.key for it in told.changes] == ["plates/skewed.csv", "plates/red flower.csv"]
    assert told.changes[0].time is None  # which is told as in the year 9999
    assert told.reader.unreadable == len(told.reader.faults) == 3


def test_the_sample_of_a_message_is_of_a_log_file():
    [message] = records("trail-file")
    [change] = parse_message(message["body"]).changes
    assert change.bucket == "example-trail" and names.kind_of(change.key) == "log"
    assert message["eventSourceARN"].endswith(":TrailFiles")
