"""A manifest as a stream of lines: header, entries and directory metadata in the order they stand in, and faults.

Memory does not grow with the length of the manifest, only with its longest line, which has a limit.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from bucketdex.manifest.lines import Entry, Header, LineFault, Metadata, entry, header
from bucketdex.manifest.quick import match

GZIP = b"\x1f\x8b"
LONGEST_LINE = 16 * 1024 * 1024  # bytes; the reference client refuses to write more than 1 MB, old ones did not
PIECE = 1024 * 1024  # bytes that are unpacked at a time
MOST_UNPACKED = 200  # times its size; manifests come to twenty, as digests do not shrink
MOST_FAULTS = 1_000  # lines that cannot be read; a file with more is no manifest


EMPTY = "the manifest is empty"


class _BrokenOffError(Exception):
    """There are no more lines, and why."""


class Line(NamedTuple):
    """A line by its number (from 1), where it begins in the (unpacked) manifest, as it stands, and what it says."""

    number: int
    offset: int
    raw: bytes
    said: Header | Entry | Metadata | LineFault


# Number and offset as above, and what the line says.
type Scanned = tuple[int, int, Header | Entry | Metadata | LineFault | re.Match[bytes]]


def read(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Yield what each line of a manifest says; `pieces` are its bytes in whatever portions, plain or as gzip.

    A line that cannot be read is a `LineFault`, and the next line goes on. A manifest that breaks off ends with one.
    """
    number, offset = 1, 0
    understand = _Reader()
    try:
        for line in _lines(_plain(pieces)):
            yield Line(number, offset, line, understand.said(number, line))
            number += 1
            offset += len(line) + 1
    except _BrokenOffError as error:
        yield Line(number, offset, b"", LineFault(number, str(error)))
    else:
        if number == 1:
            yield Line(1, 0, b"", LineFault(1, EMPTY))


def scan(pieces: Iterable[bytes]) -> Iterator[Scanned]:
    """Yield the same, but lines that are as the reference client prints them as the match of `quick.match`."""
    return _scanned(_lines(_plain(pieces)), 1, 0)


def resume(pieces_from: Callable[[int], Iterable[bytes]], offset: int) -> Iterator[Scanned]:
    """Yield the lines from `offset` on, that of a line scanned before; `pieces_from` gives the file from a byte on.

    Of a file that is gzip the offset is in what is unpacked, so it is unpacked from its beginning. Lines count from 2.
    """
    if not offset:
        return scan(pieces_from(0))
    packed = next(_with_beginning(pieces_from(0)), b"").startswith(GZIP)
    pieces = _after(_plain(pieces_from(0)), offset) if packed else iter(pieces_from(offset))
    return _scanned(_lines(pieces), 2, offset)


def _scanned(lines: Iterable[bytes], number: int, offset: int) -> Iterator[Scanned]:
    understand = _Reader()
    try:
        for line in lines:
            yield number, offset, (match(line) if number > 1 else None) or understand.said(number, line)
            number += 1
            offset += len(line) + 1
    except _BrokenOffError as error:
        yield number, offset, LineFault(number, str(error))
    else:
        if number == 1:
            yield 1, 0, LineFault(1, EMPTY)


def _after(pieces: Iterable[bytes], left: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[left:]
        left = max(0, left - len(piece))


class _Reader:
    """Reads lines, until too many of them cannot be read."""

    def __init__(self) -> None:
        self._faults = 0

    def said(self, number: int, line: bytes) -> Header | Entry | Metadata | LineFault:
        """Return what a line says; raises `_BrokenOffError` after too many faults."""
        try:
            return header(line) if number == 1 else entry(line)
        except ValueError as error:
            self._faults += 1
            if self._faults > MOST_FAULTS:
                raise _BrokenOffError(f"{MOST_FAULTS} lines cannot be read: the rest is not looked at") from error
            return LineFault(number, str(error))


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield each line without its end; raises `_BrokenOffError`."""
    rest: list[bytes] = []  # of a line that has not ended
    length = 0
    for piece in pieces:
        first, *more = piece.split(b"\n")
        rest.append(first)
        length += len(first)
        if more:
            yield b"".join(rest)
            yield from more[:-1]
            rest, length = [more[-1]], len(more[-1])
        if length > LONGEST_LINE:
            raise _BrokenOffError(f"longer than {LONGEST_LINE} bytes")
    if length:
        yield b"".join(rest)


def _with_beginning(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces, the first of them long enough to tell what they are."""
    rest = iter(pieces)
    first = b""
    for piece in rest:
        first += piece
        if len(first) >= len(GZIP):
            break
    yield first
    yield from rest


def _plain(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes as they are, or unpacked where they are gzip; raises `_BrokenOffError`."""
    unpacker = None
    packed = unpacked = 0
    for number, piece in enumerate(_with_beginning(pieces)):
        if not number and piece.startswith(GZIP):
            unpacker = zlib.decompressobj(wbits=31)
        if unpacker is None:
            yield piece
            continue
        packed += len(piece)
        while piece:
            try:
                some = unpacker.decompress(piece, PIECE)
            except zlib.error as error:
                raise _BrokenOffError(f"the gzip stream is broken ({error})") from error
            unpacked += len(some)
            if unpacked > max(LONGEST_LINE, MOST_UNPACKED * packed):
                raise _BrokenOffError(f"the gzip stream unpacks to more than {MOST_UNPACKED} times its size")
            yield some
            if unpacker.eof and unpacker.unused_data:  # several streams may follow each other
                piece, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=31)  # noqa: PLW2901
            else:
                piece = unpacker.unconsumed_tail  # noqa: PLW2901
    if unpacker and not unpacker.eof:
        raise _BrokenOffError("the gzip stream breaks off")
