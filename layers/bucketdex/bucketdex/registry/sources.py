"""Files of this machine that are to be put into a registry."""

import mimetypes
import os
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.request import url2pathname

import msgspec

from bucketdex.hashing import CHUNKED, SHA256, digest_of, from_sha256, hash_file, is_verifiable
from bucketdex.manifest import Entry, Hash
from bucketdex.registry.errors import PackageError
from bucketdex.registry.foreign import refuse_foreign

How = Literal["uploaded", "copied", "referred", "skipped"]


class Source(msgspec.Struct, frozen=True):
    """A file: the number of its entry, its state now, and the hash that its entry has already."""

    number: int
    logical_key: str
    path: str
    size: int
    mtime_ns: int
    known: Hash | None


class Stored(msgspec.Struct, frozen=True):
    """Where the bytes of an entry are from now on, and how that came about."""

    address: str
    size: int
    hash: Hash
    how: How


def local_path(address: str) -> str | None:
    """Return the path that a `file://` address names, None for every other; raises `PackageError` for a foreign one."""
    if not address.startswith("file://"):
        return None
    refuse_foreign(address)
    path = address[7:].removeprefix("localhost")
    return url2pathname(path) if path.startswith("/") else None


def source_of(number: int, entry: Entry, path: str) -> Source:
    """Look at the file of an entry; raises `PackageError` where there is none, or none that S3 could name."""
    try:
        found = os.stat(path)  # noqa: PTH116, a third of the cost
    except OSError as error:
        raise PackageError(
            f"{entry.logical_key}: {path}: {error.strerror}; put it back, or set the entry anew"
        ) from error
    try:
        entry.logical_key.encode()
    except UnicodeEncodeError as error:
        raise PackageError(f"the name of {path!r} is no UTF-8: rename the file") from error
    return Source(number, entry.logical_key, path, found.st_size, found.st_mtime_ns, entry.hash)


def hash_of_small(source: Source, data: bytes) -> tuple[bytes, Hash]:
    """Return the SHA-256 of a small file, and the hash that its entry gets; raises `PackageError` where it changed."""
    digest = sha256(data).digest()
    made = from_sha256(digest, len(data))
    if made is None:  # it has grown since it was looked at
        raise changed(source)
    if source.known is None:
        return digest, Hash(CHUNKED, made)
    if is_verifiable(source.known.type) and not is_same(source.known, digest, made, data):
        raise changed(source)
    return digest, source.known


def is_same(known: Hash, digest: bytes, made: str, data: bytes) -> bool:
    """Tell whether small bytes have this hash, as far as it is of a type that can be compared."""
    if known.type == CHUNKED:
        return known.value == made
    if known.type == SHA256:
        return known.value.lower() == digest.hex()
    return is_verifiable(known.type) and known.value == digest_of(known.type, data)


def hash_of_large(source: Source, made: str) -> Hash:
    """Return the hash that the entry of a large file gets, from its `sha2-256-chunked`; raises `PackageError`."""
    if source.known is None:
        return Hash(CHUNKED, made)
    known = source.known
    if known.type == CHUNKED:
        found = made
    else:
        found = hash_file(source.path, known.type) if is_verifiable(known.type) else known.value
    if found != (known.value.lower() if known.type == SHA256 else known.value):
        raise changed(source)
    return known


def changed(source: Source) -> PackageError:
    """Return the error for a file that is not what it was when its entry was made."""
    return PackageError(
        f"{source.logical_key}: {source.path} has changed since it was looked at; "
        "set the entry anew, and push when nothing writes to the file"
    )


def check_unchanged(source: Source) -> None:
    """Raise `PackageError` if the file has been written to since it was looked at."""
    now = Path(source.path).stat()
    if (now.st_size, now.st_mtime_ns) != (source.size, source.mtime_ns):
        raise changed(source)


def content_type(path: str) -> str:
    """Return the media type that browsers should be told of a file, by its name."""
    return _type_of(os.path.splitext(path)[1].lower())  # noqa: PTH122


@lru_cache(maxsize=1024)
def _type_of(extension: str) -> str:
    return mimetypes.guess_type(f"a{extension}")[0] or "binary/octet-stream"
