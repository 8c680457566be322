"""What S3 keeps of an object's digests, and what follows from it by arithmetic: no byte of the object is read.

What a checksum is of is told by S3's ChecksumType alone. Where there is none, as with some clones, nothing follows.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from bucketdex.aws import refusals
from bucketdex.changes import Checksum
from bucketdex.hashing import CHUNKED, SHA256, chunk_bytes, combined, from_sha256

CHECKSUM_HEADER = "x-amz-checksum-"
TYPE_HEADER = "x-amz-checksum-type"
FULL, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
SHA256_BYTES = 32
ARCHIVED_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
RESTORED = 'ongoing-request="false"'
NOT_IMPLEMENTED = 501  # a clone's word for good, not of the moment


class Seen(msgspec.Struct, frozen=True):
    """What S3 says of an object without its bytes.

    `version_id` is None, or `null`, where the bucket keeps no versions; `etag` is without quotes. `archived`: it cannot
    be read before somebody restores it.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    storage_class: str = "STANDARD"
    archived: bool = False
    checksums: tuple[Checksum, ...] = ()

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"

    def is_state(self, version_id: str | None, etag: str | None) -> bool:
        """Whether this version id and etag, without quotes, are those of what was seen."""
        return (self.version_id or "null") == (version_id or "null") and self.etag == etag

    def pinned(self) -> dict[str, str]:
        """Return the parameters of a `GetObject` of just this state of it."""
        where = {"Bucket": self.bucket, "Key": self.key}
        if self.version_id and self.version_id != "null":  # the null version can be overwritten
            return where | {"VersionId": self.version_id}
        return where | {"IfMatch": f'"{self.etag}"'}


class _Part(msgspec.Struct, frozen=True):
    size: int
    sha256: bytes


def look(s3: Any, bucket: str, key: str, version_id: str | None = None, *, checksums: bool = True) -> Seen:
    """Ask S3 for an object, or one version of it, and for its checksums; raises what boto3 raises, and `Transient`.

    That is one HEAD, and where parts of an upload have a SHA-256 also `GetObjectAttributes`, a request for 1,000 parts.
    Without `checksums` no key of KMS is needed.
    """
    wanted = {"VersionId": version_id} if version_id else {}
    told = s3.head_object(Bucket=bucket, Key=key, **wanted | ({"ChecksumMode": "ENABLED"} if checksums else {}))
    storage_class = told.get("StorageClass", "STANDARD")
    restored = RESTORED in told.get("Restore", "")
    seen = Seen(
        bucket,
        key,
        told.get("VersionId"),
        told["ETag"].strip('"'),
        int(told["ContentLength"]),
        storage_class,
        archived=(storage_class in ARCHIVED_CLASSES or bool(told.get("ArchiveStatus"))) and not restored,
        checksums=from_headers(told["ResponseMetadata"]["HTTPHeaders"]),
    )
    return msgspec.structs.replace(seen, checksums=(*seen.checksums, *_combined(s3, seen)))


def from_headers(headers: Mapping[str, str]) -> tuple[Checksum, ...]:
    """Return every checksum that an answer's headers, in lower case, tell of; also types that nobody knows yet."""
    scope = headers.get(TYPE_HEADER)
    return tuple(
        _from_s3(header.removeprefix(CHECKSUM_HEADER).upper(), value, scope)
        for header, value in headers.items()
        if header.startswith(CHECKSUM_HEADER) and header != TYPE_HEADER
    )


def has_digest(checksums: Iterable[Checksum]) -> bool:
    """Tell whether one is a SHA-256 of the full object, or its `sha2-256-chunked`."""
    return any(it.type == CHUNKED or is_plain_sha256(it) for it in checksums)


def is_plain_sha256(it: Checksum) -> bool:
    """Tell whether a checksum is a SHA-256 of the full object, in hex."""
    if it.type != SHA256:
        return False
    return it.origin != "s3" or (it.scope == FULL and len(it.value) == 2 * SHA256_BYTES)


def _from_s3(kind: str, value: str, scope: str | None) -> Checksum:
    if kind == SHA256 and scope == FULL and (digest := _decoded(value)):
        value = digest.hex()
    return Checksum(kind, value, "s3", scope)


def _decoded(value: str) -> bytes | None:
    try:
        digest = b64decode(value, validate=True)
    except ValueError:
        return None
    return digest if len(digest) == SHA256_BYTES else None


def _combined(s3: Any, seen: Seen) -> Iterator[Checksum]:
    """Yield what follows from the SHA-256 that S3 keeps of the object, or of the parts that it was uploaded in."""
    for it in seen.checksums:
        if it.type != SHA256:
            continue
        if it.scope == FULL and len(it.value) == 2 * SHA256_BYTES:
            made = from_sha256(bytes.fromhex(it.value), seen.size)
            if made:
                yield Checksum(CHUNKED, made, "combined")
        elif it.scope == COMPOSITE:
            yield from _of_parts(_parts(s3, seen), seen.size, it.value)


def _of_parts(parts: list[_Part], size: int, composite: str) -> Iterator[Checksum]:
    digests = [part.sha256 for part in parts]
    whole = b64encode(sha256(b"".join(digests)).digest()).decode()
    if not parts or sum(part.size for part in parts) != size or not composite.startswith(whole):
        return  # they are not all there, or not those of this object
    if len(parts) == 1:
        yield Checksum(SHA256, digests[0].hex(), "combined")
        if made := from_sha256(digests[0], size):
            yield Checksum(CHUNKED, made, "combined")
        return
    length = chunk_bytes(size)
    if all(part.size == length for part in parts[:-1]) and 0 < parts[-1].size <= length:  # the last may be empty
        yield Checksum(CHUNKED, combined(digests), "combined")


def _parts(s3: Any, seen: Seen) -> list[_Part]:
    """Return the parts that an object was uploaded in, as far as they may be chunks; none that S3 does not tell."""
    version = {"VersionId": seen.version_id} if seen.version_id else {}
    found: list[_Part] = []
    length, after = chunk_bytes(seen.size), 0
    while True:
        try:
            told = s3.get_object_attributes(
                Bucket=seen.bucket, Key=seen.key, ObjectAttributes=["ETag", "ObjectParts"], PartNumberMarker=after,
                **version,
            )  # fmt: skip
        except ClientError as error:
            if refusals.status(error) != NOT_IMPLEMENTED:
                refusals.raise_if_transient(error, seen.bucket, seen.key)
            return []  # it may be forbidden, or not known to a clone
        except ResponseParserError:  # of a clone that answers as if the object were asked for
            return []
        of_parts = told.get("ObjectParts", {})
        parts = of_parts.get("Parts", [])
        if told.get("ETag", "").strip('"') != seen.etag or not parts or parts[0]["PartNumber"] <= after:
            return []
        for part in parts:
            digest = _decoded(part.get("ChecksumSHA256", ""))
            if digest is None:
                return []
            found.append(_Part(int(part["Size"]), digest))
        if not of_parts.get("IsTruncated") or any(part.size != length for part in found[-len(parts) :]):
            return found
        after = parts[-1]["PartNumber"]
