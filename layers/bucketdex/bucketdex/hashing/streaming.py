"""Digests of bytes that are fetched piece by piece, several at a time: in one pass and in constant memory.

Who has fetched a piece that is a chunk digests it at once, so chunks are digested on all cores. What depends on the
order (a plain SHA-256, CRCs, chunks that are longer than a piece) follows piece by piece, each kind on a thread.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import NamedTuple

from bucketdex.hashing.algorithms import CHUNKED, SHA256, Piece, chunk_bytes, combined, is_verifiable
from bucketdex.hashing.running import Running, RunningChunks

PIECE_BYTES = 8 * 1024 * 1024  # as long as the chunks of all but the largest objects

STOP = object()  # what `each` returns to end before all is read

type Fetch = Callable[[int, int], Piece]  # of where it begins, and of its length


class Digested(NamedTuple):
    """The SHA-256 of each chunk, and the hash of each type, as manifests and S3 write it."""

    chunks: tuple[bytes, ...]
    values: dict[str, str]


class _Taken:
    """A piece, until it is let go: whoever still has this then does not keep its memory."""

    __slots__ = ("chunk", "data", "length")

    def __init__(self, data: Piece, chunk: bytes | None) -> None:
        self.data: Piece = data
        self.length = len(data)
        self.chunk = chunk  # the digest of a piece that is a chunk

    def into(self, update: Callable[[Piece], object]) -> None:
        update(self.data)

    def let_go(self) -> None:
        self.data = b""


class _SkippedError(Exception):
    """This piece was not fetched, because something had failed."""


def nothing(_: int) -> None:
    """Take note of nothing."""


def steps(progress: Callable[[int], object]) -> Callable[[int], None]:
    """Return an `each` for `digest` that tells `progress` how many bytes more are done."""
    before = 0

    def each(done: int) -> None:
        nonlocal before
        progress(done - before)
        before = done

    return each


def digest(
    fetch: Fetch,
    start: int,
    end: int,
    *,
    size: int,
    types: Collection[str],
    threads: int = 8,
    ahead: int = 12,
    each: Callable[[int], object] = nothing,
    piece_bytes: int | None = None,
) -> Digested:
    """Return the digests of the bytes from `start` to before `end` of an object of `size` bytes.

    `fetch(start, length)` is called on `threads` threads, for pieces of at most `piece_bytes` (8 MiB) in their order,
    and returns exactly `length` bytes or raises. At most `ahead` pieces are in memory: the next one is fetched when the
    first of them is done, and then that one's memory can be used again. `each(done)` is called on the caller's thread
    after each piece in order, with how many bytes are done; it may raise, or return `STOP` to end with the `chunks`
    that are whole by then and no `values`. `start` is on a border of `chunk_bytes(size)`, `end` on one or at the end.

    `chunks` are there where `types` has `CHUNKED`, `values` where the whole object is read. Raises what `fetch` or
    `each` raised first; no fetch begins after that, and no thread is left. Raises `ValueError` for a type that cannot
    be computed here, and for a part that does not begin and end on borders.
    """
    _check(start, end, size, types)
    piece_bytes = piece_bytes or PIECE_BYTES
    followers = _Followers(types, size, whole=(start, end) == (0, size), piece_bytes=piece_bytes)
    pieces = _pieces(start, end, chunk_bytes(size), piece_bytes)
    ahead_of_us = _Ahead(fetch, pieces, threads, ahead, is_chunk=followers.pieces_are_chunks)
    done = 0
    try:
        for taken in ahead_of_us.pieces():
            followers.take(taken)
            done += taken.length
            taken.let_go()
            if each(done) is STOP and done < end - start:
                return Digested(followers.done(), {})
        return followers.result()
    finally:
        ahead_of_us.end()
        followers.end()


class _Ahead:
    """Fetches pieces on threads of its own, at most so many ahead of who takes them in order."""

    def __init__(
        self, fetch: Fetch, pieces: Iterator[tuple[int, int]], threads: int, ahead: int, *, is_chunk: bool
    ) -> None:
        self._fetch, self._pieces, self._ahead, self._is_chunk = fetch, pieces, ahead, is_chunk
        self._stop, self._failures = threading.Event(), list[BaseException]()
        self._readers = ThreadPoolExecutor(min(threads, ahead), "digest-fetch")

    def pieces(self) -> Iterator[_Taken]:
        """Yield the pieces in their order; raises what failed first."""
        waiting = deque[Future[_Taken]]()
        while not self._failures:
            while len(waiting) < self._ahead and (piece := next(self._pieces, None)):
                waiting.append(self._readers.submit(self._take, *piece))
            if not waiting:
                return
            try:
                yield waiting.popleft().result()
            except _SkippedError:
                break
        raise self._failures[0] from None

    def end(self) -> None:
        """Fetch no more, and wait for what is under way."""
        self._stop.set()
        self._readers.shutdown(wait=True, cancel_futures=True)

    def _take(self, at: int, length: int) -> _Taken:
        if self._stop.is_set():
            raise _SkippedError
        try:
            data = self._fetch(at, length)
            if len(data) != length:
                raise ValueError(f"{len(data)} bytes came from byte {at} on, where {length} were asked for")  # noqa: TRY301
            return _Taken(data, sha256(data).digest() if self._is_chunk else None)
        except BaseException as error:
            self._failures.append(error)
            self._stop.set()
            raise


class _Followers:
    """What is made of the pieces in their order; each kind on a thread of its own, the first one on the caller's."""

    def __init__(self, types: Collection[str], size: int, *, whole: bool, piece_bytes: int) -> None:
        chunked, one = CHUNKED in types, size <= chunk_bytes(size)
        self._plain = {type_: Running(type_, size) for type_ in types if type_ != CHUNKED} if whole else {}
        self._is_plain = chunked and one and SHA256 in self._plain  # the only chunk's digest is the plain one
        self.pieces_are_chunks = chunked and not self._is_plain and piece_bytes >= min(size, chunk_bytes(size))
        self._chunks: list[bytes] = []
        self._long = RunningChunks(size) if chunked and not self._is_plain and not self.pieces_are_chunks else None
        self._whole, self._chunked, self._size = whole, chunked, size
        self._updates = [it.update for it in (*self._plain.values(), self._long) if it]
        self._beside = ThreadPoolExecutor(max(1, len(self._updates) - 1), "digest")

    def take(self, taken: _Taken) -> None:
        if taken.chunk:
            self._chunks.append(taken.chunk)
        if not self._updates:
            return
        first, *others = self._updates
        beside = [self._beside.submit(taken.into, update) for update in others]
        taken.into(first)
        for it in beside:
            it.result()

    def done(self) -> tuple[bytes, ...]:
        """Return the digests of the chunks that have come as a whole."""
        return self._long.done() if self._long else tuple(self._chunks)

    def result(self) -> Digested:
        values = {type_: it.value() for type_, it in self._plain.items()}
        chunks = self._long.digests() if self._long else tuple(self._chunks)
        if self._is_plain and self._size:
            chunks = (bytes.fromhex(values[SHA256]),)
        if self._chunked and self._whole:
            values[CHUNKED] = combined(chunks)
        return Digested(chunks, values)

    def end(self) -> None:
        self._beside.shutdown(wait=True, cancel_futures=True)


def _pieces(start: int, end: int, chunk: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield where each piece begins and its length; none has parts of two chunks."""
    while start < end:
        length = min(longest, chunk - start % chunk, end - start)
        yield start, length
        start += length


def _check(start: int, end: int, size: int, types: Collection[str]) -> None:
    if unknown := sorted(it for it in types if not is_verifiable(it)):
        raise ValueError(f"cannot be computed here: {', '.join(unknown)}")
    chunk = chunk_bytes(size)
    if not 0 <= start <= end <= size or start % chunk or (end % chunk and end != size):
        raise ValueError(f"bytes {start} to {end} of {size} do not begin and end on borders of {chunk} bytes")
