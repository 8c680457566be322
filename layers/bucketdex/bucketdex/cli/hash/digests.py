"""The digests of a file, of standard input, or of an object, whichever kinds are wanted, in one pass over the bytes."""

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Collection
from typing import IO, Any

import msgspec

from bucketdex.cli.failures import RefusedError
from bucketdex.hashing import CHUNKED, CRC64NVME, SHA256, hash_open, is_verifiable, steps
from bucketdex.manifest.layout import Physical

STDIN = "-"
NOT_FOUND = 404
COPIED_BYTES = 1024 * 1024

type Each = Callable[[int], object]  # is told how many bytes more are done


class AbsentError(RefusedError):
    """There is no such object."""


class Hashed(msgspec.Struct, frozen=True):
    """The digests (type -> value) of `size` bytes; of an object also its version, and where each digest is from."""

    size: int
    values: dict[str, str]
    version_id: str | None = None
    etag: str | None = None
    origins: dict[str, str] = {}


def kinds() -> tuple[str, ...]:
    """Return the kinds that can be computed here, in the order in which they are shown."""
    return tuple(kind for kind in (SHA256, CHUNKED, CRC64NVME) if is_verifiable(kind))


def of_file(path: str, types: Collection[str], each: Each) -> Hashed:
    """Return the digests of a file, or of standard input (`-`); raises `OSError` and `RefusedError`."""
    if path == STDIN:
        return _of_stream(sys.stdin.buffer, types, each)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123, paths are names as they were given
        it = os.fstat(file.fileno())
        if stat.S_ISREG(it.st_mode) and it.st_size:
            return _of_open(file, types, each)
        return _of_stream(file, types, each)  # also of /proc, whose files say that they have no bytes


def of_object(s3: Any, at: Physical, types: Collection[str], each: Each, *, read: bool) -> Hashed:
    """Return the digests of an object: what S3 keeps of it, and with `read` the rest by reading it once.

    Raises what boto3 raises, `Fault`, `RefusedError`, and of these `AbsentError`.
    """
    from botocore.exceptions import ClientError

    from bucketdex.aws import refusals
    from bucketdex.digests import kept
    from bucketdex.digests.reading import Abandoned, digest_object

    try:
        seen = kept.look(s3, at.bucket, at.key, at.version_id)
    except ClientError as error:
        if refusals.status(error) != NOT_FOUND:
            raise
        version = f" with the version {at.version_id}" if at.version_id else ""
        raise AbsentError(f"there is no object s3://{at.bucket}/{at.key}{version}, or no such bucket") from error
    whole = [it for it in seen.checksums if it.type == CHUNKED or kept.is_plain_sha256(it) or it.scope == kept.FULL]
    known = {it.type: it for it in whole if it.type in types}
    values, origins = {it.type: it.value for it in known.values()}, {it.type: it.origin for it in known.values()}
    missing = [type_ for type_ in types if type_ not in known]
    if read and missing:
        if seen.archived:
            raise RefusedError(f"{seen.uri} is archived ({seen.storage_class}): restore it, or ask with --no-read")
        try:
            found = digest_object(s3, seen, missing, each=steps(each))
        except Abandoned as error:
            raise RefusedError(f"{error}; ask again") from error
        values |= found
        origins |= dict.fromkeys(found, "computed")
    order = [type_ for type_ in types if type_ in values]
    version_id = seen.version_id if seen.version_id != "null" else None
    return Hashed(seen.size, {it: values[it] for it in order}, version_id, seen.etag, {it: origins[it] for it in order})


def _of_stream(stream: IO[bytes], types: Collection[str], each: Each) -> Hashed:
    """Keep what comes until it ends: how long the chunks are follows from the size."""
    with tempfile.TemporaryFile() as kept:
        while piece := stream.read(COPIED_BYTES):
            kept.write(piece)
        kept.flush()
        return _of_open(kept, types, each)


def _of_open(file: IO[bytes], types: Collection[str], each: Each) -> Hashed:
    found = hash_open(file, types, each)
    return Hashed(os.fstat(file.fileno()).st_size, {type_: found.values[type_] for type_ in types})
