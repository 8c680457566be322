"""S3's events through EventBridge, and CloudTrail's records through EventBridge. Keys come as they are, not encoded."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from bucketdex.changes import cloudtrail
from bucketdex.changes.change import ObjectChange, when
from bucketdex.errors import Permanent

CLOUDTRAIL = "AWS API Call via CloudTrail"


class _Bucket(msgspec.Struct):
    name: str


class _Object(msgspec.Struct, rename="kebab"):
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None


class _Detail(msgspec.Struct):
    bucket: _Bucket
    object: _Object


class _Event(msgspec.Struct, rename="kebab"):
    detail_type: str
    detail: _Detail
    time: datetime | None = None


def is_one(event: dict[str, Any]) -> bool:
    """Whether `event` came through EventBridge."""
    return event.get("source") == "aws.s3" and "detail-type" in event


def read(event: dict[str, Any]) -> Iterator[ObjectChange | Permanent | str]:
    """Yield the change that the event tells."""
    if event["detail-type"] == CLOUDTRAIL:
        yield from cloudtrail.read_record(event.get("detail"))
        return
    try:
        told = msgspec.convert(event, _Event)
    except msgspec.ValidationError as error:
        yield Permanent(f"an EventBridge event of S3 cannot be read: {error}")
        return
    changed = told.detail.object
    yield ObjectChange(
        bucket=told.detail.bucket.name,
        key=changed.key,
        source="eventbridge",
        event=told.detail_type,
        time=when(told.time),
        size=changed.size,
        version_id=changed.version_id,
        etag=changed.etag,
        sequencer=changed.sequencer,
    )
