"""A manifest as a stream of lines: header, entries and directory metadata in the order they stand in, and faults.

Memory does not grow with the length of the manifest, only with its longest line, which has a limit.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bucketdex.manifest.lines import Entry, Header, LineFault, Metadata, entry, header

GZIP = b"\x1f\x8b"
LONGEST_LINE = 64 * 1024 * 1024  # bytes; the reference client refuses to write more than 1 MB, old ones did not


class Line(NamedTuple):
    """A line by its number (from 1), where it begins in the (unpacked) manifest, as it stands, and what it says."""

    number: int
    offset: int
    raw: bytes
    said: Header | Entry | Metadata | LineFault


def read(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Yield what each line of a manifest says; `pieces` are its bytes in whatever portions, plain or as gzip.

    A line that cannot be read is a `LineFault`, and the next line goes on. A manifest that breaks off ends with one.
    """
    offset = 0
    number = 0
    for number, found in enumerate(_lines(_plain(pieces)), 1):
        if isinstance(found, str):
            yield Line(number, offset, b"", LineFault(number, found))
            return
        yield Line(number, offset, found, _said(number, found))
        offset += len(found) + 1
    if not number:
        yield Line(1, 0, b"", LineFault(1, "the manifest is empty"))


def _said(number: int, line: bytes) -> Header | Entry | Metadata | LineFault:
    try:
        return header(line) if number == 1 else entry(line)
    except ValueError as error:
        return LineFault(number, str(error))


def _lines(pieces: Iterable[bytes | str]) -> Iterator[bytes | str]:
    """Yield each line without its end; a string says why there are no more."""
    rest: list[bytes] = []  # of a line that has not ended
    length = 0
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
            return
        first, *more = piece.split(b"\n")
        rest.append(first)
        length += len(first)
        if more:
            yield b"".join(rest)
            yield from more[:-1]
            rest, length = [more[-1]], len(more[-1])
        if length > LONGEST_LINE:
            yield f"longer than {LONGEST_LINE} bytes"
            return
    if length:
        yield b"".join(rest)


def _plain(pieces: Iterable[bytes]) -> Iterator[bytes | str]:
    """Yield the bytes as they are, or unpacked where they are gzip."""
    unpacker = None
    begun = False
    for piece in pieces:
        if not begun and piece:
            begun = True
            unpacker = zlib.decompressobj(wbits=31) if piece.startswith(GZIP) else None
        if unpacker is None:
            yield piece
            continue
        while piece:
            try:
                yield unpacker.decompress(piece, LONGEST_LINE)
            except zlib.error as error:
                yield f"the gzip stream is broken ({error})"
                return
            if unpacker.eof and unpacker.unused_data:  # several streams may follow each other
                piece, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=31)  # noqa: PLW2901
            else:
                piece = unpacker.unconsumed_tail  # noqa: PLW2901
    if unpacker and not unpacker.eof:
        yield "the gzip stream breaks off"
