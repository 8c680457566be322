"""Requests for digests against the emulated S3 and DynamoDB: each ends in a digest, or in a note that says why not."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from bucketdex.control import Hashing
from bucketdex.digests import edges as edges_module
from bucketdex.digests import ranges, reading
from bucketdex.digests import requests as requests_module
from bucketdex.digests.kept import look
from bucketdex.digests.ledger import HandedOn, Ledger, identity
from bucketdex.digests.reading import Abandoned
from bucketdex.errors import Transient
from bucketdex.hashing import CHUNKED, algorithms, chunked
from digest_requests import World, numbers, values
from emulated import Aws

MIB = 1024 * 1024
DATA = hashlib.shake_128(b"digests").digest(9 * MIB + 1)


class Here(World):
    """The world, in which a test mostly has one object."""

    def put(self, key: str = "k", body: bytes = DATA, **more: Any) -> Any:
        return super().put(key, body, **more)


@pytest.fixture
def it(aws: Aws) -> Iterator[World]:
    yield Here(aws)
    aws.fail()


def of(data: bytes) -> dict[str, str]:
    return {"SHA256": hashlib.sha256(data).hexdigest(), CHUNKED: chunked(data)}


@pytest.mark.parametrize("size", [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB - 1, 16 * MIB, 16 * MIB + 1])
def test_the_digests_are_those_of_the_bytes_on_every_border(it, size):
    data = (DATA * 2)[:size]
    hint = it.put(body=data)
    assert it.ask(hint) == "hashed"
    [fact] = it.facts
    assert values(fact) == of(data) and (fact.version_id, fact.etag) == (hint.version_id, hint.etag)
    assert it.reads() == size


def test_an_object_that_was_read_is_never_read_again(it):
    hint = it.put()
    assert [it.ask(hint), it.ask(hint)] == ["hashed", "known"]
    assert it.facts[0] == it.facts[1] and it.reads() == len(DATA)


def test_who_comes_while_another_reads_waits_and_takes_over_when_the_other_is_dead(it):
    hint = it.put()
    it.edges.ledger.claim(identity(it.bucket, "k", hint.version_id, hint.etag), "another")
    assert isinstance(it.outcome(hint).error, Transient) and not it.facts
    it.now += 121
    assert it.ask(hint) == "hashed"


def test_a_fact_that_could_not_be_sent_is_sent_without_reading_again(it, monkeypatch):
    hint, sent = it.put(), it.edges.tell

    def refuse(_: Any) -> None:
        raise Transient("the queue does not answer")

    object.__setattr__(it.edges, "tell", refuse)
    assert isinstance(it.outcome(hint).error, Transient)
    object.__setattr__(it.edges, "tell", sent)
    assert it.ask(hint) == "known"
    assert values(it.facts[0]) == of(DATA) and it.reads() == len(DATA)


@pytest.mark.parametrize("fault", [{"cut": 100_000}, {"cut": 0}, {"status": 503, "code": "SlowDown"}])
def test_what_breaks_off_is_read_again(it, fault):
    hint = it.put()
    it.fail(ranged=True, times=3, **fault)
    assert it.ask(hint) == "hashed"
    assert values(it.facts[0]) == of(DATA)


@pytest.mark.parametrize("fault", [{"cut": 0}, {"status": 503, "code": "SlowDown"}])
def test_what_always_breaks_off_comes_back_later_and_is_nobodys_meanwhile(it, fault):
    hint = it.put()
    it.fail(ranged=True, **fault)
    assert isinstance(it.outcome(hint).error, Transient) and not it.facts
    it.aws.fail()
    assert it.ask(hint) == "hashed"


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_an_object_that_is_overwritten_or_gone_is_abandoned(it, status):
    it.versions(status)
    old = it.put()
    new = it.put(body=DATA + b"x")
    assert it.ask(old) == "abandoned" and it.reads() == 0
    assert it.ask(new) == "hashed" and values(it.facts[0]) == of(DATA + b"x")
    it.s3.delete_object(Bucket=it.bucket, Key="k")
    assert it.ask(new) == "abandoned"


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
@pytest.mark.parametrize("change", ["overwritten", "deleted"])
def test_reading_ends_early_when_the_object_changes_meanwhile(it, status, change, monkeypatch):
    it.versions(status)
    hint = it.put(body=DATA * 4)
    spans = edges_module.Spans.__call__
    asked = []

    def change_then_read(self: Any, start: int, length: int) -> Any:
        asked.append(start)
        if len(asked) == 2:
            it.now += 21  # time to look
            if change == "deleted":
                it.s3.delete_object(Bucket=it.bucket, Key="k")
            else:
                it.put(body=b"other")
        return spans(self, start, length)

    monkeypatch.setattr(edges_module.Spans, "__call__", change_then_read)
    object.__setattr__(it.edges, "threads", 1)
    assert it.ask(hint) == "abandoned"
    assert not it.facts


def test_a_reader_whose_lease_was_taken_stops(it, monkeypatch):
    hint = it.put(body=DATA * 2)
    spans = edges_module.Spans.__call__

    def lose(self: Any, start: int, length: int) -> Any:
        if not start:
            it.now += 130
            it.edges.ledger.claim(identity(it.bucket, "k", hint.version_id, hint.etag), "another")
        return spans(self, start, length)

    monkeypatch.setattr(edges_module.Spans, "__call__", lose)
    object.__setattr__(it.edges, "threads", 1)  # else another one may renew the lease in between
    assert "taken over" in str(it.outcome(hint).error)
    assert not it.facts


def test_a_checksum_that_the_bytes_do_not_have_is_kept_beside_the_one_they_have(it):
    claimed = b64encode(hashlib.sha1(b"other").digest()).decode()
    assert it.ask(it.put(ChecksumSHA1=claimed)) == "hashed"
    [fact] = it.facts
    assert values(fact, "s3") == {"SHA1": claimed}
    assert values(fact) == of(DATA) | {"SHA1": b64encode(hashlib.sha1(DATA).digest()).decode()}


@pytest.mark.parametrize(
    ("method", "status", "code"), [("GET", 403, "AccessDenied"), ("GET", 400, "InvalidRequest"), ("HEAD", 403, "403")]
)
def test_an_object_that_may_not_be_read_says_so(it, method, status, code):
    hint = it.put()
    it.aws.fail({"method": method, "path": f"/{it.bucket}/k", "status": status, "code": code})
    assert it.ask(hint) == "refused"
    [fact] = it.facts
    assert "S3 refuses" in fact.digest_note and code in fact.digest_note and not values(fact)
    it.aws.fail()
    assert it.ask(hint) == "hashed"  # when the right is there


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE", "STANDARD_IA"])
def test_what_is_archived_or_costs_a_fee_is_not_read(it, storage_class):
    assert it.ask(it.put(StorageClass=storage_class)) == "not wanted"
    assert storage_class in it.facts[0].digest_note and it.reads() == 0
    assert it.ask(it.put("known", StorageClass=storage_class, ChecksumAlgorithm="SHA256")) == "known"
    assert values(it.facts[1], "s3")["SHA256"] == of(DATA)["SHA256"] and not it.facts[1].digest_note


def test_the_buckets_setting_is_looked_at_when_the_request_is_handled(it):
    hint = it.put("scratch/k")
    without, off = Hashing(without=("scratch/",)), Hashing(mode="off")
    assert it.control.set_hashing(it.bucket, Hashing(), without)
    assert it.ask(hint) == "not wanted" and "scratch/" in it.facts[0].digest_note
    assert it.control.set_hashing(it.bucket, without, off)
    assert it.ask(hint) == "not wanted" and len(it.facts) == 1
    assert it.control.set_hashing(it.bucket, off, Hashing())
    assert it.ask(hint) == "hashed"


def test_a_bucket_that_is_not_connected_is_left_alone(it):
    it.control.remove_bucket(it.bucket)
    assert it.ask(it.put()) == "not connected" and it.reads() == 0


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 1 MiB, of which an object may have four: more double."""
    monkeypatch.setattr(algorithms, "FIRST_CHUNK_BYTES", MIB)
    monkeypatch.setattr(algorithms, "MOST_CHUNKS", 4)


@pytest.mark.parametrize("size", [4 * MIB, 4 * MIB + 1, 8 * MIB, 8 * MIB + 1, 9 * MIB])
@pytest.mark.usefixtures("short")
def test_chunks_double_where_there_would_be_too_many(it, size):
    assert it.ask(it.put(body=DATA[:size])) == "hashed"
    assert values(it.facts[0])[CHUNKED] == chunked(DATA[:size])


def run(it: World, name: str, sqs: Any = None) -> list[Any]:
    """Do the steps of an execution as the state machine does, and return what they gave."""
    given = json.loads(it.executions[name])
    steps = [{"step": "range", "number": number, "object": given["object"]} for number in given["ranges"]]
    return [ranges.step(it.steps(sqs), one) for one in [*steps, {"step": "combine", "object": given["object"]}]]


def test_a_huge_object_is_read_by_ranges_each_of_them_once(it):
    hint = it.put(body=DATA * 4)
    assert it.ask(hint, whole_bytes=16 * MIB, range_bytes=8 * MIB) == "handed on"
    assert it.ask(hint, whole_bytes=16 * MIB, range_bytes=8 * MIB) == "handed on"  # asked again: nothing new begins
    [name] = it.executions
    run(it, name)
    [fact] = it.facts
    assert values(fact) == {CHUNKED: chunked(DATA * 4)} and "SHA256 left out" in fact.digest_note
    assert it.reads() == 4 * len(DATA)
    assert {one["state"] for one in run(it, name)[:-1]} == {"done before"} and it.reads() == 4 * len(DATA)
    assert it.ask(hint, whole_bytes=16 * MIB) == "known"


def test_an_object_that_turns_out_to_be_read_too_slowly_goes_on_by_ranges_from_where_it_is(it, monkeypatch):
    hint = it.put(body=DATA * 4)
    spans = edges_module.Spans.__call__

    def slowly(self: Any, start: int, length: int) -> Any:
        it.now += 100
        it.left -= 100
        return spans(self, start, length)

    monkeypatch.setattr(edges_module.Spans, "__call__", slowly)
    object.__setattr__(it.edges, "threads", 1)
    it.left = 400
    assert it.ask(hint, range_bytes=8 * MIB) == "handed on"
    already = it.reads()
    assert already < 4 * len(DATA)
    monkeypatch.setattr(edges_module.Spans, "__call__", spans)
    it.left = 900
    [name] = it.executions
    done = run(it, name)
    assert {one["state"] for one in done[:-1]} == {"done", "done before"}
    assert values(it.facts[0]) == {CHUNKED: chunked(DATA * 4)}


def test_the_steps_of_an_object_that_is_another_by_now_end_and_let_a_later_request_begin(it):
    hint = it.put(body=DATA * 4)
    assert it.ask(hint, whole_bytes=MIB, range_bytes=8 * MIB) == "handed on"
    [name] = it.executions
    again = it.put(body=b"other")
    with pytest.raises(Abandoned):
        run(it, name)
    it.s3.delete_object(Bucket=it.bucket, Key="k", VersionId=again.version_id)  # the first version is current again
    assert it.ask(hint, whole_bytes=MIB, range_bytes=8 * MIB) == "handed on"
    assert len(it.executions) == 2
    run(it, next(one for one in it.executions if one != name))
    assert values(it.facts[0]) == {CHUNKED: chunked(DATA * 4)}


def test_an_execution_that_ended_without_a_digest_is_followed_by_another(it):
    hint = it.put(body=DATA * 2)
    assert isinstance(it.outcome(hint, start=lambda *_: False, whole_bytes=MIB).error, Transient)
    assert it.ask(hint, whole_bytes=MIB) == "handed on"
    assert [name[-2:] for name in it.executions] == ["-1"]


def test_ranges_that_failed_for_good_are_a_dead_letter_with_its_reason(it):
    sqs = it.aws.client("sqs")
    url = sqs.create_queue(QueueName=f"dead-{next(numbers)}")["QueueUrl"]
    hint = it.put(body=DATA * 2)
    assert it.ask(hint, whole_bytes=MIB) == "handed on"
    [name] = it.executions
    event = {
        "step": "set aside",
        "object": json.loads(it.executions[name])["object"],
        "error": {"Error": "Transient", "Cause": '{"errorMessage": "S3 is slow", "errorType": "Transient"}'},
    }
    ranges.step(it.steps(sqs, url), event)
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert "S3 is slow" in message["MessageAttributes"]["Reason"]["StringValue"]
    [change] = json.loads(message["Body"])["changes"]
    assert (change["key"], change["etag"]) == ("k", hint.etag)
    assert it.ask(hint, whole_bytes=MIB) == "handed on" and len(it.executions) == 2


def test_a_range_is_not_begun_when_no_time_is_left(it):
    it.put()
    it.left = reading.RESERVE_SECONDS - 1
    with pytest.raises(Transient, match="no time"):
        reading.Spans(it.s3, look(it.s3, it.bucket, "k"), it.edges.remaining)(0, 10)


def test_ranges_of_another_length_do_not_count(it):
    """As when the setting is changed while an object is half done."""
    hint = it.put(body=DATA * 4)
    assert it.ask(hint, whole_bytes=MIB, range_bytes=8 * MIB) == "handed on"
    [name] = it.executions
    given = json.loads(it.executions[name])
    for number in (0, 2, 4):
        ranges.step(it.steps(), {"step": "range", "number": number, "object": given["object"]})
    it.edges.ledger.let_go(identity(it.bucket, "k", hint.version_id, hint.etag), 0)
    assert it.ask(hint, whole_bytes=MIB, range_bytes=16 * MIB) == "handed on"
    with pytest.raises(Transient, match="range 1"):  # of the first execution: it has not been read
        ranges.step(it.steps(), {"step": "combine", "object": given["object"]})
    run(it, next(one for one in it.executions if one != name))
    assert values(it.facts[0]) == {CHUNKED: chunked(DATA * 4)}


def test_a_late_step_of_an_execution_that_was_let_go_does_not_disturb_the_next(it):
    hint = it.put(body=DATA * 2)
    assert it.ask(hint, whole_bytes=MIB) == "handed on"
    one = identity(it.bucket, "k", hint.version_id, hint.etag)
    it.edges.ledger.let_go(one, 0)
    assert it.ask(hint, whole_bytes=MIB) == "handed on"
    it.edges.ledger.let_go(one, 0)  # it comes again
    assert isinstance(it.edges.ledger.claim(one, "another"), HandedOn)


def test_an_answer_that_drips_is_left_when_no_time_is_left(it):
    it.put()
    remaining = iter([900.0, 900.0, *[1.0] * 10])
    it.fail(ranged=True, cut=400_000)
    with pytest.raises(Transient, match="no time was left"):
        reading.Spans(it.s3, look(it.s3, it.bucket, "k"), lambda: next(remaining))(0, MIB)


def test_a_ledger_that_does_not_answer_for_a_moment_ends_no_reading(it, monkeypatch):
    hint = it.put(body=DATA * 2)
    spans, renewed = edges_module.Spans.__call__, []

    def later(self: Any, start: int, length: int) -> Any:
        it.now += 15
        return spans(self, start, length)

    def renew(self: Any, claim: Any) -> None:
        renewed.append(claim)
        raise Transient("the table is throttled")

    monkeypatch.setattr(edges_module.Spans, "__call__", later)
    monkeypatch.setattr(Ledger, "renew", renew)
    assert it.ask(hint) == "hashed" and renewed


def test_an_upload_whose_last_part_is_empty_is_read(it):
    data = DATA[: 8 * MIB]
    name = {"Bucket": it.bucket, "Key": "k"}
    name["UploadId"] = it.s3.create_multipart_upload(**name, ChecksumAlgorithm="SHA256")["UploadId"]
    made = [it.s3.upload_part(**name, PartNumber=n, Body=part, ChecksumAlgorithm="SHA256") for n, part in ((1, data), (2, b""))]  # fmt: skip # noqa: E501
    parts = [{"PartNumber": n, "ETag": one["ETag"], "ChecksumSHA256": one["ChecksumSHA256"]} for n, one in enumerate(made, 1)]  # fmt: skip # noqa: E501
    it.s3.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
    assert it.ask(it.hint("k", len(data))) == "hashed"
    assert values(it.facts[0]) == of(data) and not values(it.facts[0], "combined")


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ThrottlingException"), (403, "RequestTimeTooSkewed"), (403, "ExpiredToken")]
)
def test_a_refusal_of_the_moment_is_known_though_head_has_no_words_for_it(it, status, code):
    hint = it.put()
    refused = {"path": f"/{it.bucket}/k", "status": status, "code": code}
    it.aws.fail({"method": "HEAD"} | refused, {"method": "GET"} | refused)
    assert isinstance(it.outcome(hint).error, Transient) and not it.facts


def test_what_is_restored_is_read(it):
    hint = it.put(StorageClass="GLACIER")
    assert it.ask(hint) == "not wanted"
    it.s3.restore_object(Bucket=it.bucket, Key="k", RestoreRequest={"Days": 1})
    for _ in range(3):  # the emulator lets it take a few looks
        if it.ask(hint) == "hashed":
            break
    assert values(it.facts[-1]) == of(DATA)


def handed_on(it: World) -> Any:
    """Hand on an object of several ranges, and return its part of the execution's input."""
    assert it.ask(it.put(body=DATA * 4), whole_bytes=MIB, range_bytes=16 * MIB) == "handed on"
    [given] = it.executions.values()
    return json.loads(given)["object"]


def test_a_range_that_does_not_end_in_time_is_gone_on_with(it):
    it_is = {"step": "range", "number": 0, "object": handed_on(it)}
    it.left = 2 * reading.RESERVE_SECONDS - 1
    object.__setattr__(it.edges, "threads", 1)
    with pytest.raises(Transient, match="goes on"):  # one chunk of two
        ranges.step(it.steps(), it_is)
    before = it.reads()
    assert ranges.step(it.steps(), it_is)["state"] == "done" and it.reads() - before == 8 * MIB
    assert ranges.step(it.steps(), it_is)["state"] == "done before"


def test_a_range_that_s3_refuses_ends_with_a_note(it):
    it_is = {"step": "range", "number": 0, "object": handed_on(it)}
    it.fail(status=403, code="AccessDenied", ranged=True)
    with pytest.raises(Abandoned):
        ranges.step(it.steps(), it_is)
    assert "AccessDenied" in it.facts[0].digest_note


@pytest.mark.parametrize("how", ["removed", "kept"])
def test_ranges_of_a_bucket_that_is_not_to_be_read_any_more_are_not_read(it, how):
    it_is = {"step": "range", "number": 0, "object": handed_on(it)}
    if how == "removed":
        it.control.remove_bucket(it.bucket)
    else:
        assert it.control.set_hashing(it.bucket, Hashing(), Hashing(mode="kept"))
    with pytest.raises(Abandoned):
        ranges.step(it.steps(), it_is)
    assert it.reads() == 0


def test_an_execution_that_is_ended_from_outside_is_set_aside_once(it):
    sqs = it.aws.client("sqs")
    url = sqs.create_queue(QueueName=f"ended-{next(numbers)}")["QueueUrl"]
    handed_on(it)
    [given] = it.executions.values()
    event = {"source": "aws.states", "detail": {"status": "ABORTED", "input": given, "name": "n", "cause": None}}
    told = [ranges.step(it.steps(sqs, url), event)["state"] for _ in range(2)]
    assert told == ["set aside", "seen to before"]
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert "ABORTED" in message["MessageAttributes"]["Reason"]["StringValue"]
    assert it.ask(it.hint("k", 4 * len(DATA)), whole_bytes=MIB) == "handed on" and len(it.executions) == 2


def test_a_large_object_that_cannot_be_read_whole_again_and_again_goes_by_ranges(it, monkeypatch):
    monkeypatch.setattr(requests_module, "STUBBORN_BYTES", MIB)
    hint = it.put(body=DATA * 2)
    it.fail(ranged=True, cut=0)
    assert [bool(it.outcome(hint).error) for _ in range(3)] == [True] * 3
    assert it.ask(hint) == "handed on"
