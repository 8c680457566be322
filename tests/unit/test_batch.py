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
