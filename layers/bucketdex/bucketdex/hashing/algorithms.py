"""The types of hashes that manifests hold, and what each makes of bytes.

| type | value |
|---|---|
| `SHA256` | SHA-256 in hex |
| `sha2-256-chunked` | SHA-256 of the chunks' SHA-256 digests one after the other, in base64; also where there is one chunk. Of nothing: SHA-256 of nothing |
| `CRC64NVME`, `CRC32C` | as S3 writes them, in base64; only where the package `awscrt` is installed |
| `CRC32`, `SHA1` | as S3 writes them, in base64 |
"""  # noqa: E501, a table

import importlib.util
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache, partial
from hashlib import sha1, sha256

type Piece = bytes | bytearray | memoryview

SHA256 = "SHA256"
CHUNKED = "sha2-256-chunked"  # what the reference client writes today, and we
CRC64NVME = "CRC64NVME"
CRC32C = "CRC32C"
CRC32 = "CRC32"
SHA1 = "SHA1"

FIRST_CHUNK_BYTES = 8 * 1024 * 1024
MOST_CHUNKS = 10_000  # as many parts as an upload to S3 can have

NOTHING = b64encode(sha256(b"").digest()).decode()


def chunk_bytes(size: int) -> int:
    """Return the length of a chunk of a file of that many bytes: 8 MiB, doubled until there are at most 10,000."""
    length = FIRST_CHUNK_BYTES
    while length * MOST_CHUNKS < size:
        length *= 2
    return length


def chunk_count(size: int) -> int:
    """Return how many chunks a file of that many bytes has; an empty one has none."""
    return -(-size // chunk_bytes(size))


def combined(digests: Iterable[bytes]) -> str:
    """Return the `sha2-256-chunked` of what has chunks with these SHA-256 digests, in order."""
    return b64encode(sha256(b"".join(digests)).digest()).decode()


def from_sha256(digest: bytes, size: int) -> str | None:
    """Return the `sha2-256-chunked` of what has this plain SHA-256, or None where it has more than one chunk."""
    if size > FIRST_CHUNK_BYTES:
        return None
    return combined((digest,)) if size else NOTHING


def chunked(data: bytes) -> str:
    """Return the `sha2-256-chunked` of bytes."""
    length = chunk_bytes(len(data))
    view = memoryview(data)
    return combined(sha256(view[start : start + length]).digest() for start in range(0, len(data), length))


def _hex(data: bytes) -> str:
    return sha256(data).hexdigest()


def _sha1(data: bytes) -> str:
    return b64encode(sha1(data, usedforsecurity=False).digest()).decode()


def _crc(type_: str, data: bytes) -> str:
    return crc_value(type_, crc(type_)(data, 0))


def crc_value(type_: str, checksum: int) -> str:
    """Return a CRC as S3 and manifests write it."""
    return b64encode(checksum.to_bytes(8 if type_ == CRC64NVME else 4, "big")).decode()


@cache
def crc(type_: str) -> Callable[[Piece, int], int]:
    """Return the function that continues a CRC; raises `ImportError` where it needs `awscrt`, which is not there."""
    if type_ == CRC32:
        return zlib.crc32
    from awscrt import checksums  # noqa: PLC0415, an optional part of botocore

    function: Callable[[Piece, int], int] = checksums.crc64nvme if type_ == CRC64NVME else checksums.crc32c
    return function


OF_AWSCRT = (CRC64NVME, CRC32C)
_OF_BYTES: dict[str, Callable[[bytes], str]] = {
    SHA256: _hex,
    CHUNKED: chunked,
    **{type_: partial(_crc, type_) for type_ in (CRC64NVME, CRC32C, CRC32)},
    SHA1: _sha1,
}


@cache
def agrees(type_: str, said: str, found: str) -> bool:
    """Tell whether the value that a manifest has for a hash is the one that was computed; hex may be in capitals."""
    return found == (said.lower() if type_ == SHA256 else said)


def is_verifiable(type_: str) -> bool:
    """Tell whether bytes can be compared here with a hash of this type."""
    return type_ in _OF_BYTES and (type_ not in OF_AWSCRT or importlib.util.find_spec("awscrt") is not None)


def digest_of(type_: str, data: bytes) -> str:
    """Return the hash of bytes; the type has to be a verifiable one."""
    return _OF_BYTES[type_](data)
