"""How the stack is told: what was set aside without hiding it, about whom, and with what is missing named."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from opensearchpy.exceptions import ConnectionError as NoConnection

from bucketdex.aws.dead_letters import GLANCING_SECONDS, glance
from bucketdex.aws.settings import Queue
from bucketdex.catalog.pages.status import verdict
from bucketdex.errors import Transient
from bucketdex.health.lag import Lag
from bucketdex.health.queues import HIDDEN, queue_health, short_name, subjects
from bucketdex.health.told import Health, health
from bucketdex.searching.viewer import Viewer

NOW = datetime(2026, 1, 31, tzinfo=UTC)
QUEUE = Queue("https://sqs/1/bucketdex-prod-ObjectEvents-1A2B", "https://sqs/1/dead")
BODY = json.dumps({"version": 1, "bucket": "lab", "key": "a/b.csv"})
SEVERAL = json.dumps({
    "Records": [
        {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
         "s3": {"bucket": {"name": name}, "object": {"key": key}}}
        for name, key in (("lab", "1"), ("vault", "2"))
    ]
})  # fmt: skip
ANYONE = Viewer(frozenset({"lab"}))


class Sqs:
    """Two messages that were set aside."""

    def __init__(self, *bodies: str, broken: bool = False) -> None:
        self.bodies, self.broken = bodies, broken
        self.hidden_for: list[int] = []
        self.put_back: list[str] = []

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803, boto3's
        if self.broken:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetQueueAttributes")
        count = len(self.bodies) if QueueUrl == QUEUE.dead_letters_url else 3
        return {"Attributes": {name: str(count if number == 0 else 0) for number, name in enumerate(AttributeNames)}}

    def receive_message(self, **request: Any) -> dict[str, Any]:
        assert request["QueueUrl"] == QUEUE.dead_letters_url and request["MaxNumberOfMessages"] <= 10
        self.hidden_for.append(request["VisibilityTimeout"])
        return {
            "Messages": [
                {
                    "MessageId": f"id{it}",
                    "ReceiptHandle": f"r{it}",
                    "Body": body,
                    "Attributes": {"SentTimestamp": "9000"},
                }
                for it, body in enumerate(self.bodies)
            ]
        }

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:  # noqa: N803
        assert QueueUrl == QUEUE.dead_letters_url and {it["VisibilityTimeout"] for it in Entries} == {0}
        self.put_back += [it["ReceiptHandle"] for it in Entries]


def test_a_glance_takes_nothing_away_and_hides_nothing_for_long():
    sqs = Sqs(BODY, "no JSON")
    letters = glance(sqs, "ObjectEvents", QUEUE)  # type: ignore[arg-type]
    assert [(it.id, it.kind) for it in letters] == [("id0", "crashed"), ("id1", "crashed")]
    assert sqs.put_back == ["r0", "r1"] and sqs.hidden_for == [GLANCING_SECONDS] and GLANCING_SECONDS <= 5


def test_what_was_set_aside_tells_its_object_and_how_to_replay_it():
    found = queue_health(Sqs(BODY), QUEUE, ANYONE)  # type: ignore[arg-type]
    assert (found.name, found.waiting, found.dead_letters) == ("ObjectEvents", 3, 1)
    [letter] = found.set_aside
    assert (letter.bucket, letter.key, letter.sent) == ("lab", "a/b.csv", 9.0)
    assert letter.replay == "bucketdex dead-letters replay id0" and "crashed or timed out" in letter.reason


def test_a_bucket_that_the_viewer_may_not_see_is_not_named():
    for body, viewer in ((BODY, Viewer(frozenset())), (SEVERAL, ANYONE)):
        [letter] = queue_health(Sqs(body), QUEUE, viewer).set_aside  # type: ignore[arg-type]
        assert (letter.bucket, letter.key, letter.reason) == (None, None, HIDDEN)


def test_a_queue_with_nothing_set_aside_is_not_received_from():
    sqs = Sqs()
    assert queue_health(sqs, QUEUE, ANYONE).set_aside == () and sqs.hidden_for == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (BODY, [("lab", "a/b.csv")]), (SEVERAL, [("lab", "1"), ("vault", "2")]),
        ('{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, '
         '"object": {"key": "a+b%2B.csv"}}}]}', [("b", "a b+.csv")]),
        ('{"bucket": "b"}', [("b", None)]), ('{"bucket": 1}', [(None, None)]), ("[]", [(None, None)]), ("", []),
        ("[" * 100_000, []),
    ],
)  # fmt: skip
def test_what_a_message_is_about_is_found_in_every_form(body, expected):
    assert subjects(body) == expected


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("bucketdex-prod-ObjectEvents-1A2B3C", "ObjectEvents"),
        ("ObjectEvents", "ObjectEvents"),
        ("my-queue", "my-queue"),
    ],
)
def test_queues_are_called_as_the_template_calls_them(name, short):
    assert short_name(Queue(f"https://sqs/1/{name}", "")) == short


class Away:
    """OpenSearch that does not answer."""

    def msearch(self, **_: Any) -> None:
        raise NoConnection("N/A", "refused", Exception("refused"))


class NoTable:
    def buckets(self) -> Any:
        raise Transient("the control table does not answer")

    def generations(self, _: str) -> Any:
        raise Transient("the control table does not answer")


def test_what_cannot_be_told_is_named_and_the_rest_is_told():
    told = health(Away(), NoTable(), Sqs(BODY), [QUEUE], ANYONE, lambda: NOW)  # type: ignore[arg-type]
    assert told.at == NOW and told.queues[0].waiting == 3 and not told.settled and told.dead_letters == 1
    assert told.lag is None and told.buckets == () and told.generations == ()
    assert len(told.problems) == 2 and any("OpenSearch" in it for it in told.problems)
    told = health(Away(), NoTable(), Sqs(broken=True), [QUEUE], ANYONE)  # type: ignore[arg-type]
    assert told.queues == () and not told.settled and len(told.problems) == 3


def test_one_object_that_was_looked_at_again_does_not_say_that_the_index_was_behind():
    again, behind = (
        Health(at=NOW, settled=True, dead_letters=0, differing=0, lag=Lag(100, 1.0, p95, 2_400.0))
        for p95 in (2.0, 61.0)
    )
    assert verdict(again) == ("All is settled", "good")
    assert verdict(behind) == ("The index may have been behind within the last hour", "warn")
