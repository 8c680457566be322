"""What the emulated S3 tells of a change, in the words of AWS; moto tells too much of some and nothing of others."""

import itertools
import json
import logging
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import msgspec
from moto.events.models import events_backends
from moto.s3.models import FakeBucket
from moto.s3.notifications import _detail_type, _send_sns_message
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends

CREATED, PUT, TAGGED = "s3:ObjectCreated:", "s3:ObjectCreated:Put", "s3:ObjectTagging:"
REMOVED, DELETED, MARKED = "s3:ObjectRemoved:", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated"
ETAG_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
PRINCIPAL, ADDRESS = {"principalId": "AWS:LOCAL"}, "127.0.0.1"
EVENT_BRIDGE_REASONS = {
    PUT: "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    DELETED: "DeleteObject",
    MARKED: "DeleteObject",
}
EVENT_BRIDGE_DELETION_TYPES = {DELETED: "Permanently Deleted", MARKED: "Delete Marker Created"}

log = logging.getLogger(__name__)


class Change(msgspec.Struct, frozen=True):
    """What happened to an object, taken down in the moment it did."""

    account: str
    bucket: FakeBucket
    event: str  # s3:ObjectCreated:Put
    key: str
    version_id: str | None  # None where the bucket has no versions
    size: int | None
    etag: str | None
    sequencer: str | None
    time: datetime


# The first sequencer is the time, so that those of a restarted emulator are greater still.
_sequence = itertools.count(time.time_ns())
_held_back: ContextVar[list[Change] | None] = ContextVar("held_back", default=None)


@contextmanager
def told_when_done() -> Iterator[None]:
    """Hold back what happens within until it is done: moto tells of an object before it sets metadata and tags.

    AWS tells of a request that creates an object once: no `Put` beside `CompleteMultipartUpload`, no
    `ObjectTagging:Put` for the tags of the upload.
    """
    changes: list[Change] = []
    token = _held_back.set(changes)
    try:
        yield
    finally:
        _held_back.reset(token)
        created = [change for change in changes if change.event.startswith(CREATED)]
        for change in created[-1:] or changes:
            _deliver(change)


def send_event(account_id: str, event_name: str, bucket: FakeBucket, key: Any) -> None:
    """Stand in for moto's own function of this name.

    Of what moto says about deletions in a bucket with versions, where it tells of the last one only, nothing is taken:
    `s3.delete_object` tells of them.
    """
    event = str(getattr(event_name, "value", event_name))
    if not (event == DELETED and bucket.is_versioned):
        etag = None if event.startswith(REMOVED) else key.etag.strip('"')
        tell(account_id, event, bucket, key.name, key.version_id, None if etag is None else key.size, etag)


def tell(
    account: str, event: str, bucket: FakeBucket, key: str, version_id: str, size: int | None, etag: str | None
) -> None:
    """Tell whoever `bucket` is configured to tell about a change, now or when the request is done."""
    numbered = event.startswith((CREATED, REMOVED))  # AWS: a sequencer with puts and deletes only
    change = Change(
        account=account,
        bucket=bucket,
        event=event,
        key=key,
        version_id=version_id if bucket.is_versioned or version_id != "null" else None,
        size=size,
        etag=etag,
        sequencer=f"{next(_sequence):018X}" if numbered else None,
        time=datetime.now(UTC),
    )
    held_back = _held_back.get()
    if held_back is None:
        _deliver(change)
    else:
        held_back.append(change)


def s3_record(change: Change, configuration_id: str) -> dict[str, Any]:
    """Return the record of an S3 notification. The key is form-encoded, but keeps its slashes."""
    described = {
        "key": urllib.parse.quote_plus(change.key, safe="/"),
        "size": change.size,
        "eTag": change.etag,
        "versionId": change.version_id,
        "sequencer": change.sequencer,
    }
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": change.bucket.region_name,
        "eventTime": change.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventName": change.event.removeprefix("s3:"),
        "userIdentity": PRINCIPAL,
        "requestParameters": {"sourceIPAddress": ADDRESS},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": uuid.uuid4().hex},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {"name": change.bucket.name, "ownerIdentity": PRINCIPAL, "arn": change.bucket.arn},
            "object": {name: value for name, value in described.items() if value is not None},
        },
    }


def event_bridge_event(change: Change) -> dict[str, Any]:
    """Return the event of EventBridge: the key as it is, all deletions in one type, the details in `reason` and others.

    moto's rules take the time as a number and write it as AWS does.
    """
    described = {
        "key": change.key,
        "size": change.size,
        "etag": change.etag,
        "version-id": change.version_id,
        "sequencer": change.sequencer,
    }
    detail = {
        "version": "0",
        "bucket": {"name": change.bucket.name},
        "object": {name: value for name, value in described.items() if value is not None},
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": change.account,
        "source-ip-address": ADDRESS,
        "reason": EVENT_BRIDGE_REASONS.get(change.event),
        "deletion-type": EVENT_BRIDGE_DELETION_TYPES.get(change.event),
    }
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": _detail_type(change.event),
        "source": "aws.s3",
        "account": change.account,
        "time": change.time.timestamp(),
        "region": change.bucket.region_name,
        "resources": [change.bucket.arn],
        "detail": {name: value for name, value in detail.items() if value is not None},
    }


def _deliver(change: Change) -> None:
    """Send a change to the queues, topics and EventBridge rules that want it; functions get theirs from queues here."""
    configuration = change.bucket.notification_configuration
    if configuration is None:
        return
    for destination in (*configuration.queue, *configuration.topic):
        if not destination.matches(change.event, change.key):
            continue
        body = {"Records": [s3_record(change, destination.id)]}
        _, _, service, region, account, name = destination.arn.split(":", 5)
        if service == "sqs":
            _to_queue(change, account, region, name, body)
        else:
            _send_sns_message(account, body, destination.arn, region)
    if configuration.event_bridge is not None:
        _to_event_bridge(change)


def _to_queue(change: Change, account: str, region: str, name: str, body: dict[str, Any]) -> None:
    try:
        sqs_backends[account][region].send_message(name, json.dumps(body))
    except QueueDoesNotExist:  # AWS: the request succeeds all the same
        log.warning("%s of s3://%s/%s: no queue %s", change.event, change.bucket.name, change.key, name)


def _to_event_bridge(change: Change) -> None:
    event: Any = event_bridge_event(change)
    for rule in events_backends[change.account][change.bucket.region_name].event_buses["default"].rules.values():
        try:
            rule.send_to_targets(event, transform_input=False)
        except QueueDoesNotExist:
            log.warning(
                "%s of s3://%s/%s: rule %s has no queue", change.event, change.bucket.name, change.key, rule.name
            )
