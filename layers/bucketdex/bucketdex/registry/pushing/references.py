"""Files that are in S3 already: referred to by one version, with their hash taken from S3 where S3 has it."""

from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from bucketdex.hashing import CHUNKED, SHA256, chunk_bytes, chunk_count, combined, from_sha256
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
    wanted = {"VersionId": where.version_id} if where.version_id else {}
    if entry.hash is None:  # with it, a key of KMS would be needed too
        wanted["ChecksumMode"] = "ENABLED"
    address = s3_uri(*where)
    try:
        found = s3.head_object(Bucket=where.bucket, Key=where.key, **wanted)
    except ClientError as error:
        raise refused(error, f"{entry.logical_key}: {address} cannot be looked at") from error
    size = int(found["ContentLength"])
    if entry.size is not None and entry.size != size:
        raise PackageError(
            f"{entry.logical_key}: {address} has {size} bytes, not the {entry.size} of its entry: set it anew"
        )
    version = found.get("VersionId")
    version = where.version_id or (version if version != "null" else None)
    named = Referred(number, entry.logical_key, where.bucket, where.key, version, found["ETag"], size, entry.hash)
    return named if entry.hash else msgspec.structs.replace(named, hash=_told(s3, named, found))


def _told(s3: Any, named: Referred, found: dict[str, Any]) -> Hash | None:
    """Return the hash that S3's own checksum makes, or None: then the bytes have to be read."""
    value, _, count = str(found.get("ChecksumSHA256", "")).partition("-")
    if not value:
        return None
    if not count and found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT" and "-" not in found["ETag"]:
        digest = b64decode(value)
        made = from_sha256(digest, named.size)
        return Hash(CHUNKED, made) if made else Hash(SHA256, digest.hex())
    if count and int(count) == chunk_count(named.size) and _parts_are_chunks(s3, named):
        return Hash(CHUNKED, value)
    return None


def _parts_are_chunks(s3: Any, named: Referred) -> bool:
    """Tell whether an object was uploaded in parts as long as chunks are; only then is its checksum the hash."""
    length, seen, after = chunk_bytes(named.size), 0, 0
    version = {"VersionId": named.version_id} if named.version_id else {}
    while seen < named.size:
        try:
            told = s3.get_object_attributes(
                Bucket=named.bucket, Key=named.key, ObjectAttributes=["ObjectParts"], PartNumberMarker=after, **version
            )
        except ClientError:  # it may be forbidden, or not known here
            return False
        parts = told.get("ObjectParts", {}).get("Parts", [])
        if not parts:
            return False
        for part in parts:
            if part["Size"] != min(length, named.size - seen):
                return False
            seen += part["Size"]
        after = parts[-1]["PartNumber"]
    return seen == named.size


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
