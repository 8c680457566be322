"""`bucketdex status` works from the environment, so against AWS too: what SQS tells, and when all is settled."""

import pytest
from botocore.exceptions import ClientError

from bucketdex.aws.settings import Queue
from bucketdex.cli import depths
from bucketdex.cli.depths import executions, look, settled
from bucketdex.cli.here import state_machines
from bucketdex.errors import Transient
from bucketdex.local.stack import QueueDepth

QUEUES = {"ObjectEvents": Queue("https://sqs/1/events", "https://sqs/1/dead")}
EMPTY, BUSY = {"Q": QueueDepth(0, 0, 0, 9, None)}, {"Q": QueueDepth(0, 1, 0, 0, None)}


class Sqs:
    def __init__(self, **counts):
        self.counts = counts

    def get_queue_attributes(self, QueueUrl, AttributeNames):  # noqa: N803, boto3's
        if not self.counts:
            raise ClientError({"Error": {"Code": "Gone", "Message": "no such queue"}}, "GetQueueAttributes")
        counts = self.counts[QueueUrl.rsplit("/", 1)[-1]]
        return {"Attributes": {name: str(count) for name, count in zip(AttributeNames, counts, strict=True)}}


def test_queues_tell_what_they_hold_and_only_a_local_one_how_old_it_is(monkeypatch):
    sqs = Sqs(events=(1, 2, 3), dead=(4, 5, 6))
    assert look(sqs, QUEUES) == {"ObjectEvents": QueueDepth(1, 2, 3, 15, None)}
    monkeypatch.setattr(depths.local, "ask", lambda url: {"events": depths.local.Told(oldest_sent=1000.0)})
    monkeypatch.setattr(depths.time, "time", lambda: 1060.0)
    here = {"ObjectEvents": Queue("http://127.0.0.1:5/1/events", "http://127.0.0.1:5/1/dead")}
    assert look(sqs, here)["ObjectEvents"].oldest_seconds == 60.0


def test_a_queue_that_does_not_answer_is_named():
    with pytest.raises(Transient, match="the queue events does not tell what it holds: https://sqs/1/events"):
        look(Sqs(), QUEUES)


class States:
    def __init__(self, *running):
        self.running = running

    def list_executions(self, stateMachineArn, statusFilter, maxResults):  # noqa: N803, boto3's
        if stateMachineArn != "arn:machine":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not yours"}}, "ListExecutions")
        assert statusFilter == "RUNNING" and maxResults <= 1000
        return {"executions": [{"name": it} for it in self.running]}


def test_an_execution_that_runs_is_in_flight_so_that_not_all_is_settled():
    depths = executions(States("one", "two"), {"HashStateMachine": "arn:machine"})
    assert depths == {"HashStateMachine": QueueDepth(0, 2, 0, 0, None)} and not depths["HashStateMachine"].is_empty
    assert executions(States(), {"HashStateMachine": "arn:machine"})["HashStateMachine"].is_empty
    with pytest.raises(Transient, match="not yours"):
        executions(States(), {"HashStateMachine": "arn:other"})


def test_state_machines_are_those_that_the_environment_names(monkeypatch):
    for name in ("BUCKETDEX_HASH_STATE_MACHINE_ARN", "BUCKETDEX_OTHER_THING_ARN"):
        monkeypatch.setenv(name, "arn:machine")
    assert state_machines() == {"HashStateMachine": "arn:machine"}


@pytest.mark.parametrize(
    ("looks", "seconds", "answer"),
    [
        ([EMPTY, EMPTY], 0, True),
        ([BUSY], 0, False),
        ([EMPTY, BUSY], 0, False),
        ([BUSY, EMPTY, BUSY, EMPTY, EMPTY], 60, True),
    ],
)
def test_all_is_settled_when_the_queues_were_empty_twice_in_a_row(monkeypatch, looks, seconds, answer):
    monkeypatch.setattr(depths, "LOOK_AGAIN", 0)
    left = list(looks)
    assert settled(lambda: left.pop(0), seconds) is answer
    assert not left


@pytest.mark.parametrize(("seconds", "answer"), [(60, True), (0, False)])
def test_what_is_not_searchable_yet_is_waited_for_until_the_time_is_over(monkeypatch, seconds, answer):
    monkeypatch.setattr(depths, "LOOK_AGAIN", 0)
    searchable = [False, False, True]
    assert settled(lambda: EMPTY, seconds, lambda: searchable.pop(0)) is answer
    assert len(searchable) == (0 if answer else 2)
