"""Dead letters are read without being taken away, and deleted only when they are in their queue again."""

import json
from itertools import batched

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from bucketdex.aws.dead_letters import CRASHED, MOVED_BY_THE_QUEUE, UNDELIVERED, dead_letter, delete, held, replay
from bucketdex.aws.settings import Queue
from bucketdex.cli.main import app
from bucketdex.errors import Transient

QUEUE = Queue("https://sqs/1/events", "https://sqs/1/dead")


def message(number: int, **attributes: str):
    return {
        "MessageId": f"sqs-{number}", "ReceiptHandle": f"receipt-{number}", "Body": f"body {number}",
        "Attributes": {"SentTimestamp": "1500", "ApproximateReceiveCount": "101"},
        "MessageAttributes": {name: {"DataType": "String", "StringValue": it} for name, it in attributes.items()},
    }  # fmt: skip


class Sqs:
    """A queue of dead letters; `refused` are the operations that fail."""

    def __init__(self, *messages, refused=(), again=False, missed=()):
        self.batches = [list(it) for it in batched(messages, 3)]
        self.done, self.put_back = [], []
        self.refused, self.again, self.missed = refused, again, set(missed)
        self.receives = 0

    def _check(self, operation):
        if operation in self.refused:
            raise ClientError({"Error": {"Code": "Busy", "Message": "no"}}, operation)

    def receive_message(self, **request):
        self._check("receive")
        assert request["QueueUrl"] == QUEUE.dead_letters_url
        self.receives += 1
        if self.receives in self.missed and not request["WaitTimeSeconds"]:  # other servers have what there is
            return {}
        batch = self.batches.pop(0) if self.batches else []
        if self.again:  # its visibility timeout was over
            self.batches.append(batch)
        return {"Messages": batch} if batch else {}

    def get_queue_attributes(self, **request):
        return {"Attributes": {"ApproximateNumberOfMessages": str(sum(map(len, self.batches)))}}

    def send_message(self, **request):
        self._check("send")
        self.done.append(("send", request["QueueUrl"], request["MessageBody"]))

    def delete_message(self, **request):
        self._check("delete")
        self.done.append(("delete", request["QueueUrl"], request["ReceiptHandle"]))

    def change_message_visibility_batch(self, **request):
        self._check("change")
        self.put_back += [(it["ReceiptHandle"], it["VisibilityTimeout"]) for it in request["Entries"]]


def test_all_are_read_and_put_back():
    sqs = Sqs(*map(message, range(25)))
    with held(sqs, {"ObjectEvents": QUEUE}) as letters:
        assert [it.letter.body for it in letters] == [f"body {number}" for number in range(25)]
        assert {it.letter.queue for it in letters} == {"ObjectEvents"}
        assert not sqs.put_back
    assert sqs.put_back == [(f"receipt-{number}", 0) for number in range(25)]


def test_an_empty_answer_is_not_believed_while_the_queue_counts_messages():
    with held(Sqs(*map(message, range(5)), missed=[1, 3]), {"ObjectEvents": QUEUE}) as letters:
        assert len(letters) == 5


def test_reading_ends_when_the_first_ones_come_again():
    with held(Sqs(*map(message, range(5)), again=True), {"ObjectEvents": QUEUE}) as letters:
        assert len(letters) == 5


def test_what_is_held_is_put_back_when_reading_fails():
    sqs = Sqs(message(1), refused=["receive"])
    with pytest.raises(Transient, match="dead-letter queue https://sqs/1/dead cannot be read"), held(sqs, {"a": QUEUE}):
        pass
    sqs = Sqs(message(1))
    with pytest.raises(KeyError), held(sqs, {"a": QUEUE}):
        raise KeyError
    assert sqs.put_back == [("receipt-1", 0)]


def test_a_replay_sends_first_and_deletes_then():
    sqs, told = Sqs(message(1), message(2)), []
    with held(sqs, {"ObjectEvents": QUEUE}) as letters:
        done = replay(sqs, letters, told.append)
    assert (done.sent, done.failed, told) == (2, (), [1, 2])
    assert sqs.done == [
        ("send", QUEUE.url, "body 1"), ("delete", QUEUE.dead_letters_url, "receipt-1"),
        ("send", QUEUE.url, "body 2"), ("delete", QUEUE.dead_letters_url, "receipt-2"),
    ]  # fmt: skip


def test_what_could_not_be_sent_stays():
    sqs = Sqs(message(1), refused=["send"])
    with held(sqs, {"ObjectEvents": QUEUE}) as letters:
        done = replay(sqs, letters)
    assert done.sent == 0 and sqs.done == [] and sqs.put_back == [("receipt-1", 0)]
    assert done.failed[0].startswith("sqs-1 could not be sent to ObjectEvents:")


def test_what_was_sent_but_not_deleted_is_told():
    sqs = Sqs(message(1), refused=["delete"])
    with held(sqs, {"ObjectEvents": QUEUE}) as letters:
        done = replay(sqs, letters)
    assert done.sent == 0 and "was sent to ObjectEvents, but is still set aside" in done.failed[0]


def test_what_is_deleted_is_told_and_is_not_sent():
    sqs = Sqs(message(1), message(2))
    with held(sqs, {"ObjectEvents": QUEUE}) as letters:
        done = delete(sqs, letters[:1])
    assert ([it.body for it in done.deleted], done.failed) == (["body 1"], ())
    assert sqs.done == [("delete", QUEUE.dead_letters_url, "receipt-1")]


def test_what_could_not_be_deleted_is_told():
    sqs = Sqs(message(1), refused=["delete"])
    with held(sqs, {"ObjectEvents": QUEUE}) as letters:
        done = delete(sqs, letters)
    assert done.deleted == () and done.failed[0].startswith("sqs-1 is still set aside:")


def test_without_a_yes_nothing_is_deleted(monkeypatch):
    monkeypatch.setenv("BUCKETDEX_OBJECT_EVENTS_URL", QUEUE.url)
    monkeypatch.setenv("BUCKETDEX_OBJECT_EVENTS_DEAD_LETTERS_URL", QUEUE.dead_letters_url)

    def run(*arguments, given=""):
        sqs = Sqs(message(1), message(2, Reason="not JSON\x1b", Kind="permanent"))
        monkeypatch.setattr("bucketdex.aws.clients.sqs", lambda: sqs)
        return CliRunner().invoke(app, ["dead-letters", "delete", *arguments], input=given), sqs.done

    asked, done = run("--all", given="n\n")
    assert asked.exit_code == 1 and not done and "Delete 2 dead letters for good?" in asked.stderr
    said, done = run("--all", "--kind", "permanent", given="y\n")
    assert said.exit_code == 0 and [it[2] for it in done] == ["receipt-2"]
    assert said.stdout.splitlines()[-2:] == ["sqs-2 of ObjectEvents: not JSON\\x1b", "1 dead letter deleted."]
    told, done = run("sqs-1", "--yes", "--json")
    assert [it["body"] for it in json.loads(told.stdout)["deleted"]] == ["body 1"] and len(done) == 1
    unknown, done = run("sqs-1", "sqs-3", "--yes")
    assert unknown.exit_code == 1 and not done and "no dead letter sqs-3; nothing is deleted" in unknown.stderr
    assert [run(*it)[0].exit_code for it in (["--yes"], ["sqs-1", "--all"], ["--all", "--kind", "ours"])] == [2, 2, 1]


def test_what_the_function_set_aside_tells_why():
    told = {"Reason": "not JSON", "Kind": "permanent", "MessageId": "m-1", "Receives": "2", "Sent": "12.250"}
    letter = dead_letter("ObjectEvents", message(1, **told))
    assert (letter.id, letter.kind, letter.reason) == ("m-1", "permanent", "not JSON")
    assert (letter.receives, letter.sent) == (2, 12.25)


def test_what_the_queue_moved_itself_crashed_or_timed_out():
    letter = dead_letter("ObjectEvents", message(1))
    assert (letter.id, letter.kind, letter.reason) == ("sqs-1", CRASHED, MOVED_BY_THE_QUEUE)
    assert (letter.receives, letter.sent) == (101, 1.5)


def test_what_eventbridge_could_not_deliver_says_so():
    letter = dead_letter("ObjectEvents", message(1, ERROR_CODE="NO_PERMISSIONS", ERROR_MESSAGE="no right to send"))
    assert letter.kind == UNDELIVERED and "NO_PERMISSIONS no right to send" in letter.reason
