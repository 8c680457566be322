"""How a change is told: the bodies of messages, as S3, SNS, EventBridge, CloudTrail and bucketdex send them."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import msgspec

# operation -> S3 notification, EventBridge, CloudTrail (None: it never tells this)
NAMES: dict[str, tuple[str, str, str | None]] = {
    "put": ("ObjectCreated:Put", "Object Created", "PutObject"),
    "delete": ("ObjectRemoved:Delete", "Object Deleted", "DeleteObject"),
    "mark": ("ObjectRemoved:DeleteMarkerCreated", "Object Deleted", "DeleteObject"),
    "tag": ("ObjectTagging:Put", "Object Tags Added", "PutObjectTagging"),
    "archive": ("LifecycleTransition", "Object Storage Class Changed", None),
    "restore": ("ObjectRestore:Completed", "Object Restore Completed", "RestoreObject"),
}


@dataclass(frozen=True)
class Change:
    """What happened, as an event tells it."""

    bucket: str
    key: str
    what: str
    time: datetime
    size: int | None = None
    version_id: str | None = None
    etag: str | None = None
    sequencer: str = "0"
    facts: tuple[dict[str, Any], ...] = field(default=())
    facts_only: bool = False


def body(changes: list[Change], form: str) -> str:
    """Return a message that tells these changes in this form; some forms hold one only."""
    event: Any
    if form == "notification":
        event = {"Records": [_record(change) for change in changes]}
    elif form == "sns":
        event = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:t"}
        event["Message"] = body(changes, "notification")
    elif form == "eventbridge":
        event = _eventbridge(changes[0])
    elif form == "trail":
        event = {"Records": [_trail(change) for change in changes]}
    elif form == "trail by eventbridge":
        event = {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": _trail(changes[0])}
    else:
        event = {"bucketdex": "changes/1", "changes": [_backfill(change) for change in changes]}
    return msgspec.json.encode(event).decode()


def live_form(rng: random.Random, changes: list[Change]) -> str:
    """Return a form in which a change is told as it happens."""
    if len(changes) == 1 and rng.random() < 0.35:
        return "eventbridge"
    return "sns" if rng.random() < 0.25 else "notification"


def late_form(rng: random.Random, changes: list[Change]) -> str:
    """Return a form in which another source tells it later."""
    if any(NAMES[change.what][2] is None for change in changes) or rng.random() < 0.4:
        return "backfill"
    return "trail by eventbridge" if len(changes) == 1 and rng.random() < 0.7 else "trail"


def _record(change: Change) -> dict[str, Any]:
    told = {"key": quote_plus(change.key, safe="/*"), "size": change.size, "eTag": change.etag,
            "versionId": change.version_id, "sequencer": change.sequencer}  # fmt: skip
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": change.time,
        "eventName": NAMES[change.what][0],
        "s3": {
            "bucket": {"name": change.bucket},
            "object": {name: value for name, value in told.items() if value is not None},
        },
    }


def _eventbridge(change: Change) -> dict[str, Any]:
    told = {"key": change.key, "size": change.size, "etag": change.etag,
            "version-id": change.version_id, "sequencer": change.sequencer}  # fmt: skip
    return {
        "source": "aws.s3",
        "detail-type": NAMES[change.what][1],
        "time": change.time,
        "detail": {
            "bucket": {"name": change.bucket},
            "object": {name: value for name, value in told.items() if value is not None},
        },
    }


def _trail(change: Change) -> dict[str, Any]:
    return {
        "eventSource": "s3.amazonaws.com",
        "eventName": NAMES[change.what][2],
        "eventTime": change.time,
        "requestParameters": {"bucketName": change.bucket, "key": change.key}
        | ({"versionId": change.version_id} if change.what == "delete" and change.version_id else {}),
        "responseElements": {"x-amz-version-id": change.version_id} if change.version_id else None,
    }


def _backfill(change: Change) -> dict[str, Any]:
    told = {
        "bucket": change.bucket,
        "key": change.key,
        "size": change.size,
        "version_id": change.version_id,
        "etag": change.etag,
        "facts": list(change.facts) or None,
        "facts_only": change.facts_only or None,
    }
    return {name: value for name, value in told.items() if value is not None}


# Messages that nobody can process, with a part of the reason that must be given.
BAD = (
    ("{not JSON", "not JSON"),
    (" ", "empty"),
    ("[1, 2]", "not an object"),
    ('{"hello": "world"}', "not an event that bucketdex knows"),
    ('{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}}]}', "cannot be read"),
    ('{"Records": [{"eventName": "x", "s3": {"bucket": {"name": "alpha"}, "object": {"key": "100%"}}}]}', "percent"),
    ('{"bucketdex": "changes/2", "changes": []}', "form"),
    ('{"bucketdex": "changes/1", "changes": [{"bucket": "alpha", "key": "%s"}]}' % ("k" * 1025), "1025 bytes"),
    ('{"bucketdex": "changes/1", "changes": [{"bucket": "alpha"}]}', "cannot be read"),
)
