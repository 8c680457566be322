"""What hashing objects in S3 touches outside itself, and the look whether it is still worth while."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex.aws import refusals
from bucketdex.changes import Checksum, Fact, ObjectChange
from bucketdex.digests.kept import Seen
from bucketdex.digests.ledger import Ledger
from bucketdex.digests.reading import THREADS, Abandoned, Spans

TELLING_BYTES = 256_000_000  # smaller objects tell how long requests take, not how quick reading is
SIGN_SECONDS = 20.0  # between two looks whether the object is still current


@dataclass
class Rate:
    """How quick reading has been in this process, in bytes a second; at first what any function reaches."""

    bytes_per_second: float = 100e6

    def measure(self, size: int, seconds: float) -> None:
        """Take what was read just now into account, in so far as it was enough to tell."""
        if size >= TELLING_BYTES:
            self.bytes_per_second = (self.bytes_per_second + size / seconds) / 2


@dataclass(frozen=True)
class Edges:
    """What hashing touches outside itself.

    `tell` sends facts to the function that indexes objects. `now` is a clock in seconds, `remaining` tells the seconds
    that the invocation has left.
    """

    s3: Any
    ledger: Ledger
    tell: Callable[[list[ObjectChange]], object]
    remaining: Callable[[], float]
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    threads: int = THREADS
    rate: Rate = field(default_factory=Rate)

    def spans(self, seen: Seen, sign: Callable[[], object]) -> Spans:
        """Return what fetches parts of an object, and gives a sign all the while."""
        return Spans(self.s3, seen, self.remaining, self.sleep, sign)

    def say(self, seen: Seen, checksums: tuple[Checksum, ...], note: str | None = None) -> None:
        """Send what is known of a version's digests."""
        self.tell([told(seen.bucket, seen.key, Fact(seen.etag, seen.version_id, checksums, note))])

    def check_current(self, seen: Seen) -> None:
        """Raise `Abandoned` where the object is gone or another by now; what S3 does not tell now is told next time."""
        try:
            found = self.s3.head_object(Bucket=seen.bucket, Key=seen.key)
        except ClientError as error:
            if refusals.status(error) == 404:
                raise Abandoned(f"{seen.uri} is gone") from error
            return
        except (BotoCoreError, HTTPError, OSError):
            return
        if not seen.is_state(found.get("VersionId"), found["ETag"].strip('"')):
            raise Abandoned(f"{seen.uri} is another object by now")


class Watch:
    """Looks now and then, while an object is read, whether to go on; `signs` are what is done each time.

    All threads that read call it, so that a piece that takes long keeps nobody from looking.
    """

    def __init__(self, now: Callable[[], float], *signs: Callable[[], object]) -> None:
        self._now, self._signs = now, signs
        self._next = now() + SIGN_SECONDS
        self._lock = threading.Lock()

    def __call__(self) -> None:
        """Give the signs if it is time, and no other thread is about to."""
        if self._now() < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            for sign in self._signs:
                sign()
            self._next = self._now() + SIGN_SECONDS
        finally:
            self._lock.release()


def told(bucket: str, key: str, fact: Fact) -> ObjectChange:
    """Return the message that brings a fact and no more."""
    return ObjectChange(bucket, key, "bucketdex", "digest", facts=(fact,), facts_only=True)
