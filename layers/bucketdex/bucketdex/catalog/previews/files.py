"""A source as a file that readers of formats can seek in."""

import io
from typing import Protocol

from bucketdex.catalog.previews.errors import CannotReadError

BLOCK_BYTES = 64 * 1024  # readers ask for 4 bytes here and 8 there; S3 is asked for blocks
KEPT_BLOCKS = 8


class Ranges(Protocol):
    """What can be read in ranges; raises `CannotReadError`."""

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes from `offset`."""
        ...


class RangedFile(io.RawIOBase):
    """Reads blocks of a source and keeps the last few."""

    def __init__(self, source: Ranges, block: int = BLOCK_BYTES) -> None:
        super().__init__()
        self._source = source
        self._at = 0
        self._block_bytes = block
        self._blocks: dict[int, bytes] = {}

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be sought in."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        if start + offset < 0:
            raise ValueError("a file has no bytes before its first")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes from the position on."""
        left = max(0, self._source.size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        found = self._source.read(self._at, wanted) if wanted > self._block_bytes else self._from_blocks(wanted)
        self._at += len(found)
        return found

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def _from_blocks(self, wanted: int) -> bytes:
        end = self._at + wanted
        pieces = [self._block(at) for at in range(self._at // self._block_bytes, -(-end // self._block_bytes))]
        start = self._at % self._block_bytes
        return b"".join(pieces)[start : start + wanted]

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            while len(self._blocks) >= KEPT_BLOCKS:
                self._blocks.pop(next(iter(self._blocks)))
            start = number * self._block_bytes
            length = min(self._block_bytes, self._source.size - start)
            found = self._source.read(start, length)
            if len(found) < length:
                raise CannotReadError("the file ends before its size says so")
            self._blocks[number] = found
        return self._blocks[number]
