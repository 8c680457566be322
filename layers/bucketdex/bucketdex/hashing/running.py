"""Hashes of bytes that come in pieces, in constant memory."""

from base64 import b64encode
from hashlib import sha1, sha256
from typing import Protocol

from bucketdex.hashing.algorithms import CHUNKED, SHA1, SHA256, Piece, chunk_bytes, combined, crc, crc_value


class Running:
    """The hash of one type of `size` bytes that come in pieces of any length; the type has to be a verifiable one."""

    def __init__(self, type_: str, size: int) -> None:
        self._of = _begin(type_, size)

    def update(self, piece: Piece) -> None:
        """Take the next piece."""
        self._of.update(piece)

    def value(self) -> str:
        """Return the hash of all that has come, as manifests and S3 write it."""
        return self._of.value()


class _Begun(Protocol):
    def update(self, piece: Piece, /) -> object: ...

    def value(self) -> str: ...


class _Sha256:
    def __init__(self) -> None:
        self._current = sha256()
        self.update = self._current.update

    def value(self) -> str:
        return self._current.hexdigest()


class _Sha1:
    def __init__(self) -> None:
        self._current = sha1(usedforsecurity=False)
        self.update = self._current.update

    def value(self) -> str:
        return b64encode(self._current.digest()).decode()


class _Crc:
    def __init__(self, type_: str) -> None:
        self._type, self._go_on, self._crc = type_, crc(type_), 0

    def update(self, piece: Piece) -> None:
        self._crc = self._go_on(piece, self._crc)

    def value(self) -> str:
        return crc_value(self._type, self._crc)


class RunningChunks:
    """The SHA-256 of each chunk of what begins with a chunk of a file of `size` bytes, and goes on to any border."""

    def __init__(self, size: int) -> None:
        self._length = self._left = chunk_bytes(size)  # `_left`: what the current chunk still takes
        self._digests: list[bytes] = []
        self._current = sha256()

    def update(self, piece: Piece) -> None:
        """Take the next piece."""
        rest = memoryview(piece)
        while rest:
            part = rest[: self._left]
            self._current.update(part)
            self._left -= len(part)
            rest = rest[len(part) :]
            if not self._left:
                self._digests.append(self._current.digest())
                self._current, self._left = sha256(), self._length

    def done(self) -> tuple[bytes, ...]:
        """Return the digest of each chunk that has come as a whole."""
        return tuple(self._digests)

    def digests(self) -> tuple[bytes, ...]:
        """Return the digest of each chunk that has come, the last one perhaps short."""
        begun = (self._current.digest(),) if self._left < self._length else ()
        return (*self._digests, *begun)

    def value(self) -> str:
        """Return the hash of all that has come."""
        return combined(self.digests())


def _begin(type_: str, size: int) -> _Begun:
    if type_ == CHUNKED:
        return RunningChunks(size)
    if type_ == SHA256:
        return _Sha256()
    return _Sha1() if type_ == SHA1 else _Crc(type_)
