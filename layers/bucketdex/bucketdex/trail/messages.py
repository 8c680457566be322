"""The messages of the queue `TrailFiles`: log files that CloudTrail delivered, and single records by EventBridge."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex.aws import refusals
from bucketdex.changes import Message, ObjectChange
from bucketdex.changes.cloudtrail import SWEEPING
from bucketdex.changes.eventbridge import CLOUDTRAIL
from bucketdex.changes.hint import Hint, ObjectName, told_again
from bucketdex.changes.message import event_of, read_event
from bucketdex.changes.outcome import Outcome, Tally, timed
from bucketdex.errors import Permanent, Transient
from bucketdex.trail import names
from bucketdex.trail.edges import Edges
from bucketdex.trail.files import read_file, tell
from bucketdex.trail.identity import Identities, Known
from bucketdex.trail.records import Reader
from bucketdex.trail.streaming import Record

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 256 * 1024
MOVED = "if it was moved, read it where it is now: `bucketdex trail import s3://...`"


def parser(identities: Identities) -> Callable[[str], Message]:
    """Return what reads the body of a message: log files as keys that changed, records as what they tell."""
    known = Known(identities)

    def parse(body: str) -> Message:
        event = event_of(body)
        match event:
            case {"detail-type": detail_type, "detail": detail} if detail_type == CLOUDTRAIL:
                return _told(detail, known)
            case {"s3Bucket": str(bucket), "s3ObjectKey": [*keys]}:  # by the topic that a trail itself can have
                named = [ObjectChange(bucket, key, "s3", "delivered") for key in keys if isinstance(key, str)]
                return Message(tuple(named))
        return read_event(event)

    return parse


def _told(detail: Any, known: Known) -> Message:
    """Return what a single record tells; a bulk deletion, of which no key is known, with an empty one."""
    changes: list[ObjectChange] = []
    reader = Reader(
        known,
        None,
        changed=changes.append,
        was_read=lambda _: None,  # counted from files only, where a record has its place
        swept=lambda bucket, time: changes.append(ObjectChange(bucket, "", "cloudtrail", SWEEPING, time=time)),
    )
    try:
        record = msgspec.json.decode(msgspec.json.encode(detail), type=Record)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Permanent(f"a record of CloudTrail cannot be read: {error}") from error
    reader.take([record])
    ignored = () if changes or reader.faults else (f"{record.event_name}: it changes no object",)
    return Message(tuple(changes), ignored, tuple(reader.faults))


def read_messages(edges: Edges, s3: "S3Client", hints: Iterable[Hint], tally: Tally) -> dict[ObjectName, Outcome]:
    """Tell what log files and records say, for each by its bucket and key.

    Each fails alone. Raises `Transient` where the control table or the queue does not answer.
    """
    outcomes: dict[ObjectName, Outcome] = {}
    hints = list(hints)
    records = [hint for hint in hints if hint.claims is not None]
    for hint in hints:
        if hint.claims is None:
            outcomes[hint.bucket, hint.key] = _read_one(edges, s3, hint, tally)
    return outcomes | (_tell_records(edges, records, tally) if records else {})


def _tell_records(edges: Edges, hints: list[Hint], tally: Tally) -> dict[ObjectName, Outcome]:
    connected = {it.name for it in edges.control.buckets()}
    changes = [change for hint in hints if hint.bucket in connected for change in told_again(hint)]
    for change in changes:
        if change.event == SWEEPING:
            edges.want_check(change.bucket, change.time or edges.now())
            tally.counts["ChecksWanted"] += 1
    told = [change for change in changes if change.event != SWEEPING]
    if told:
        tell(edges, told)
    tally.counts["TrailHints"] += len(told)
    return {(hint.bucket, hint.key): Outcome("read" if hint.bucket in connected else "not connected") for hint in hints}


def _read_one(edges: Edges, s3: "S3Client", hint: Hint, tally: Tally) -> Outcome:
    if names.kind_of(hint.key) != "log":
        return Outcome("skipped")
    try:
        read_file(edges, hint.key, _pieces(s3, hint, tally), tally, hint.bucket)
    except Permanent as error:
        return Outcome("failed", Permanent(f"s3://{hint.bucket}/{hint.key}: {error}"))
    except Exception as error:  # noqa: BLE001, also a bug in here is this file's alone
        return Outcome("failed", error)
    return Outcome("read")


def _pieces(s3: "S3Client", hint: Hint, tally: Tally) -> Iterator[bytes]:
    """Yield the bytes of a log file; raises `Transient` and `Permanent`."""
    where = f"s3://{hint.bucket}/{hint.key}"
    try:
        with timed(tally, "s3_seconds"):
            answer: dict[str, Any] = dict(s3.get_object(Bucket=hint.bucket, Key=hint.key))
        left = int(answer["ContentLength"])
        with answer["Body"] as body:
            while piece := body.read(PIECE_BYTES):
                left -= len(piece)
                yield piece
    except ClientError as error:
        refusals.raise_if_transient(error, hint.bucket, hint.key)
        if refusals.code(error) in refusals.GONE:
            raise Permanent(f"it was gone before it was read; {MOVED}") from error
        raise Permanent(f"S3 does not let it be read: {refusals.said(error)}") from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise Transient(f"S3 did not tell all of {where}: {error}") from error
    if left:
        raise Transient(f"S3 broke off {left} bytes before the end of {where}")
