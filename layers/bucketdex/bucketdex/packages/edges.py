"""What indexing packages touches outside itself, and the pass over one key that pointers and manifests share."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.changes import ObjectChange
from bucketdex.changes.hint import Hint
from bucketdex.changes.outcome import Map
from bucketdex.control import ControlTable
from bucketdex.errors import Permanent, Transient
from bucketdex.index import writer
from bucketdex.index.generations import PACKAGES
from bucketdex.index.known import covers
from bucketdex.index.refusal import without_refused
from bucketdex.index.requests import REQUEST_SECONDS
from bucketdex.packages.document import EMPTY, PackageDocument
from bucketdex.packages.files import REFUSED

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from opensearchpy import OpenSearch

KIND = PACKAGES
MOST_PASSES = 20  # over one key: each one more means that another handler got through
MOST_REFUSALS = 3  # the part that OpenSearch names, another one, all that can go
CLOCKS_APART_SECONDS = 2.0  # more than those of two functions and of SQS ever are
RESERVE_SECONDS = 10.0  # are kept to say what became of the batch, and to send what is left of it


def _plainly[T](items: Iterable[T]) -> Iterator[T]:
    yield from items


@dataclass(frozen=True)
class Edges:
    """What is outside.

    `send` puts changes into the queue of package events. `remaining` tells the seconds that the invocation has left.
    `ahead` gives the items of an iterable, the next one being made meanwhile.
    """

    control: ControlTable
    opensearch: "OpenSearch"
    s3: "S3Client"
    send: Callable[[list[ObjectChange]], object]
    now: Callable[[], datetime]
    remaining: Callable[[], float]
    concurrently: Map = map
    ahead: Callable[[Iterator[Any]], Iterator[Any]] = _plainly
    sleep: Callable[[float], None] = time.sleep

    def seconds(self) -> float:
        """Return how long a request may take; raises `Transient` where there is no time for one."""
        left = self.remaining() - RESERVE_SECONDS
        if left <= 0:
            raise Transient("no time was left in this invocation")
        return max(1.0, min(REQUEST_SECONDS, left))

    def check(self) -> None:
        """Raise `Transient` where no time is left."""
        self.seconds()

    def hint(self, bucket: str, keys: Iterable[str], why: str) -> None:
        """Send keys to be looked at; raises `Transient`."""
        changes = [ObjectChange(bucket, key, "bucketdex", why) for key in keys]
        if changes:
            self.send(changes)


def is_settled(hint: Hint, found: dict[tuple[str, str], writer.Stored], indexes: list[str]) -> bool:
    """Whether every generation's document was made from what could be seen after the hint was sent.

    So of the thousands of hints that the pointers of one manifest send it, a few are followed. The same holds where the
    trail alone tells of the file, and every document has seen what it tells.
    """
    if hint.sent is None:  # whoever had the message before may not have done all that follows from it
        return False
    if hint.claims is not None and len(found) == len(indexes) and all(_knows(it.source, hint) for it in found.values()):
        return True
    seen = [datetime.fromisoformat(it.source["observed_at"]).timestamp() for it in found.values()]
    return len(seen) == len(indexes) and min(seen) > hint.sent + CLOCKS_APART_SECONDS


def _knows(document: dict[str, Any], hint: Hint) -> bool:
    if not document.get("deleted") and (document.get("problem") or "").startswith(REFUSED):
        return False  # what S3 refused to tell then it may tell now
    return covers(document, hint.claims or ())


class Write(msgspec.Struct, frozen=True):
    """A document, for one index."""

    index: str
    document: PackageDocument
    lock: writer.Lock | None


def read(edges: Edges, indexes: list[str], identities: Iterable[str]) -> dict[tuple[str, str], writer.Stored]:
    """Return the documents that exist, by (index, id); raises `Transient`."""
    return writer.read(edges.opensearch, indexes, dict.fromkeys(identities, True), edges.seconds())


def write(edges: Edges, identity: str, writes: list[Write]) -> list[writer.Lock] | None:
    """Write the documents of one key, one for each generation, and return their locks.

    None is a conflict: somebody wrote one of them, and everything is to be read again. What OpenSearch refuses of a
    document is left out. Raises `Transient`, and `Permanent` where a document is refused whatever is left out.
    """
    locks: list[writer.Lock] = []
    for it in writes:
        reasons: list[str] = []
        while True:
            document = without_refused(it.document, reasons, EMPTY) if reasons else it.document
            encoded = msgspec.json.encode(document)
            [result] = writer.write(
                edges.opensearch, [writer.Write(it.index, identity, encoded, it.lock)], edges.seconds(), locks=True
            )
            if result.status != writer.REFUSED:
                break
            reasons.append(result.reason)
            if len(reasons) > MOST_REFUSALS:
                where = f"s3://{it.document.bucket}/{it.document.key}"
                raise Permanent(f"OpenSearch refuses the document of {where}, whatever is left out: {reasons[-1]}")
        if result.status == writer.CONFLICT:
            return None
        if result.lock is None:
            raise Transient(f"OpenSearch did not take the document of {it.document.key}: {result.reason}")
        locks.append(result.lock)
    return locks
