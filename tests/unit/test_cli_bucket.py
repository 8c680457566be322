"""The rule that a connected bucket's notifications get: merged, never in place of others."""

import itertools

import pytest

from bucketdex.buckets.connect import connect
from bucketdex.buckets.contents import send_contents
from bucketdex.buckets.notification import (
    EVENTS,
    configuration,
    has_rule,
    is_right,
    rule,
    with_rule,
    without_rule,
)
from bucketdex.changes import parse_message
from bucketdex.changes.sending import MESSAGE_KEYS, REQUEST_KEYS
from bucketdex.errors import Permanent, Transient

ARN = "arn:aws:sqs:us-east-1:123456789012:ObjectEvents"
REPLICATION = {
    "Id": "replication", "TopicArn": "arn:aws:sns:us-east-1:1:topic", "Events": ["s3:Replication:*"],
    "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "in/"}]}},
}  # fmt: skip


def found(**more):
    return {"TopicConfigurations": [REPLICATION], "EventBridgeConfiguration": {}, **more}


def test_our_rule_stands_beside_what_is_there():
    merged = with_rule(found(), ARN)
    assert merged == found(QueueConfigurations=[rule(ARN)])
    assert is_right(merged, ARN) and without_rule(merged) == found()


def test_merging_again_changes_nothing():
    once = with_rule(found(), ARN)
    assert with_rule(once, ARN) == once


def test_it_is_known_again_as_s3_tells_it():
    told = rule(ARN) | {"Events": list(reversed(EVENTS)), "Filter": {"Key": {"FilterRules": []}}}
    answer = configuration({"QueueConfigurations": [told], "ResponseMetadata": {"HTTPStatusCode": 200}})
    assert answer == {"QueueConfigurations": [told]} and is_right(answer, ARN)


def test_a_rule_of_an_earlier_version_is_replaced():
    earlier = {"QueueConfigurations": [rule(ARN) | {"Events": ["s3:ObjectCreated:*"]}]}
    assert has_rule(earlier, ARN) and not is_right(earlier, ARN)
    assert with_rule(earlier, ARN) == {"QueueConfigurations": [rule(ARN)]}


@pytest.mark.parametrize(
    ("kind", "event"),
    list(itertools.product(("Queue", "Topic", "LambdaFunction"), ("s3:ObjectCreated:*", "s3:ObjectCreated:Put"))),
)
def test_a_rule_for_the_same_events_is_refused_whatever_its_filter(kind, event):
    other = {
        "Id": "etl", f"{kind}Arn": "arn:of:it", "Events": [event, "s3:Replication:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".csv"}]}},
    }  # fmt: skip
    with pytest.raises(Permanent) as refusal:
        with_rule({f"{kind}Configurations": [other]}, ARN)
    assert f"the rule 'etl', which sends {event} for suffix '.csv' to arn:of:it" in str(refusal.value)


def test_the_rule_of_another_stack_is_not_taken_over():
    with pytest.raises(Permanent, match="another stack of bucketdex"):
        with_rule({"QueueConfigurations": [rule("arn:of:another")]}, ARN)


def test_every_kind_of_event_that_a_document_depends_on_is_in_it():
    families = {event.split(":")[1] for event in EVENTS}
    assert families == {
        "ObjectCreated", "ObjectRemoved", "LifecycleExpiration", "LifecycleTransition", "IntelligentTiering",
        "ObjectRestore", "ObjectTagging", "ObjectAcl",
    }  # fmt: skip


class S3:
    def __init__(self, keys):
        self.keys = keys

    def get_paginator(self, _name):
        return self

    def paginate(self, Bucket, Prefix):  # noqa: N803, boto3's
        yield {}
        for page in itertools.batched(self.keys, 1000):
            yield {"Contents": [{"Key": key, "Size": len(key), "ETag": '"e"'} for key in page]}


class Sqs:
    def __init__(self, failed=()):
        self.requests = []
        self.failed = list(failed)

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803, boto3's
        self.requests.append([entry["MessageBody"] for entry in Entries])
        return {"Failed": self.failed} if self.failed else {}


def test_all_keys_are_sent_and_no_request_is_too_large_for_sqs():
    keys = ["\x01" * 1015 + f"{number:09}" for number in range(1003)]
    sqs, told = Sqs(), []
    assert send_contents(S3(keys), sqs, "lab", "url", told.append) == 1003
    assert max(sum(map(len, request)) for request in sqs.requests) < 1_048_576
    assert {len(request) for request in sqs.requests} <= set(range(1, REQUEST_KEYS // MESSAGE_KEYS + 1))
    changes = [change for request in sqs.requests for body in request for change in parse_message(body).changes]
    assert [change.key for change in changes] == keys
    assert {(change.bucket, change.size, change.etag) for change in changes} == {("lab", 1024, "e")}
    assert told[-1] == 1003 and told[0] == REQUEST_KEYS


def test_what_the_queue_refuses_is_not_taken_for_sent():
    with pytest.raises(Transient, match="after 0: busy"):
        send_contents(S3(["a"]), Sqs([{"Id": "0", "Message": "busy"}]), "lab", "url")


def test_a_directory_bucket_is_refused_before_anything_is_done():
    with pytest.raises(Permanent, match="directory bucket"):
        connect("lab--usw2-az1--x-s3", None, None)
