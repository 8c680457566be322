"""Every form in which a change is told."""

import json
import re
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.changes import ObjectChange, backfill, parse_message
from bucketdex.changes.change import Author, Checksum, Fact
from bucketdex.errors import Permanent

EVENTS = Path(__file__).parents[2] / "events"
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).filter(
    lambda k: len(k.encode()) <= 1024
)


def bodies(name: str) -> list[str]:
    return [record["body"] for record in json.loads((EVENTS / f"{name}.json").read_text())["Records"]]


def changes(name: str) -> list[ObjectChange]:
    return [change for body in bodies(name) for change in parse_message(body).changes]


def notification(key: str, **more: object) -> str:
    thing = {"key": key} | more
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "b"}, "object": thing},
    }
    return json.dumps({"Records": [record]})


@pytest.mark.parametrize(
    ("sample", "source", "event", "key"),
    [
        ("s3-created", "s3", "ObjectCreated:Put", "plates/red flower.csv"),
        ("s3-created-odd-key", "s3", "ObjectCreated:CompleteMultipartUpload", "a+b/100% café/🧬.csv"),
        ("s3-removed", "s3", "ObjectRemoved:Delete", "plates/red flower.csv"),
        ("s3-delete-marker", "s3", "ObjectRemoved:DeleteMarkerCreated", "plates/red flower.csv"),
        ("s3-lifecycle-expired", "s3", "LifecycleExpiration:DeleteMarkerCreated", "plates/old.csv"),
        ("s3-lifecycle-transition", "s3", "LifecycleTransition", "plates/old.csv"),
        ("s3-restored", "s3", "ObjectRestore:Completed", "plates/old.csv"),
        ("s3-tagged", "s3", "ObjectTagging:Put", "plates/red flower.csv"),
        ("sns-wrapped", "s3", "ObjectCreated:Put", "plates/red flower.csv"),
        ("sns-raw", "s3", "ObjectCreated:Put", "plates/red flower.csv"),
        ("eventbridge-created", "eventbridge", "Object Created", "plates/red flower+1%.csv"),
        ("eventbridge-deleted", "eventbridge", "Object Deleted", "plates/red flower+1%.csv"),
        ("eventbridge-tagged", "eventbridge", "Object Tags Added", "plates/red flower+1%.csv"),
        ("eventbridge-restored", "eventbridge", "Object Restore Completed", "plates/red flower+1%.csv"),
        ("eventbridge-transition", "eventbridge", "Object Storage Class Changed", "plates/red flower+1%.csv"),
        ("cloudtrail-put", "cloudtrail", "PutObject", "plates/red flower+1%.csv"),
        ("cloudtrail-delete", "cloudtrail", "DeleteObject", "plates/red flower+1%.csv"),
        ("trail-record", "cloudtrail", "PutObject", "plates/red flower+1%.csv"),
        ("facts", "bucketdex", "digest", "plates/red flower.csv"),
        ("package-events", "bucketdex", "passed on", ".quilt/named_packages/lab/plates/latest"),
    ],
)
def test_a_sample_of_each_form_is_understood(sample, source, event, key):
    [change] = changes(sample)
    assert (change.source, change.event, change.bucket, change.key) == (source, event, "example-bucket", key)


def test_what_an_event_says_of_the_object_is_kept():
    [change] = changes("s3-created")
    assert (change.size, change.version_id, change.sequencer) == (
        1024,
        "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        "0055AED6DCD90281E5",
    )
    assert change.time is not None and change.time.isoformat() == "2026-01-01T00:00:00.123000+00:00"


def test_one_message_can_hold_several_records():
    assert [change.key for change in changes("s3-several-records")] == [
        "plates/red flower.csv",
        "plates/copy.csv",
        "plates/gone.csv",
    ]
    assert [change.size for change in changes("backfill")] == [1024, None]


@pytest.mark.parametrize("sample", ["s3-test-event", "cloudtrail-read"])
def test_an_event_that_changes_nothing_is_acknowledged(sample):
    [body] = bodies(sample)
    message = parse_message(body)
    assert message.ignored and not message.changes and not message.problems


def test_a_failed_call_changes_nothing():
    [body] = bodies("cloudtrail-put")
    event = json.loads(body)
    event["detail"]["errorCode"] = "AccessDenied"
    assert parse_message(json.dumps(event)).ignored == ("PutObject: it failed with AccessDenied",)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("not JSON", "not JSON"),
        ('{"Records": [', "not JSON"),
        ("[]", "not an object"),
        ("null", "not an object"),
        ("{}", "not an event"),
        ('{"source": "aws.ec2", "detail-type": "x"}', "not an event"),
        ('{"Records": [{"eventSource": "aws:dynamodb"}]}', "not an event"),
        ('{"Type": "SubscriptionConfirmation", "TopicArn": "arn:t"}', "confirm the subscription"),
        ('{"Type": "Notification", "TopicArn": "arn:t", "Message": "hello"}', "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_event_is_permanent_with_its_reason(body, reason):
    with pytest.raises(Permanent, match=reason):
        parse_message(body)


@pytest.mark.parametrize("name", ["", "b" * 256])
def test_what_can_be_no_bucket_is_named_and_not_asked_for(name):
    message = parse_message(notification("k").replace('"name": "b"', f'"name": "{name}"'))
    assert not message.changes and "bucket" in message.problems[0]


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59Z", None),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"),
    ],
)
def test_a_time_that_cannot_be_is_none_and_one_without_a_zone_is_utc(told, meant):
    event = json.loads(notification("k"))
    event["Records"][0]["eventTime"] = told
    [change] = parse_message(json.dumps(event)).changes
    assert (change.time.isoformat() if change.time else None) == meant
    if change.time:
        change.time.timestamp()


def test_a_test_event_whose_records_are_null_is_acknowledged():
    assert parse_message('{"Event": "s3:TestEvent", "Records": null}').ignored == ("s3:TestEvent",)


def test_an_author_with_unknown_fields_is_named():
    fact = {"etag": "e", "written_by": {"foo": "bar"}}
    body = {"bucketdex": "changes/1", "changes": [{"bucket": "b", "key": "k", "facts": [fact]}]}
    assert "foo" in parse_message(json.dumps(body)).problems[0]


def test_a_record_without_a_bucket_does_not_cost_its_neighbour():
    [body] = bodies("s3-several-records")
    event = json.loads(body)
    del event["Records"][1]["s3"]["bucket"]
    message = parse_message(json.dumps(event))
    assert [change.key for change in message.changes] == ["plates/red flower.csv", "plates/gone.csv"]
    assert len(message.problems) == 1 and "record 2" in message.problems[0] and "bucket" in message.problems[0]


@pytest.mark.parametrize("key", ["100%", "a%2", "a%zz", "%FF%FE"])
def test_bad_percent_encoding_is_named_and_not_guessed(key):
    message = parse_message(notification(key))
    assert not message.changes and "record 1" in message.problems[0]


def test_a_key_of_1024_bytes_is_read_and_a_longer_one_is_named():
    assert parse_message(notification("é" * 512)).changes[0].key == "é" * 512
    assert "1025 bytes" in parse_message(notification("a" * 1025)).problems[0]


def test_control_characters_are_part_of_a_key():
    assert parse_message(notification("a%00b%0Ac")).changes[0].key == "a\0b\nc"


@given(KEYS)
def test_every_key_survives_the_encoding_of_each_source(key):
    encoded = quote_plus(key, safe="/")
    assert parse_message(notification(encoded)).changes[0].key == key
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "b"}, "object": {"key": key}},
    }
    assert parse_message(json.dumps(event)).changes[0].key == key
    detail = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject",
        "requestParameters": {"bucketName": "b", "key": key},
    }
    trail = {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": detail}
    assert parse_message(json.dumps(trail)).changes[0].key == key


NAMES = [  # they lead the parser on
    "Records", "s3", "bucket", "object", "name", "key", "detail", "source", "detail-type", "bucketdex", "changes",
    "Type", "Message", "TopicArn", "eventSource",
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_no_json_whatever_breaks_the_parser(value):
    try:
        parse_message(json.dumps(value))
    except Permanent as error:
        assert str(error)  # noqa: PT017, either outcome is right


def test_our_own_message_survives_the_round_trip():
    checksums = (Checksum("SHA256", "00", "computed"), Checksum("CRC32", "AA==", "s3", "FULL_OBJECT"))
    fact = Fact("e", "v", checksums, "why", Author("User", "ada"))
    told = ObjectChange(
        "b", "k", "bucketdex", "digest", size=3, version_id="v", etag="e", facts=(fact,), facts_only=True
    )
    assert parse_message(backfill.message([told])).changes == (told,)


@given(st.text(min_size=1, max_size=30) | st.just("\uffff\ufffe\x00\x7f"))
def test_our_own_messages_hold_only_what_sqs_takes(key):
    body = backfill.message([ObjectChange("b", key, "bucketdex", "check")])
    assert not re.search(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", body)
    assert [it.key for it in parse_message(body).changes] in ([key], [])
