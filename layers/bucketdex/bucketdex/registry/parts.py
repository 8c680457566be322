"""Large files by parts, many at once: the parts of all files are one stream of work, whatever their sizes.

A part is a chunk of `sha2-256-chunked`, so the hash of a file comes of itself when its last part is done.
"""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from botocore.exceptions import ClientError

from bucketdex.hashing import chunk_bytes, chunk_count
from bucketdex.registry.concurrently import each
from bucketdex.registry.s3_refusals import refused

LARGE_BYTES = 8 * 1024 * 1024  # files beyond this go by parts
THREADS = 10  # each with one part in memory
MEMORY_BYTES = 512 * 1024 * 1024  # for all parts together: the parts of files beyond 80 GB are longer


class InParts(Protocol):
    """A file that is moved or digested by parts. Its methods run on any thread; `finish` after all parts.

    `str()` of it says what has failed where S3 refuses.
    """

    @property
    def size(self) -> int:
        """How many bytes it has."""

    def begin(self) -> bool:
        """Prepare; return whether its parts have to be done at all."""

    def part(self, number: int, start: int, length: int) -> bytes:
        """Do a part (numbers count from 0) and return its SHA-256."""

    def finish(self, digests: Sequence[bytes]) -> None:
        """Take the digests of all parts, in order."""


class _Under:
    """A file that is under way."""

    def __init__(self, file: InParts) -> None:
        self.file = file
        self.digests = [b""] * chunk_count(file.size)
        self._left = len(self.digests)
        self._lock = threading.Lock()

    def do(self, number: int) -> None:
        length = chunk_bytes(self.file.size)
        start = number * length
        with _named(self.file):
            self.digests[number] = self.file.part(number, start, min(length, self.file.size - start))
            with self._lock:
                self._left -= 1
                last = not self._left
            if last:
                self.file.finish(self.digests)


def do_parts(files: Sequence[InParts]) -> None:
    """Do the parts of all files."""
    if not files:
        return
    longest = max(chunk_bytes(file.size) for file in files)
    threads = max(1, min(THREADS, MEMORY_BYTES // longest))
    each(lambda work: work[0].do(work[1]), _work(files), threads)


def _work(files: Iterable[InParts]) -> Iterator[tuple[_Under, int]]:
    for file in files:
        with _named(file):
            begun = file.begin()
        if begun:
            under = _Under(file)
            yield from ((under, number) for number in range(len(under.digests)))


@contextlib.contextmanager
def _named(file: InParts) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise refused(error, str(file)) from error
