"""A hash of bytes that come in pieces, in constant memory."""

from hashlib import sha256

from bucketdex.hashing.algorithms import CHUNKED, SHA256, chunk_bytes, combined, crc64nvme, crc_value


class Running:
    """The hash of one type of `size` bytes that come in pieces of any length; the type has to be a verifiable one."""

    def __init__(self, type_: str, size: int) -> None:
        self._type = type_
        self._chunk = chunk_bytes(size) if type_ == CHUNKED else 0
        self._digests: list[bytes] = []
        self._current = sha256()
        self._left = self._chunk  # bytes that the current chunk still takes
        self._crc = 0

    def update(self, piece: bytes | memoryview) -> None:
        """Take the next piece."""
        if self._type == SHA256:
            self._current.update(piece)
        elif self._type == CHUNKED:
            self._into_chunks(memoryview(piece))
        else:
            self._crc = crc64nvme()(bytes(piece), self._crc)

    def _into_chunks(self, rest: memoryview) -> None:
        while rest:
            part = rest[: self._left]
            self._current.update(part)
            self._left -= len(part)
            rest = rest[len(part) :]
            if not self._left:
                self._digests.append(self._current.digest())
                self._current, self._left = sha256(), self._chunk

    def value(self) -> str:
        """Return the hash of all that has come."""
        if self._type == SHA256:
            return self._current.hexdigest()
        if self._type == CHUNKED:
            begun = [self._current.digest()] if self._left < self._chunk else []
            return combined([*self._digests, *begun])
        return crc_value(self._crc)
