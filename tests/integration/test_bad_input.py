"""Bad input is ordinary: each kind has a clear outcome and never costs its neighbours, on a real OpenSearch."""

import json
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote_plus

import pytest
from opensearchpy import OpenSearch

from bucketdex.aws.queues import Delivery
from bucketdex.aws.settings import Queue
from bucketdex.changes import ObjectChange, backfill, batch
from bucketdex.control import Bucket, ControlTable
from bucketdex.index.generations import OBJECTS, OBJECTS_ALIAS, ensure
from bucketdex.index.ids import object_id
from bucketdex.objects.observe import EXCERPT_BYTES, WHOLE_BYTES, ObjectReader
from bucketdex.objects.reconcile import Edges, reconcile
from emulated import Aws

MAX_RECEIVES = 5


def sha256(document: dict[str, Any]) -> tuple[str, str]:
    """Return how the SHA-256 of a document begins, and its origin."""
    [found] = [it for it in document["checksums"] if it["type"] == "SHA256"]
    return found["value"][:8], found["origin"]


@dataclass
class World:
    """A connected bucket with its queue, and the function's code around them."""

    aws: Aws
    index: OpenSearch
    bucket: str
    s3: Any
    sqs: Any
    control: ControlTable
    queue: Queue
    sent: int = field(default=0)

    def handle(self, *bodies: str, receives: int = 1) -> batch.Report:
        """Process one batch of these bodies."""
        messages = [
            Delivery(str(number), f"receipt-{number}", body, self.queue.name, receives, time.time())
            for number, body in enumerate(bodies)
        ]
        reader = ObjectReader(self.s3, lambda: datetime.now(UTC), lambda: 60.0)
        edges = Edges(
            self.control, self.index, reader, _no_packages, lambda _: None, lambda: 60.0, sleep=lambda _: None
        )
        return batch.handle(
            messages, partial(reconcile, edges), batch.Queues(self.sqs, [self.queue], MAX_RECEIVES), time.time
        )

    def reconciled(self, key: str, **hint: Any) -> dict[str, Any]:
        """Tell of a change of this key, and return its document."""
        report = self.handle(told(self.bucket, key, **hint))
        assert report.failures == (), report.failures
        return self.document(key)

    def document(self, key: str) -> dict[str, Any]:
        [generation] = self.control.generations(OBJECTS)
        found = self.index.get(index=generation.index, id=object_id(self.bucket, key), params={"ignore": 404})
        return found.get("_source", {})

    def dead_letters(self) -> list[dict[str, str]]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queue.dead_letters_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        letters = []
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue.dead_letters_url, ReceiptHandle=message["ReceiptHandle"])
            values = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
            letters.append(values | {"Body": message["Body"]})
        return letters


def _no_packages(changes: object) -> None:
    raise AssertionError(f"no key here is one of a package: {changes}")


def told(bucket: str, key: str, **hint: Any) -> str:
    thing = {"key": quote_plus(key, safe="/")} | hint
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": thing},
    }
    return json.dumps({"Records": [record]})


@pytest.fixture(scope="module")
def control(aws: Aws, index: OpenSearch) -> ControlTable:
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName="control",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    table = ControlTable(dynamodb, "control")
    ensure(index, table, OBJECTS)
    return table


@pytest.fixture
def world(aws: Aws, index: OpenSearch, control: ControlTable) -> Iterator[World]:
    name = f"bad-input-{uuid.uuid4().hex[:12]}"
    s3, sqs = aws.client("s3"), aws.client("sqs")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    control.add_bucket(Bucket(name, datetime.now(UTC)))
    urls = [sqs.create_queue(QueueName=f"{name}{end}")["QueueUrl"] for end in ("", "-dead")]
    yield World(aws, index, name, s3, sqs, control, Queue(*urls))
    aws.fail()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not JSON", "not JSON"),
        (" ", "empty"),
        ('{"hello": "world"}', "not an event"),
        ('{"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "k"}}}]}', "bucket"),
        (told("b", "k").replace('"k"', '"%zz"'), "percent sign"),
        (told("b", "k").replace('"k"', '"%ff"'), "UTF-8"),
        (told("b", "x" * 1025), "1025 bytes"),
    ],
)
def test_what_can_never_be_processed_is_set_aside_at_once_with_its_reason(world, body, reason):
    report = world.handle(body)
    assert report.settled.reported == ()
    [letter] = world.dead_letters()
    assert reason in letter["Reason"] and letter["Kind"] == "permanent" and letter["Body"] == body


def test_one_bad_message_among_a_hundred_costs_the_others_nothing(world):
    for number in range(99):
        world.s3.put_object(Bucket=world.bucket, Key=f"{number}.txt", Body=f"text {number}".encode())
    bodies = [told(world.bucket, f"{number}.txt") for number in range(99)]
    report = world.handle(*bodies[:50], "not JSON", *bodies[50:])
    assert report.settled.reported == () and report.settled.dead_letters == 1
    assert all(world.document(f"{number}.txt")["content"] == f"text {number}" for number in range(99))
    assert len(world.dead_letters()) == 1


def test_a_bad_record_is_set_aside_while_its_neighbours_in_the_message_are_indexed(world):
    world.s3.put_object(Bucket=world.bucket, Key="good.txt", Body=b"good")
    records = json.loads(told(world.bucket, "good.txt"))["Records"]
    report = world.handle(json.dumps({"Records": [{"eventSource": "aws:s3"}, *records]}))
    assert world.document("good.txt")["content"] == "good"
    assert report.settled.dead_letters == 1 and "record 1" in world.dead_letters()[0]["Reason"]


@pytest.mark.parametrize("key", ["é" * 512, "a+b/100% sure?#&🧬 .csv", " ", "//", "a/../b/./c"])
def test_odd_keys_are_indexed(world, key):
    world.s3.put_object(Bucket=world.bucket, Key=key, Body=b"odd")
    assert world.reconciled(key)["key"] == key


@pytest.mark.parametrize("key", ["a\0b", "a\nb\tc", "\x7f"])
def test_a_key_with_control_characters_has_a_clear_outcome(world, key):
    assert world.reconciled(key)["deleted"] is True


def test_an_object_that_is_gone_leaves_a_tombstone(world):
    assert world.reconciled("never.txt") == {
        "bucket": world.bucket,
        "key": "never.txt",
        "deleted": True,
        "observed_at": world.document("never.txt")["observed_at"],
    }


def test_a_delete_marker_hides_the_object(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a")
    assert "deleted" not in world.reconciled("a")
    world.s3.delete_object(Bucket=world.bucket, Key="a")
    assert world.reconciled("a")["deleted"] is True


def test_a_403_is_never_taken_for_a_deletion(world):
    world.aws.fail(
        {"method": "GET", "path": f"/{world.bucket}/a", "status": 403, "code": "AccessDenied"},
        {"method": "HEAD", "path": f"/{world.bucket}/a", "status": 403, "code": "AccessDenied"},
    )
    document = world.reconciled("a", size=17, versionId="v", eTag="e")
    assert "deleted" not in document and "AccessDenied" in document["problem"]
    assert (document["size"], document["version_id"], document["etag"]) == (17, "v", "e")


def test_a_right_that_is_missing_for_a_while_costs_no_facts(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a")
    before = world.reconciled("a")
    author = {"type": "User", "name": "ada"}
    fact = {"etag": before["etag"], "version_id": before["version_id"], "written_by": author}
    change = {"bucket": world.bucket, "key": "a", "facts": [fact], "facts_only": True}
    world.handle(json.dumps({"bucketdex": "changes/1", "changes": [change]}))
    denied = {"path": f"/{world.bucket}/a", "status": 403, "code": "AccessDenied"}
    world.aws.fail({"method": "GET"} | denied, {"method": "HEAD"} | denied)
    stub = world.reconciled("a")
    assert (stub["etag"], stub["size"], stub["written_by"]) == (before["etag"], 1, author) and "problem" in stub
    world.aws.fail()
    after = world.reconciled("a")
    assert after == before | {"written_by": author, "observed_at": after["observed_at"]}


@pytest.mark.parametrize(
    ("status", "code"), [(403, "InvalidObjectState"), (403, "AccessDenied"), (400, "KMS.DisabledException")]
)
def test_where_get_is_refused_head_tells_what_it_can(world, status, code):
    world.s3.put_object(
        Bucket=world.bucket, Key="cold.txt", Body=b"cold words", StorageClass="GLACIER", Metadata={"a": "b"}
    )
    world.aws.fail({"method": "GET", "path": f"/{world.bucket}/cold.txt", "status": status, "code": code})
    document = world.reconciled("cold.txt")
    assert (document["size"], document["storage_class"], document["metadata"]) == (10, "GLACIER", ["a=b"])
    assert code in document["problem"] and "content" not in document


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (403, "ExpiredToken")])
def test_what_may_work_later_comes_back_and_is_not_dead_lettered(world, status, code):
    world.s3.put_object(Bucket=world.bucket, Key="busy", Body=b"x")
    world.aws.fail({"method": "GET", "path": f"/{world.bucket}/busy", "status": status, "code": code})
    report = world.handle(told(world.bucket, "busy"), told(world.bucket, "other"))
    assert report.settled.reported == ("0",) and world.dead_letters() == []
    world.aws.fail()
    assert world.reconciled("busy")["size"] == 1


def test_the_last_permitted_receive_is_set_aside_with_its_reason(world):
    world.aws.fail({"method": "GET", "path": f"/{world.bucket}/busy", "status": 503, "code": "SlowDown"})
    report = world.handle(told(world.bucket, "busy"), receives=MAX_RECEIVES)
    assert report.settled.reported == ()
    [letter] = world.dead_letters()
    assert "SlowDown" in letter["Reason"] and letter["Kind"] == "transient" and letter["Receives"] == str(MAX_RECEIVES)


def test_an_empty_object_is_an_object(world):
    world.s3.put_object(Bucket=world.bucket, Key="empty", Body=b"")
    document = world.reconciled(
        "empty", size=100 * 1024**2
    )  # the event spoke of a version that is gone: a range is refused
    assert document["size"] == 0 and sha256(document) == ("e3b0c442", "computed")


def test_the_answer_is_believed_and_not_the_size_that_the_event_told(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"small")
    assert sha256(world.reconciled("a", size=5 * 1024**4))[1] == "computed"
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a" * (WHOLE_BYTES + 1))
    document = world.reconciled("a", size=5)
    assert document["size"] == WHOLE_BYTES + 1 and len(document["content"]) == EXCERPT_BYTES
    assert not [checksum for checksum in document.get("checksums", ()) if checksum["origin"] == "computed"]


def test_a_large_object_is_read_by_its_head(world):
    world.s3.put_object(Bucket=world.bucket, Key="large.txt", Body=b"word " * (WHOLE_BYTES // 4))
    document = world.reconciled("large.txt", size=WHOLE_BYTES // 4 * 5)
    assert document["size"] == WHOLE_BYTES // 4 * 5 and document["content"].startswith("word word")


def test_content_that_is_not_what_its_type_says_is_noted(world):
    world.s3.put_object(Bucket=world.bucket, Key="a.csv", Body=bytes(range(256)) * 9, ContentType="text/csv")
    document = world.reconciled("a.csv")
    assert "claims to be text" in document["problem"] and "content" not in document


def test_metadata_and_tags_are_indexed_as_users_meant_them(world):
    encoded = f"=?UTF-8?B?{b64encode('Åäkan'.encode()).decode()}?="
    metadata = {"name": encoded, "weight": "4.5", "day": "2024-02-29", "long": "x" * 1900}
    tags = "&".join(f"t{number}=%C3%A9{number}" for number in range(10))
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a", Metadata=metadata, Tagging=tags)
    document = world.reconciled("a")
    assert {"name=Åäkan", "weight=4.5"} <= set(document["metadata"]) and len(document["tags"]) == 10
    assert "t3=é3" in document["tags"]
    typed = {pair["name"]: pair for pair in document["pairs"]}
    assert typed["weight"]["number"] == 4.5 and typed["day"]["date"].startswith("2024-02-29")


def test_tags_that_may_not_be_read_are_a_problem_and_not_an_absence(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a", Tagging="x=y")
    version = world.s3.head_object(Bucket=world.bucket, Key="a")["VersionId"]
    assert version
    world.aws.fail(
        {"method": "GET", "path": f"/{world.bucket}/a", "part": "tagging", "status": 403, "code": "AccessDenied"}
    )
    assert "tags cannot be read" in world.reconciled("a")["problem"]


def test_a_document_that_opensearch_refuses_is_indexed_without_the_refused_part(world, monkeypatch):
    world.s3.put_object(Bucket=world.bucket, Key="a.txt", Body=b"words", Metadata={"n": "5"})
    from bucketdex.objects import document as documents

    def broken(of: str, name: str, value: str) -> Any:
        return documents.Pair(of, name, value, date="the day before yesterday")

    monkeypatch.setattr(documents, "typed", broken)
    document = world.reconciled("a.txt")
    assert document["content"] == "words" and document["metadata"] == ["n=5"] and "pairs" not in document
    assert "indexed without pairs" in document["problem"]


def test_a_document_that_tells_of_an_impossible_time_costs_its_neighbours_nothing(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a")
    event = json.loads(told(world.bucket, "x"))
    event["Records"][0]["eventTime"] = "0001-01-01T00:00:00"
    report = world.handle(json.dumps(event), told(world.bucket, "a"))
    assert report.failures == () and world.document("a")["size"] == 1


def test_metadata_in_a_codec_that_gives_no_text_is_kept_as_it_is(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a", Metadata={"v": "=?utf-7?Q?+2AA-?="})
    assert world.reconciled("a")["metadata"] == ["v==?utf-7?Q?+2AA-?="]


def test_an_index_that_is_gone_is_made_anew_when_a_bucket_is_connected(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a")
    [generation] = world.control.generations(OBJECTS)
    world.index.indices.delete(index=generation.index)
    assert world.handle(told(world.bucket, "a")).settled.reported == ("0",)
    assert ensure(world.index, world.control, OBJECTS) == (generation,)
    assert world.reconciled("a")["size"] == 1
    assert world.index.indices.exists_alias(name=OBJECTS_ALIAS, index=generation.index)


def test_a_bucket_that_is_not_connected_is_acknowledged_and_counted(world):
    report = world.handle(told("somebody-elses", "a"))
    assert report.settled.reported == () and [o.state for o in report.outcomes.values()] == ["not connected"]
    assert world.dead_letters() == []


def test_an_index_that_is_away_sends_everything_back(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a")
    away = OpenSearch("http://127.0.0.1:9", max_retries=0)
    there, world.index = world.index, away
    assert world.handle(told(world.bucket, "a"), "not JSON").settled.reported == ("0",)
    world.index = there
    assert world.reconciled("a")["size"] == 1


def test_a_fact_alone_is_applied_without_asking_s3(world):
    world.s3.put_object(Bucket=world.bucket, Key="a", Body=b"a")
    before = world.reconciled("a")
    world.aws.fail({"method": "GET", "path": f"/{world.bucket}/a", "status": 503, "code": "SlowDown"})
    fact = {"etag": before["etag"], "version_id": before["version_id"], "written_by": {"type": "User", "name": "ada"}}
    change = {"bucket": world.bucket, "key": "a", "facts": [fact], "facts_only": True}
    report = world.handle(json.dumps({"bucketdex": "changes/1", "changes": [change]}))
    assert report.failures == ()
    assert world.document("a") == before | {"written_by": {"type": "User", "name": "ada"}}


def test_our_own_messages_name_the_key_as_it_is(world):
    world.s3.put_object(Bucket=world.bucket, Key="a+b %41.txt", Body=b"a")
    world.handle(backfill.message([ObjectChange(world.bucket, "a+b %41.txt", "bucketdex", "backfill")]))
    assert world.document("a+b %41.txt")["size"] == 1
