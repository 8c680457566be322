"""CloudTrail's object-level records, one or a list of them. Keys come as they are, not encoded."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from bucketdex.changes.change import ObjectChange, when
from bucketdex.errors import Permanent

# The calls that change an object or what its document shows. Reads and the parts of an upload change nothing.
WRITES = frozenset({
    "PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "PutObjectTagging", "DeleteObjectTagging",
    "PutObjectAcl", "RestoreObject", "RenameObject", "UpdateObjectEncryption",
})  # fmt: skip


class _Parameters(msgspec.Struct):
    bucket: str = msgspec.field(name="bucketName")
    key: str
    renamed_from: str | None = msgspec.field(name="x-amz-rename-source", default=None)


class _Record(msgspec.Struct, rename="camel"):
    event_name: str
    request_parameters: _Parameters
    event_time: datetime | None = None
    response_elements: dict[str, Any] | None = None


def is_one(event: dict[str, Any]) -> bool:
    """Whether `event` is a record of S3, or a list of records."""
    records = event.get("Records", [event])
    return isinstance(records, list) and any(
        isinstance(record, dict) and record.get("eventSource") == "s3.amazonaws.com" for record in records
    )


def read(event: dict[str, Any]) -> Iterator[ObjectChange | Permanent | str]:
    """Yield what each record tells."""
    for record in event.get("Records", [event]):
        yield from read_record(record)


def read_record(raw: Any) -> Iterator[ObjectChange | Permanent | str]:
    """Yield the changes that one record tells, or the name of the call where it tells none."""
    if not isinstance(raw, dict) or not isinstance(raw.get("eventName"), str):
        yield Permanent("a CloudTrail record has no eventName")
        return
    name = raw["eventName"]
    if raw.get("errorCode"):
        yield f"{name}: it failed with {raw['errorCode']}"
        return
    if name not in WRITES:
        yield f"{name}: it changes no object that the record names"
        return
    try:
        record = msgspec.convert(raw, _Record)
    except msgspec.ValidationError as error:
        yield Permanent(f"a CloudTrail record of {name} cannot be read: {error}")
        return
    answer = record.response_elements or {}
    version = answer.get("x-amz-version-id")
    change = ObjectChange(
        bucket=record.request_parameters.bucket,
        key=record.request_parameters.key,
        source="cloudtrail",
        event=name,
        time=when(record.event_time),
        version_id=version if isinstance(version, str) else None,
    )
    yield change
    source = record.request_parameters.renamed_from
    if source:  # a rename changes two keys
        yield msgspec.structs.replace(change, key=source.lstrip("/"), version_id=None)
