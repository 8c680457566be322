"""Files that are in S3 already: referred to by one version, with their hash from S3 or the index where they have it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from bucketdex.changes import Checksum
from bucketdex.digests import kept
from bucketdex.hashing import CHUNKED, SHA256, combined
from bucketdex.manifest import Entry, Hash
from bucketdex.manifest.layout import Physical, s3_uri
from bucketdex.registry.errors import PackageError
from bucketdex.registry.progress import Meter
from bucketdex.registry.s3_refusals import refused
from bucketdex.registry.sources import Stored
from bucketdex.registry.spans import read_span


class Referred(msgspec.Struct, frozen=True):
    """An object that an entry names: pinned by its version, or by its etag where versions are not kept."""

    number: int  # of the entry
    logical_key: str
    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    hash: Hash | None

    @property
    def address(self) -> str:
        """Its address, with the version."""
        return s3_uri(self.bucket, self.key, self.version_id)

    def pinned(self) -> dict[str, str]:
        """Return the parameters of a `GetObject` of just this state of it."""
        version = {"VersionId": self.version_id} if self.version_id else {"IfMatch": self.etag}
        return {"Bucket": self.bucket, "Key": self.key} | version

    def stored(self) -> Stored:
        """Return it as what an entry refers to; it has to have its hash."""
        assert self.hash is not None  # noqa: S101, who calls saw to it
        return Stored(self.address, self.size, self.hash, "referred")


def look(s3: Any, number: int, entry: Entry, where: Physical) -> Referred:
    """Ask S3 for what an entry does not tell of its object; raises `PackageError` where it is not what it tells."""
    address = s3_uri(*where)
    try:
        # Where the hash is known, no checksums are asked for.
        seen = kept.look(s3, where.bucket, where.key, where.version_id, checksums=entry.hash is None)
    except ClientError as error:
        raise refused(error, f"{entry.logical_key}: {address} cannot be looked at") from error
    if entry.size is not None and entry.size != seen.size:
        raise PackageError(
            f"{entry.logical_key}: {address} has {seen.size} bytes, not the {entry.size} of its entry: set it anew"
        )
    version = where.version_id or (seen.version_id if seen.version_id != "null" else None)
    known = entry.hash or hash_of(seen.checksums)
    return Referred(number, entry.logical_key, where.bucket, where.key, version, f'"{seen.etag}"', seen.size, known)


def hash_of(checksums: Sequence[Checksum]) -> Hash | None:
    """Return the hash that an entry gets from what is known of its object, or None: then the bytes have to be read."""
    # What the bytes have comes before what S3 says of them.
    checksums = sorted(checksums, key=lambda it: it.origin != "computed")
    chunked = (Hash(CHUNKED, it.value) for it in checksums if it.type == CHUNKED)
    plain = (Hash(SHA256, it.value) for it in checksums if kept.is_plain_sha256(it))
    return next(chunked, None) or next(plain, None)


class Reading:
    """An object whose bytes are read for their hash, by parts."""

    def __init__(self, s3: Any, named: Referred, stored: dict[int, Stored], meter: Meter) -> None:
        self._s3, self._named, self._stored, self._meter = s3, named, stored, meter

    def __str__(self) -> str:
        return f"{self._named.logical_key}: {self._named.address} cannot be read for its hash"

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._named.size

    def begin(self) -> bool:
        """Return whether there is anything to read."""
        if not self.size:
            self.finish(())
        return self.size > 0

    def part(self, number: int, start: int, length: int) -> bytes:  # noqa: ARG002
        """Read a part."""
        data = read_span(self._s3, self._named.pinned(), start, length)
        if len(data) != length:
            raise PackageError(f"{self}: it ends too early")
        self._meter.add(length)
        return sha256(data).digest()

    def finish(self, digests: Sequence[bytes]) -> None:
        """Note the hash."""
        made = Hash(CHUNKED, combined(digests))
        self._stored[self._named.number] = msgspec.structs.replace(self._named, hash=made).stored()
        self._meter.add(0, 1)
