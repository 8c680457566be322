"""CloudTrail's object-level records, one or a list of them. Keys come as they are, not encoded."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from bucketdex.changes.change import ObjectChange, when
from bucketdex.errors import Permanent

SOURCES = ("s3.amazonaws.com", "s3express.amazonaws.com")  # general purpose buckets, and directory buckets

# The calls that make a version of an object, or a delete marker.
MAKING = frozenset({"PutObject", "PostObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "RenameObject",
                    "ReplicateObject", "ReplicateDelete"})  # fmt: skip
# The calls that change an object or what its document shows. Reads and the parts of an upload change nothing.
WRITES = MAKING | {
    "PutObjectTagging", "DeleteObjectTagging", "PutObjectAcl", "RestoreObject", "UpdateObjectEncryption",
    "ReplicateTags",
}  # fmt: skip
LONGEST_VERSION_ID = 1024  # bytes that S3 allows
# Deletes up to a thousand keys, none of which its record names.
SWEEPING = "DeleteObjects"
READING = "GetObject"


class Parameters(msgspec.Struct):
    """What was asked for."""

    bucket: str = msgspec.field(name="bucketName")
    key: str
    version_id: Any = msgspec.field(name="versionId", default=None)
    renamed_from: str | None = msgspec.field(name="x-amz-rename-source", default=None)


class Answer(msgspec.Struct):
    """What S3 answered."""

    version_id: Any = msgspec.field(name="x-amz-version-id", default=None)


class _Record(msgspec.Struct, rename="camel"):
    event_name: str
    request_parameters: Parameters
    event_time: datetime | None = None
    response_elements: Answer | None = None


def is_one(event: dict[str, Any]) -> bool:
    """Whether `event` is a record of S3, or a list of records."""
    records = event.get("Records", [event])
    return isinstance(records, list) and any(
        isinstance(record, dict) and record.get("eventSource") in SOURCES for record in records
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
    if name == READING:
        yield f"{name}: it changes nothing; reads are counted from log files"
        return
    if name not in WRITES:
        yield f"{name}: it changes no object that the record names"
        return
    try:
        record = msgspec.convert(raw, _Record)
    except msgspec.ValidationError as error:
        yield Permanent(f"a CloudTrail record of {name} cannot be read: {error}")
        return
    yield from changes(name, record.event_time, record.request_parameters, record.response_elements)


def changes(name: str, time: datetime | None, parameters: Parameters, answer: Answer | None) -> Iterator[ObjectChange]:
    """Yield the changes that a successful call of `WRITES` made: one key, and of a rename two."""
    version = answer.version_id if answer and isinstance(answer.version_id, str) else None
    if version and len(version) > LONGEST_VERSION_ID:
        version = None
    change = ObjectChange(
        bucket=parameters.bucket,
        key=parameters.key,
        source="cloudtrail",
        event=name,
        time=when(time),
        version_id=version,
        # Who deletes a version is answered with the id of what is gone.
        made=version is not None and name in MAKING and parameters.version_id is None,
    )
    yield change
    if parameters.renamed_from:
        yield msgspec.structs.replace(change, key=parameters.renamed_from.lstrip("/"), version_id=None, made=False)
