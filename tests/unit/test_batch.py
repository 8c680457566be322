"""What a batch tells those who reconcile its keys."""

import json

import pytest

from bucketdex.aws.queues import Delivery
from bucketdex.changes import batch
from bucketdex.changes.outcome import Outcome


def delivery(number, *keys, receives=1, sent=100.0):
    body = json.dumps({"bucketdex": "changes/1", "changes": [{"bucket": "b", "key": key} for key in keys]})
    return Delivery(str(number), "r", body, "q", receives, sent)


@pytest.mark.parametrize(
    ("messages", "sent"),
    [
        ([delivery(1, "k")], 100.0),
        ([delivery(1, "k"), delivery(2, "k", sent=105.0), delivery(3, "other", receives=2)], 105.0),
        ([delivery(1, "k", receives=2)], None),
        ([delivery(1, "k"), delivery(2, "k", receives=2)], None),
        ([delivery(1, "k", sent=0.0)], None),
    ],
    ids=["once", "the last counts", "it may have been begun", "one of them may have been begun", "nobody knows"],
)
def test_a_key_is_told_with_when_its_last_message_was_sent(messages, sent):
    seen = {}

    def reconcile(hints, tally):
        seen.update({hint.key: hint.sent for hint in hints})
        return {("b", key): Outcome("indexed") for key in seen}

    batch.handle(messages, reconcile, batch.Queues(None, [], 100), lambda: 200.0)
    assert seen["k"] == sent


def told(source, at, bucket="b", key="k"):
    """Return a message about a key, as a notification, EventBridge, the trail or bucketdex itself tells it."""
    at = f"2026-01-01T00:0{at}:00Z"
    s3 = {"bucket": {"name": bucket}, "object": {"key": key}}
    forms = {
        "s3": {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": at, "s3": s3}]},
        "eventbridge": {"source": "aws.s3", "detail-type": "Object Created", "time": at, "detail": s3},
        "cloudtrail": {
            "bucketdex": "changes/1",
            "changes": [{"bucket": bucket, "key": key, "source": "cloudtrail", "time": at, "event": "PutObject"}],
        },
        "bucketdex": {"bucketdex": "changes/1", "changes": [{"bucket": bucket, "key": key}]},
    }
    return Delivery(f"{source} {at} {bucket}", "r", json.dumps(forms[source]), "q", 1, 100.0)


def report(*messages):
    def reconcile(hints, tally):
        states = {"b": "indexed", "other": "not connected"}
        return {(hint.bucket, hint.key): Outcome(states[hint.bucket]) for hint in hints}

    return batch.handle(messages, reconcile, batch.Queues(None, [], 100), lambda: 1767225720.0)  # 00:02


def test_signs_of_life_are_of_notifications_about_connected_buckets():
    messages = [told("s3", 1), told("eventbridge", 3), told("s3", 2), told("cloudtrail", 5), told("bucketdex", 6)]
    found = report(*messages, told("s3", 7, bucket="other"))
    assert {bucket: time.minute for bucket, time in found.live.items()} == {"b": 3}


def test_what_the_trail_tells_is_late_by_nature_and_no_event_that_waits():
    assert report(told("cloudtrail", 0)).event_ages == ()
    assert report(told("s3", 0), told("cloudtrail", 0)).event_ages == (120.0,)
