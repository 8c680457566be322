"""Huge objects: hashed range by range, by many invocations, under a state machine.

What a range gave stands in the ledger, so it is read once, whatever becomes of the execution. Chunk digests combine to
`sha2-256-chunked`; a plain SHA-256 does not, so it is left out.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from bucketdex import hashing
from bucketdex.aws import refusals
from bucketdex.aws.queues import Delivery, Failure, set_aside
from bucketdex.changes import Checksum, ObjectChange
from bucketdex.changes.backfill import message
from bucketdex.control import ControlTable
from bucketdex.digests import policy
from bucketdex.digests.edges import Edges, Watch
from bucketdex.digests.kept import Seen
from bucketdex.digests.ledger import Result, identity
from bucketdex.digests.policy import LEFT_OUT
from bucketdex.digests.reading import RESERVE_SECONDS, Abandoned
from bucketdex.errors import Permanent, Transient
from bucketdex.hashing import CHUNKED, STOP, chunk_bytes, combined

LEAST_BYTES = 8 * 1024**3  # of a range: some minutes of reading, and never more than an invocation has
STOP_SECONDS = 2 * RESERVE_SECONDS  # with less left, what is done is written down
MOST_RANGES = 1000  # an execution's history holds 25,000 events, of which a range takes up to eight


class Huge(msgspec.Struct, frozen=True):
    """The object that an execution is about, with what S3 keeps of it; the form of the state machine's input.

    `runs` is how many executions were started for it before.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    range_bytes: int
    runs: int = 0
    kept: tuple[Checksum, ...] = ()

    @property
    def id(self) -> str:
        """Its id in the ledger."""
        return identity(self.bucket, self.key, self.version_id, self.etag)

    @property
    def ranges(self) -> int:
        """How many ranges it has."""
        return -(-self.size // self.range_bytes)

    def span(self, number: int) -> tuple[int, int]:
        """Return where a range begins, and where it ends."""
        return number * self.range_bytes, min((number + 1) * self.range_bytes, self.size)

    def seen(self) -> Seen:
        """Return it as it was seen."""
        return Seen(self.bucket, self.key, self.version_id, self.etag, self.size, checksums=self.kept)


class _Error(msgspec.Struct, rename="pascal", frozen=True):
    error: str = "unknown"
    cause: str = ""


class _Raised(msgspec.Struct, rename="camel", frozen=True):
    error_message: str = ""


class _Step(msgspec.Struct, frozen=True):
    step: str
    object: Huge
    number: int = 0
    error: _Error = _Error()


class _Ended(msgspec.Struct, rename="camel", frozen=True):
    """What EventBridge tells of an execution that has ended: the input is JSON again."""

    status: str
    input: str
    error: str | None = None
    cause: str | None = None


class _Input(msgspec.Struct, frozen=True):
    object: Huge


@dataclass(frozen=True)
class Steps:
    """What the steps need besides the edges of reading: the buckets, and where what fails for good is set aside."""

    edges: Edges
    control: ControlTable
    sqs: Any
    dead_letters_url: str


def huge(seen: Seen, wanted_bytes: int, runs: int) -> Huge:
    """Return an object with the length of its ranges: whole chunks, 8 GiB or `wanted_bytes`, at most 1,000 ranges."""
    least = max(wanted_bytes or LEAST_BYTES, -(-seen.size // MOST_RANGES))
    length = -(-least // chunk_bytes(seen.size)) * chunk_bytes(seen.size)
    return Huge(seen.bucket, seen.key, seen.version_id, seen.etag, seen.size, length, runs, seen.checksums)


def execution_input(it: Huge) -> str:
    """Return what the state machine is started with: the object, and the numbers of its ranges."""
    return msgspec.json.encode({"object": it, "ranges": list(range(it.ranges))}).decode()


def step(given: Steps, event: dict[str, Any]) -> dict[str, Any]:
    """Do one step of an execution, or see to one that was ended from outside.

    Raises `Abandoned` where the digest is not wanted any more, which ends the execution well, and what may be tried
    again.
    """
    if "detail" in event:
        return _ended(given, msgspec.convert(event["detail"], _Ended))
    told = msgspec.convert(event, _Step)
    match told.step:
        case "range":
            return _range(given, told.object, told.number)
        case "combine":
            return _combine(given.edges, told.object)
        case "set aside":
            given.edges.ledger.let_go(told.object.id, told.object.runs)
            return _set_aside(given, told.object, f"{told.error.error} {_said(told.error.cause)}")
    raise Permanent(f"there is no step {told.step!r}")


def _range(given: Steps, it: Huge, number: int) -> dict[str, Any]:
    """Read a range, from where an earlier attempt came to; what does not end in time is gone on with by the next."""
    edges, (start, end), chunk = given.edges, it.span(number), chunk_bytes(it.size)
    chunks = edges.ledger.chunks(it.id, it.range_bytes, number)
    start += len(chunks) * chunk
    if start >= end:
        return {"range": number, "state": "done before"}
    try:
        _check_wanted(given, it)
        edges.check_current(it.seen())
        watch = Watch(edges.now, lambda: edges.check_current(it.seen()))
        found = hashing.digest(
            edges.spans(it.seen(), watch), start, end, size=it.size, types=(CHUNKED,), threads=edges.threads,
            each=lambda _: STOP if edges.remaining() < STOP_SECONDS else None,
        )  # fmt: skip
    except Abandoned:
        edges.ledger.let_go(it.id, it.runs)
        raise
    except ClientError as error:
        edges.say(it.seen(), it.kept, policy.refused(refusals.said(error)))
        edges.ledger.let_go(it.id, it.runs)
        raise Abandoned(f"S3 refuses {it.seen().uri}: {refusals.said(error)}") from error
    edges.ledger.put_range(it.id, it.range_bytes, number, (*chunks, *found.chunks))
    if start + len(found.chunks) * chunk < end:
        raise Transient(f"range {number} of {it.seen().uri} takes more than one invocation, and goes on")
    return {"range": number, "state": "done"}


def _check_wanted(given: Steps, it: Huge) -> None:
    """Raise `Abandoned` where the bucket was removed, or its setting is not to read any more."""
    bucket = given.control.view("objects", {it.bucket}).buckets.get(it.bucket)
    if bucket is None or bucket.hashing.mode != "read":
        raise Abandoned(f"{it.seen().uri} is not to be read any more")


def _combine(edges: Edges, it: Huge) -> dict[str, Any]:
    try:
        edges.check_current(it.seen())
    except Abandoned:
        edges.ledger.let_go(it.id, it.runs)
        raise
    ranges = edges.ledger.ranges(it.id, it.range_bytes)
    chunk = chunk_bytes(it.size)
    for number in range(it.ranges):
        start, end = it.span(number)
        if len(ranges.get(number, ())) != -(-(end - start) // chunk):
            raise Transient(f"the ledger does not have the digests of range {number} of {it.seen().uri}")
    digests = [digest for number in range(it.ranges) for digest in ranges[number]]
    result = Result((*it.kept, Checksum(CHUNKED, combined(digests), "computed")), LEFT_OUT)
    edges.ledger.finish(it.id, result)
    edges.say(it.seen(), result.checksums, result.note)
    return {"state": "done"}


def _ended(given: Steps, told: _Ended) -> dict[str, Any]:
    """Set aside an object whose execution ended without its own last step: aborted, say, or with too long a history."""
    it = msgspec.json.decode(told.input, type=_Input).object
    if not given.edges.ledger.let_go(it.id, it.runs):
        return {"state": "seen to before"}
    said = " ".join(filter(None, (told.error, _said(told.cause or ""))))
    return _set_aside(given, it, f"the execution was {told.status} {said}".strip())


def _set_aside(given: Steps, it: Huge, why: str) -> dict[str, Any]:
    """Put what asked for the digest among the dead letters, with the reason; its replay reads what is missing."""
    asked = ObjectChange(it.bucket, it.key, "bucketdex", "hash", size=it.size, version_id=it.version_id, etag=it.etag)
    reason = Transient(f"hashing {it.seen().uri} by ranges failed: {why}")
    # It never was a message that was delivered, so it has neither an id nor a receipt.
    failure = Failure(Delivery("", "", message([asked]), "", sent=given.edges.now()), reason)
    set_aside(given.sqs, given.dead_letters_url, failure)
    return {"state": "set aside"}


def _said(cause: str) -> str:
    """Return what a function said that failed; Step Functions wraps it in JSON."""
    try:
        return msgspec.json.decode(cause, type=_Raised).error_message
    except (msgspec.DecodeError, msgspec.ValidationError):
        return cause
