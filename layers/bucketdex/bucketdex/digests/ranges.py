"""Huge objects: hashed range by range, by many invocations, under a state machine.

What a range gave stands in the ledger, so it is read once, whatever becomes of the execution. Chunk digests combine to
`sha2-256-chunked`; a plain SHA-256 does not, so it is left out.
"""

from typing import Any

import msgspec

from bucketdex import hashing
from bucketdex.aws.queues import Delivery, Failure, set_aside
from bucketdex.changes import Checksum, ObjectChange
from bucketdex.changes.backfill import message
from bucketdex.digests.edges import Edges, Watch
from bucketdex.digests.kept import Seen
from bucketdex.digests.ledger import Result, identity
from bucketdex.digests.reading import Abandoned
from bucketdex.errors import Permanent, Transient
from bucketdex.hashing import CHUNKED, chunk_bytes, combined

LEAST_BYTES = 8 * 1024**3  # of a range: some minutes of reading, and never more than an invocation has
MOST_RANGES = 1000  # an execution's history holds 25,000 events, of which a range takes up to eight
LEFT_OUT = "SHA256 left out: the object was read by ranges, whose digests do not make a plain SHA-256"


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


def huge(seen: Seen, wanted_bytes: int, runs: int) -> Huge:
    """Return an object with the length of its ranges: whole chunks, 8 GiB or `wanted_bytes`, at most 1,000 ranges."""
    least = max(wanted_bytes or LEAST_BYTES, -(-seen.size // MOST_RANGES))
    length = -(-least // chunk_bytes(seen.size)) * chunk_bytes(seen.size)
    return Huge(seen.bucket, seen.key, seen.version_id, seen.etag, seen.size, length, runs, seen.checksums)


def execution_input(it: Huge) -> str:
    """Return what the state machine is started with: the object, and the numbers of its ranges."""
    return msgspec.json.encode({"object": it, "ranges": list(range(it.ranges))}).decode()


def step(edges: Edges, event: dict[str, Any], sqs: Any, dead_letters_url: str) -> dict[str, Any]:
    """Do one step of an execution.

    Raises `Abandoned` where the object is not current any more, which ends the execution well, and what may be tried
    again.
    """
    given = msgspec.convert(event, _Step)
    match given.step:
        case "range":
            return _range(edges, given.object, given.number)
        case "combine":
            return _combine(edges, given.object)
        case "set aside":
            return _set_aside(edges, given.object, given.error, sqs, dead_letters_url)
    raise Permanent(f"there is no step {given.step!r}")


def _range(edges: Edges, it: Huge, number: int) -> dict[str, Any]:
    if edges.ledger.has_range(it.id, it.range_bytes, number):
        return {"range": number, "state": "done before"}
    start, end = it.span(number)
    _check(edges, it)
    watch = Watch(edges.now, lambda: _check(edges, it))
    try:
        found = hashing.digest(
            edges.spans(it.seen()), start, end, size=it.size, types=(CHUNKED,), threads=edges.threads,
            each=lambda _: watch(),
        )  # fmt: skip
    except Abandoned:
        edges.ledger.let_go(it.id, it.runs)
        raise
    edges.ledger.put_range(it.id, it.range_bytes, number, found.chunks)
    return {"range": number, "state": "done"}


def _check(edges: Edges, it: Huge) -> None:
    """Raise `Abandoned` where the object is not current, and let a later request for it begin anew."""
    try:
        edges.check_current(it.seen())
    except Abandoned:
        edges.ledger.let_go(it.id, it.runs)
        raise


def _combine(edges: Edges, it: Huge) -> dict[str, Any]:
    _check(edges, it)
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


def _set_aside(edges: Edges, it: Huge, error: _Error, sqs: Any, dead_letters_url: str) -> dict[str, Any]:
    """Put what asked for the digest among the dead letters, with the reason; its replay reads what is missing."""
    try:
        said = msgspec.json.decode(error.cause, type=_Raised).error_message
    except (msgspec.DecodeError, msgspec.ValidationError):
        said = error.cause
    asked = ObjectChange(it.bucket, it.key, "bucketdex", "hash", size=it.size, version_id=it.version_id, etag=it.etag)
    reason = Transient(f"hashing {it.seen().uri} by ranges failed: {error.error} {said}")
    # It never was a message that was delivered, so it has neither an id nor a receipt.
    failure = Failure(Delivery("", "", message([asked]), "", sent=edges.now()), reason)
    set_aside(sqs, dead_letters_url, failure)
    edges.ledger.let_go(it.id, it.runs)
    return {"state": "set aside"}
