"""S3's own notifications, direct or through SNS, with one or several records.

Any event that names a key is a hint that its state may have changed: created, removed, expired, transitioned, restored,
tagged, and whatever S3 comes to tell. So the event's name is kept, and not decided on.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from bucketdex.changes.change import ObjectChange, when
from bucketdex.errors import Permanent

BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class _Bucket(msgspec.Struct):
    name: str


class _Object(msgspec.Struct, rename="camel"):
    key: str
    size: int | None = None
    e_tag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None


class _Entity(msgspec.Struct):
    bucket: _Bucket
    object: _Object


class _Record(msgspec.Struct, rename="camel"):
    s3: _Entity
    event_name: str
    event_time: datetime | None = None


def is_one(event: dict[str, Any]) -> bool:
    """Whether `event` is a notification, or the test message that S3 sends when one is configured."""
    records = event.get("Records")
    if isinstance(records, list):
        return all(
            not isinstance(record, dict) or record.get("eventSource", "aws:s3") == "aws:s3" for record in records
        )
    return event.get("Event") == "s3:TestEvent"


def read(event: dict[str, Any]) -> Iterator[ObjectChange | Permanent | str]:
    """Yield a change for each record; S3's test message tells none."""
    if not isinstance(event.get("Records"), list):
        yield "s3:TestEvent"
        return
    for number, raw in enumerate(event["Records"], 1):
        try:
            record = msgspec.convert(raw, _Record)
            changed = record.s3.object
            yield ObjectChange(
                bucket=record.s3.bucket.name,
                key=decode_key(changed.key),
                source="s3",
                event=record.event_name,
                time=when(record.event_time),
                size=changed.size,
                version_id=changed.version_id,
                etag=changed.e_tag,
                sequencer=changed.sequencer,
            )
        except (msgspec.ValidationError, ValueError) as error:
            yield Permanent(f"record {number} of an S3 notification cannot be read: {error}")


def decode_key(encoded: str) -> str:
    """Return the key that S3 encoded as a form does (`red flower.jpg` comes as `red+flower.jpg`)."""
    if BAD_ESCAPE.search(encoded):
        raise ValueError(f"the key {encoded!r} has a percent sign that encodes nothing")
    try:
        return unquote_plus(encoded, errors="strict")
    except UnicodeDecodeError as error:
        raise ValueError(f"the key {encoded!r} is not UTF-8 when decoded") from error
