"""Requests for the digest of an object: taken from what S3 keeps, read within the policy, or handed on to ranges."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex import hashing
from bucketdex.aws import refusals
from bucketdex.changes import Fact
from bucketdex.changes.hint import Hint, ObjectName
from bucketdex.changes.outcome import Outcome, Tally, timed
from bucketdex.control import ControlTable, Hashing
from bucketdex.digests import claims, policy, ranges
from bucketdex.digests.edges import Edges, Watch, told
from bucketdex.digests.kept import Seen, has_digest, look
from bucketdex.digests.ledger import Claim, HandedOn, Ledger, LostError, Result, identity
from bucketdex.digests.reading import RESERVE_SECONDS, Abandoned
from bucketdex.errors import Transient
from bucketdex.hashing import CHUNKED, SHA256, STOP, chunk_bytes

KIND = "objects"
TELLING_SECONDS = 20.0  # of reading, before which its rate tells nothing
# An object that large, and could not be read whole so often, goes by ranges, which keep what was read.
MOST_FAILURES, STUBBORN_BYTES = 3, 1_000_000_000
UNDERSTATED = 1.25  # reading may be slower than it was measured: so much more time has to be there


@dataclass(frozen=True)
class Requests:
    """What handles requests needs besides the edges of reading.

    `start` starts an execution of the state machine, given a name and its input, and returns False where one of that
    name has ended. Objects of more than `whole_bytes` go there in any case, if that is not 0.
    """

    edges: Edges
    control: ControlTable
    start: Callable[[str, str], bool]
    whole_bytes: int = 0
    range_bytes: int = 0


def hash_requests(given: Requests, hints: Iterable[Hint], tally: Tally) -> dict[ObjectName, Outcome]:
    """See to the digest of each hint's object; raises `Transient` if the control table cannot be read.

    Outcomes are `known` (nothing was read), `hashed`, `handed on`, `not wanted`, `refused`, `abandoned`,
    `not connected` and `failed`.
    """
    hints = list(hints)
    buckets = given.control.view(KIND, {hint.bucket for hint in hints}).buckets
    outcomes: dict[ObjectName, Outcome] = {}
    for hint in hints:
        bucket = buckets.get(hint.bucket)
        try:
            with timed(tally, "s3_seconds"):
                state = _one(given, hint, bucket.hashing) if bucket else "not connected"
            outcomes[hint.bucket, hint.key] = Outcome(state)
        except Exception as error:  # noqa: BLE001, also a bug in here is this key's alone
            outcomes[hint.bucket, hint.key] = Outcome("failed", error)
    return outcomes


def _one(given: Requests, hint: Hint, setting: Hashing) -> str:
    edges = given.edges
    if setting.mode == "off":
        return "not wanted"
    try:
        seen = _seen(edges, hint)
    except ClientError as error:
        if hint.etag:
            fact = Fact(hint.etag, hint.version_id, digest_note=policy.refused(refusals.said(error)))
            edges.tell([told(hint.bucket, hint.key, fact)])
        return "refused"
    if seen is None:
        return "abandoned"
    if has_digest(seen.checksums):
        edges.say(seen, seen.checksums)
        return "known"
    if note := policy.refusal(setting, seen.key, seen.size, seen.storage_class, seen.archived):
        edges.say(seen, seen.checksums, note)
        return "not wanted"
    return _once(given, seen)


def _seen(edges: Edges, hint: Hint) -> Seen | None:
    """Return the object that a request is about; None where it is gone or another: who told of that asks anew."""
    try:
        seen = look(edges.s3, hint.bucket, hint.key)
    except ClientError as error:
        refusals.raise_if_transient(error, hint.bucket, hint.key)
        if refusals.status(error) == 404:
            return None
        _ask_why(edges.s3, hint)
        raise
    except (BotoCoreError, HTTPError, OSError) as error:
        raise Transient(f"S3 did not answer for s3://{hint.bucket}/{hint.key}: {error}") from error
    if hint.etag and not seen.is_state(hint.version_id, hint.etag):
        return None
    return seen


def _ask_why(s3: Any, hint: Hint) -> None:
    """Ask for a byte of an object of which HEAD is refused: its answer has no words, and the reason may pass."""
    try:
        s3.get_object(Bucket=hint.bucket, Key=hint.key, Range="bytes=0-0")["Body"].close()
    except ClientError as error:
        refusals.raise_if_transient(error, hint.bucket, hint.key)
        raise
    except (BotoCoreError, HTTPError, OSError) as error:
        raise Transient(f"S3 did not answer for s3://{hint.bucket}/{hint.key}: {error}") from error


def _once(given: Requests, seen: Seen) -> str:
    """Read an object that nobody has read, or say again what came of it."""
    edges, ledger = given.edges, given.edges.ledger
    claim = ledger.claim(identity(seen.bucket, seen.key, seen.version_id, seen.etag), uuid.uuid4().hex)
    match claim:
        case Result():
            # What S3 keeps may be more by now, where the same bytes were put again without versions.
            made = (it for it in claim.checksums if it.origin == "computed")
            edges.say(seen, (*seen.checksums, *made), claim.note)
            return "known"
        case HandedOn():
            return "handed on"
    try:
        return _claimed(given, seen, claim)
    except Abandoned:
        ledger.release(claim)
        return "abandoned"
    except ClientError as error:
        ledger.release(claim)
        edges.say(seen, seen.checksums, policy.refused(refusals.said(error)))
        return "refused"
    except BaseException:
        ledger.release(claim, failed=True)
        raise


def _claimed(given: Requests, seen: Seen, claim: Claim) -> str:
    result = _read(given, seen, claim) if _fits(given, seen, claim) else None
    if result is None:
        return _hand_on(given, seen, claim)
    # First the ledger: who comes after a crash in between says it again and reads nothing.
    given.edges.ledger.finish(claim.id, result)
    given.edges.say(seen, result.checksums, result.note)
    return "hashed"


def _fits(given: Requests, seen: Seen, claim: Claim) -> bool:
    size = seen.size
    if 0 < given.whole_bytes < size or (claim.failures >= MOST_FAILURES and size > STUBBORN_BYTES):
        return False
    return _seconds(size, given.edges.rate.bytes_per_second) < given.edges.remaining() - RESERVE_SECONDS


def _seconds(size: int, rate: float) -> float:
    return size / rate * UNDERSTATED


def _read(given: Requests, seen: Seen, claim: Claim) -> Result | None:
    """Read an object whole, or None where it turns out too slow: then the ranges that are done stand in the ledger."""
    edges, begun = given.edges, given.edges.now()
    watch = Watch(edges.now, lambda: _renew(edges.ledger, claim), lambda: edges.check_current(seen))

    def each(done: int) -> Any:
        elapsed = edges.now() - begun
        if elapsed < TELLING_SECONDS:
            return None
        too_slow = _seconds(seen.size - done, done / elapsed) > edges.remaining() - RESERVE_SECONDS
        return STOP if too_slow else None

    types = {SHA256, CHUNKED} | claims.to_compute(seen.checksums)
    found = hashing.digest(
        edges.spans(seen, watch), 0, seen.size, size=seen.size, types=types, threads=edges.threads, each=each
    )
    if found.values:
        edges.rate.measure(seen.size, edges.now() - begun)
        return Result((*seen.checksums, *claims.computed(seen.checksums, found.values)))
    edges.rate.measure(len(found.chunks) * chunk_bytes(seen.size), edges.now() - begun)
    it = ranges.huge(seen, given.range_bytes, claim.runs)
    in_range = it.range_bytes // chunk_bytes(seen.size)
    for number in range(len(found.chunks) // in_range):
        chunks = found.chunks[number * in_range : (number + 1) * in_range]
        edges.ledger.put_range(claim.id, it.range_bytes, number, chunks)
    return None


def _renew(ledger: Ledger, claim: Claim) -> None:
    try:
        ledger.renew(claim)
    except LostError:
        raise
    except Transient:  # the lease lasts until the next signs
        return


def _hand_on(given: Requests, seen: Seen, claim: Claim) -> str:
    """Start an execution, under a name that a second attempt would choose too."""
    it = ranges.huge(seen, given.range_bytes, claim.runs)
    name = f"{claim.id[:60]}-{claim.runs}"
    if not given.start(name, ranges.execution_input(it)):
        given.edges.ledger.let_go(claim.id, claim.runs)
        raise Transient(f"an execution {name} has ended without a digest of {seen.uri}; another one begins later")
    given.edges.ledger.hand_on(claim, name)
    return "handed on"
