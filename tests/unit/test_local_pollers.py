"""What a poller hands to a function, when, and how it takes the answer."""

import threading
import time

import pytest

from bucketdex.local.functions.pollers import BadAnswer, collect, failures, sqs_event

ARN = "arn:aws:sqs:eu-west-1:123456789012:Work"


def message(number: int = 1, **more: object) -> dict[str, object]:
    return {
        "MessageId": f"id-{number}",
        "ReceiptHandle": f"handle-{number}",
        "Body": f"body {number}",
        "MD5OfBody": "abc",
        "Attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1700000000000"},
        **more,
    }


def test_messages_become_the_event_that_lambda_makes_of_them():
    attributes = {
        "Reason": {"StringValue": "gone", "DataType": "String"},
        "Bytes": {"BinaryValue": b"\0\1", "DataType": "Binary"},
    }
    event = sqs_event([message(MessageAttributes=attributes, MD5OfMessageAttributes="def"), message(2)], ARN)
    assert event["Records"][0] == {
        "messageId": "id-1",
        "receiptHandle": "handle-1",
        "body": "body 1",
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1700000000000"},
        "messageAttributes": {
            "Reason": {"stringValue": "gone", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "Bytes": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        },
        "md5OfBody": "abc",
        "md5OfMessageAttributes": "def",
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "eu-west-1",
    }
    assert event["Records"][1]["messageAttributes"] == {}
    assert "md5OfMessageAttributes" not in event["Records"][1]


@pytest.mark.parametrize("answer", [None, "", {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_an_answer_without_failures_is_success(answer):
    assert failures(answer, ["a", "b"]) == set()


def test_named_items_failed_and_no_others():
    assert failures({"batchItemFailures": [{"itemIdentifier": "b"}]}, ["a", "b"]) == {"b"}


@pytest.mark.parametrize(
    "answer",
    [
        "text",
        17,
        [],
        {"failures": []},
        {"batchItemFailures": "a"},
        {"batchItemFailures": [7]},
        {"batchItemFailures": [{"itemIdentifier": "c"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "a"}]},
        {"batchItemFailures": [{"itemIdentifier": ["a"]}]},
    ],
)
def test_nonsense_fails_the_whole_batch(answer):
    with pytest.raises(BadAnswer):
        failures(answer, ["a", "b"])


class Queue:
    """Gives what lies in it, at most ten at a time, and takes down how it was asked."""

    def __init__(self, count: int) -> None:
        self.messages = [message(number) for number in range(count)]
        self.asked: list[tuple[int, int]] = []

    def receive(self, count: int, wait: int) -> list[dict[str, object]]:
        self.asked.append((count, wait))
        taken, self.messages = self.messages[:count], self.messages[count:]
        return taken


def collected(queue: Queue, batch_size: int, window: float) -> tuple[int, float]:
    started = time.monotonic()
    batch = collect(queue.receive, batch_size, window, threading.Event())
    return len(batch), time.monotonic() - started


def test_a_full_batch_does_not_wait_for_the_window():
    queue = Queue(100)
    size, seconds = collected(queue, 25, 30)
    assert size == 25
    assert seconds < 1
    assert [count for count, _ in queue.asked] == [10, 10, 5]


def test_a_batch_that_does_not_fill_goes_when_the_window_ends():
    queue = Queue(12)
    size, seconds = collected(queue, 100, 0.3)
    assert size == 12
    assert 0.3 <= seconds < 1
    assert len(queue.asked) < 10, "no busy loop"


def test_what_comes_within_the_window_joins_the_batch():
    queue = Queue(1)
    threading.Timer(0.1, lambda: queue.messages.append(message(2))).start()
    assert collected(queue, 100, 0.4)[0] == 2


def test_without_a_window_goes_what_one_receive_gives():
    queue = Queue(100)
    assert collected(queue, 100, 0)[0] == 10
    assert queue.asked == [(10, 20)]


def test_an_empty_queue_is_polled_long_and_gives_nothing():
    queue = Queue(0)
    assert collected(queue, 100, 5)[0] == 0
    assert queue.asked == [(10, 20)]
