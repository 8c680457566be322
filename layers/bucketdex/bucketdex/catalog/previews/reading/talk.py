"""What parent and child say to each other: frames of a length and msgpack, over two pipes.

The child asks for ranges; it has no way to S3 of its own. What it hands back holds no `Markup`: even a child that a
file has taken over can only make text, numbers and a PNG.
"""

import struct
from typing import BinaryIO, Literal

import msgspec

from bucketdex.catalog.previews.kinds import Table

type Job = Literal["parquet", "excel", "pdf"]


class Order(msgspec.Struct, frozen=True, tag="order"):
    """What to read: the first frame to the child."""

    job: Job
    size: int


class Wanted(msgspec.Struct, frozen=True, tag="wanted"):
    """A range that the child asks for."""

    offset: int
    length: int


class Got(msgspec.Struct, frozen=True, tag="got"):
    """The bytes, or why they cannot be had."""

    content: bytes = b""
    refused: str | None = None


class ReadTables(msgspec.Struct, frozen=True, tag="tables"):
    """Tables; with `more` better ones are to come."""

    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    more: bool = False


class ReadPage(msgspec.Struct, frozen=True, tag="page"):
    """The first of `pages`, as PNG."""

    png: bytes
    width: int
    height: int
    pages: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """There is nothing to show, and why. `absent`: the reader is not installed."""

    reason: str
    absent: bool = False


type FromChild = Wanted | ReadTables | ReadPage | Failed

LENGTH = struct.Struct(">I")


def send(stream: BinaryIO, message: msgspec.Struct) -> None:
    """Write a message."""
    encoded = msgspec.msgpack.encode(message)
    stream.write(LENGTH.pack(len(encoded)) + encoded)
    stream.flush()


def receive[T](stream: BinaryIO, form: type[T], most: int) -> T:
    """Read a message; raises EOFError where the other is gone, ValueError where it says what it must not."""
    (length,) = LENGTH.unpack(_exactly(stream, LENGTH.size))
    if length > most:
        raise ValueError(f"a message of {length} bytes is too long")
    return msgspec.msgpack.decode(_exactly(stream, length), type=form)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    found = stream.read(length)
    if len(found) < length:
        raise EOFError
    return found
