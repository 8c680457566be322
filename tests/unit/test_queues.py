"""What becomes of a message that could not be processed."""

from typing import Any

import pytest

from bucketdex.aws.queues import MESSAGE_BYTES, Delivery, Failure, delay_seconds, deliveries, settle
from bucketdex.aws.settings import Queue
from bucketdex.errors import Permanent, Transient

QUEUE = Queue("https://sqs/1/events", "https://sqs/1/dead")
ALLOWED = 5


class Sqs:
    """Remembers what it was asked; `broken` refuses everything."""

    def __init__(self, broken: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        self.put_off: list[dict[str, Any]] = []
        self.broken = broken

    def send_message(self, **request: Any) -> None:
        if self.broken:
            raise ConnectionError("no queue today")
        self.sent.append(request)

    def change_message_visibility_batch(self, **request: Any) -> None:
        if self.broken:
            raise ConnectionError("no queue today")
        self.put_off += request["Entries"]


def failure(error: BaseException, receives: int = 1, queue: str = "events", identity: str = "m") -> Failure:
    return Failure(Delivery(identity, f"receipt-{identity}", "the body", queue, receives, 1.5), error)


def test_what_may_work_later_comes_back_later_each_time():
    sqs = Sqs()
    settled = settle(
        sqs, [QUEUE], [failure(Transient("busy"), 1, identity="a"), failure(Transient("busy"), 3, identity="b")], 100
    )
    assert settled.reported == ("a", "b") and not sqs.sent
    assert [entry["VisibilityTimeout"] for entry in sqs.put_off] == [15, 60]


def test_an_outage_of_six_hours_dead_letters_nothing():
    assert sum(delay_seconds(receives) for receives in range(1, 100)) > 6 * 3600 * 3
    assert max(delay_seconds(receives) for receives in range(1, 2000)) == 900


def test_what_will_never_work_is_set_aside_with_its_reason_and_not_reported():
    sqs = Sqs()
    assert settle(sqs, [QUEUE], [failure(Permanent("cut in half"))], ALLOWED).reported == ()
    [sent] = sqs.sent
    assert sent["QueueUrl"] == QUEUE.dead_letters_url and sent["MessageBody"] == "the body"
    values = {name: value["StringValue"] for name, value in sent["MessageAttributes"].items()}
    assert values == {"Reason": "cut in half", "Kind": "permanent", "MessageId": "m", "Receives": "1", "Sent": "1.500"}


@pytest.mark.parametrize(("error", "kind"), [(Transient("busy"), "transient"), (KeyError("oops"), "ours")])
def test_the_last_permitted_receive_is_set_aside(error, kind):
    sqs = Sqs()
    assert settle(sqs, [QUEUE], [failure(error, ALLOWED)], ALLOWED).reported == ()
    assert sqs.sent[0]["MessageAttributes"]["Kind"]["StringValue"] == kind
    assert settle(sqs, [QUEUE], [failure(error, ALLOWED - 1)], ALLOWED).reported == ("m",)


def test_a_bug_is_named_by_its_type():
    sqs = Sqs()
    settle(sqs, [QUEUE], [failure(KeyError("oops"), ALLOWED)], ALLOWED)
    assert sqs.sent[0]["MessageAttributes"]["Reason"]["StringValue"] == "KeyError: 'oops'"


def test_a_message_that_cannot_be_set_aside_is_reported_and_so_not_lost():
    settled = settle(Sqs(broken=True), [QUEUE], [failure(Permanent("bad"))], ALLOWED)
    assert settled.reported == ("m",) and settled.dead_letters == 0


def test_a_reason_holds_nothing_that_sqs_refuses():
    sqs = Sqs()
    settle(sqs, [QUEUE], [failure(Permanent("nul \0 half \ud800 end \uffff" + "x" * 5000))], ALLOWED)
    reason = sqs.sent[0]["MessageAttributes"]["Reason"]["StringValue"]
    assert reason.startswith("nul ? half ? end ?x") and len(reason) == 1000


@pytest.mark.parametrize("room", [5000, 500, 60, 0])
def test_body_and_reason_together_are_no_larger_than_sqs_takes(room):
    sqs = Sqs()
    body = "é" * ((MESSAGE_BYTES - room) // 2)
    failed = Failure(Delivery("m", "r", body, "events"), Permanent("x" * 900))
    settle(sqs, [QUEUE], [failed], ALLOWED)
    [sent] = sqs.sent
    attributes = [(name, *value.values()) for name, value in sent["MessageAttributes"].items()]
    size = len(sent["MessageBody"].encode()) + sum(len(part.encode()) for each in attributes for part in each)
    assert sent["MessageBody"] == body and size <= MESSAGE_BYTES
    assert ("Reason" in sent["MessageAttributes"]) == (room == 5000)


def test_a_queue_that_is_not_ours_is_left_to_its_own_redrive():
    assert settle(Sqs(), [QUEUE], [failure(Permanent("bad"), queue="other")], ALLOWED).reported == ("m",)


def test_deliveries_are_read_from_lambdas_event():
    record = {
        "messageId": "m",
        "receiptHandle": "r",
        "body": "b",
        "eventSourceARN": "arn:aws:sqs:us-east-1:1:events",
        "attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1500"},
    }
    assert deliveries({"Records": [record]}) == [Delivery("m", "r", "b", "events", 3, 1.5)]
