"""A log file's text, unpacked a little at a time: neither a large file nor a small one that unpacks to a large one is
ever in memory whole."""

import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

GZIP = b"\x1f\x8b"
PACKED = 64 * 1024  # bytes that zlib is given at a time; of longer ones it would copy the rest again and again
PIECE = 256 * 1024  # bytes that are unpacked at a time: quicker than a megabyte, as they stay in the processor's cache

_BLANK = re.compile(rb"[ \t\r\n]*+")


class BrokenOffError(Exception):
    """There is no more to be read, and why."""


class Text:
    """What is unpacked and not yet read: `data` from `at` on. `ended` says why it ended too early, if it did."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.data = b""
        self.at = 0
        self.ended = ""
        self.refills = 0
        self._pieces = pieces

    def more(self) -> bool:
        """Unpack more; False at the end. As much as is left at least: to look at all again never takes long."""
        found = [self.data[self.at :]]
        wanted = max(PIECE // 2, len(found[0]))
        try:
            while wanted > 0:
                found.append(next(self._pieces))
                wanted -= len(found[-1])
        except StopIteration:
            pass
        except BrokenOffError as error:
            self.ended = str(error)
        self.data = b"".join(found)
        self.at = 0
        self.refills += 1
        return len(found) > 1

    def sign(self) -> bytes:
        """Go to the next byte that is not blank and return it; nothing at the end."""
        while True:
            blank = _BLANK.match(self.data, self.at)
            self.at = blank.end() if blank else self.at
            if self.at < len(self.data):
                return self.data[self.at : self.at + 1]
            if not self.more():
                return b""

    def broken_off(self) -> BrokenOffError:
        """Return what to raise where there should be more."""
        return BrokenOffError(self.ended or "its JSON breaks off")


def unpacked(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield a file's bytes, at most `PIECE` at a time, unpacked where they are gzip; raises `BrokenOffError`.

    What comes before the place where it is broken, or longer than `most` bytes, is yielded before that.
    """
    rest, first = iter(pieces), b""
    while len(first) < len(GZIP) and (piece := next(rest, None)) is not None:
        first += piece
    whole = chain((first,), rest)
    left = most
    for some in _gunzipped(whole) if first.startswith(GZIP) else _slices(whole, PIECE):
        left -= len(some)
        if left < 0:
            yield some[:left]
            raise BrokenOffError(f"it is longer than the limit of {most:,} bytes")
        yield some


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    for piece in _slices(pieces, PACKED):
        packed, some = piece, b""
        while packed or len(some) == PIECE:  # zlib may hold back what was more than a piece
            if unpacker.eof:  # several streams may follow each other, and zeros fill up the last
                packed = packed.lstrip(b"\0")
                if not packed:
                    break
                unpacker = zlib.decompressobj(wbits=31)
            before = unpacker.copy()
            try:
                some = unpacker.decompress(packed, PIECE)
            except zlib.error as error:
                yield _salvaged(before, packed)
                raise BrokenOffError(f"its gzip stream is broken ({error})") from error
            yield some
            packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise BrokenOffError("its gzip stream breaks off")


def _salvaged(unpacker: "zlib._Decompress", packed: bytes) -> bytes:
    """Return what stands before the byte that zlib fails at: it throws away what the failing call had unpacked."""
    found = []
    for step in (1024, 1):
        for start in range(0, len(packed), step):
            before = unpacker.copy()
            try:
                found.append(unpacker.decompress(packed[start : start + step]))
            except zlib.error:
                unpacker, packed = before, packed[start : start + step]
                break
    return b"".join(found)


def _slices(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), size):
            yield piece[start : start + size]
