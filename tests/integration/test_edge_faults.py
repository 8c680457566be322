"""The emulated S3 breaks off, is slow and counts what it was asked for, when a test wants it to."""

import http.client
import json
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from emulated import Aws

BODY = bytes(range(256)) * 40
NUMBERS = count(1)


class Bucket:
    """A bucket with one object of 10 KiB, and what the emulator says of requests."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.s3, self.name = aws, aws.client("s3"), f"faults-{next(NUMBERS)}"
        self.key = "a folder/é"
        self.path = f"/{self.name}/{self.key}"
        self.s3.create_bucket(Bucket=self.name)
        self.s3.put_object(Bucket=self.name, Key=self.key, Body=BODY)

    def get(self, **options: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.name, Key=self.key, **options)["Body"].read()
        return body

    def ask(self, method: str, body: Any = None, what: str = "requests") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.aws.port, timeout=10)
        connection.request(method, f"/_bucketdex/{what}", None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, json.load(response)

    def counted(self) -> list[tuple[str, str | None, bool, int, int]]:
        _, counts = self.ask("GET")
        return [
            (it["method"], it["part"], it["ranged"], it["answers"], it["bytes"])
            for it in counts
            if it["path"] == self.path
        ]


@pytest.fixture
def bucket(aws: Aws) -> Iterator[Bucket]:
    yield Bucket(aws)
    aws.fail()


def test_a_body_breaks_off_as_often_as_it_should(bucket):
    bucket.aws.fail({"method": "GET", "path": bucket.path, "cut": 1000, "times": 2})
    for _ in range(2):
        answer = bucket.s3.get_object(Bucket=bucket.name, Key=bucket.key)
        assert answer["ContentLength"] == len(BODY)
        with pytest.raises((IncompleteReadError, ResponseStreamingError)):
            answer["Body"].read()
    assert bucket.get() == BODY


@pytest.mark.parametrize("length", [0, 1, 99])
def test_a_body_has_the_bytes_before_the_break(bucket, length):
    bucket.aws.fail({"method": "GET", "path": bucket.path, "cut": length})
    answer = bucket.s3.get_object(Bucket=bucket.name, Key=bucket.key, Range="bytes=256-355")
    assert answer["ContentLength"] == 100
    assert answer["Body"].read(length) == BODY[256 : 256 + length]
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        answer["Body"].read()


def test_a_fault_can_be_limited_to_ranges(bucket):
    refusal = {"method": "GET", "path": bucket.path, "status": 403, "code": "AccessDenied"}
    bucket.aws.fail(refusal | {"ranged": True})
    assert bucket.get() == BODY
    with pytest.raises(ClientError, match="AccessDenied"):
        bucket.get(Range="bytes=0-1")


def test_a_slow_answer_is_overtaken(bucket):
    bucket.aws.fail({"method": "GET", "path": bucket.path, "seconds": 1, "times": 1})
    answered = []
    slow = threading.Thread(target=lambda: answered.append(("slow", bucket.get())))
    slow.start()
    while bucket.ask("GET", what="faults")[1]:
        pass
    answered.append(("fast", bucket.get()))
    slow.join()
    assert answered == [("fast", BODY), ("slow", BODY)]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({}, "nothing happens"),
        ({"status": 503}, "status and code go together"),
        ({"status": 503, "code": "SlowDown", "cut": 1}, "what is refused is not broken off"),
        ({"cut": -1}, "cut"),
    ],
)
def test_a_fault_that_makes_no_sense_is_an_error(bucket, fault, why):
    status, answer = bucket.ask("POST", [{"method": "GET", "path": "/b/k"} | fault], "faults")
    assert status == 400
    assert why in answer["error"]
    assert bucket.get() == BODY


def test_requests_are_counted_by_what_they_ask_for(bucket):
    assert bucket.counted() == [("PUT", None, False, 1, 0)]
    assert bucket.ask("DELETE") == (200, [])
    bucket.get()
    bucket.get()
    bucket.get(Range="bytes=10-19")
    bucket.s3.head_object(Bucket=bucket.name, Key=bucket.key)
    bucket.s3.put_object_tagging(Bucket=bucket.name, Key=bucket.key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert bucket.counted() == [
        ("GET", None, False, 2, 2 * len(BODY)),
        ("GET", None, True, 1, 10),
        ("HEAD", None, False, 1, 0),
        ("PUT", "tagging", False, 1, 0),
    ]


def test_what_a_fault_did_is_counted_too(bucket):
    bucket.ask("DELETE")
    bucket.aws.fail({"method": "GET", "path": bucket.path, "cut": 100, "times": 1})
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        bucket.get()
    assert bucket.counted() == [("GET", None, False, 1, 100)]
    bucket.aws.fail({"method": "HEAD", "path": bucket.path, "status": 403, "code": "AccessDenied"})
    with pytest.raises(ClientError, match="403"):
        bucket.s3.head_object(Bucket=bucket.name, Key=bucket.key)
    assert bucket.counted()[1:] == [("HEAD", None, False, 1, 0)]
