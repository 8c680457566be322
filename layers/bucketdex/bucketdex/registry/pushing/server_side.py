"""Objects copied from one bucket to another inside S3, pinned to a version, with a SHA-256 that S3 computes anew."""

import threading
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from bucketdex.hashing import CHUNKED, SHA256, combined, from_sha256
from bucketdex.manifest import Hash
from bucketdex.registry.errors import PackageError
from bucketdex.registry.progress import Meter
from bucketdex.registry.pushing.references import Referred
from bucketdex.registry.s3_refusals import refused
from bucketdex.registry.sources import Stored
from bucketdex.registry.spans import read_span
from bucketdex.registry.storage.s3 import Bucket


class Copies:
    """The copies of one push; `stored` is by the number of the entry."""

    def __init__(self, bucket: Bucket, prefix: str, meter: Meter) -> None:
        self.bucket, self.s3, self.prefix, self.meter = bucket, bucket.s3, prefix, meter
        self.stored: dict[int, Stored] = {}

    def small(self, named: Referred) -> None:
        """Copy a small object; raises `PackageError`."""
        key = self.prefix + named.logical_key
        try:
            done: Any = self.s3.copy_object(
                Bucket=self.bucket.name, Key=key, CopySource=_source(named), ChecksumAlgorithm="SHA256", **_pin(named)
            )
        except ClientError as error:
            raise refused(error, f"{named.address} cannot be copied to {self.bucket.address(key)}") from error
        told = done["CopyObjectResult"].get("ChecksumSHA256")
        digest = b64decode(told) if told else self.digest_of(named, 0, named.size)
        self.done(named, key, done.get("VersionId"), from_sha256(digest, named.size) or "", digest)
        self.meter.add(named.size)

    def done(self, named: Referred, key: str, version_id: str | None, made: str, digest: bytes | None) -> None:
        """Note a copy; raises `PackageError` where its bytes are not those of its entry."""
        known = named.hash
        comparable = {CHUNKED: made, SHA256: digest.hex() if digest else None}
        if known and (value := comparable.get(known.type)) and value != known.value.lower() and value != known.value:
            raise PackageError(f"{named.logical_key}: {named.address} has not the {known.type} hash of its entry")
        address = self.bucket.address(key, version_id)
        self.stored[named.number] = Stored(address, named.size, known or Hash(CHUNKED, made), "copied")
        self.meter.add(0, 1)

    def digest_of(self, named: Referred, start: int, length: int) -> bytes:
        """Return the SHA-256 of a part of the source, read: for an S3 that does not tell it of a copy."""
        if not length:
            return sha256(b"").digest()
        return sha256(read_span(self.s3, named.pinned(), start, length)).digest()


class LargeCopy:
    """A large object that is copied by parts."""

    def __init__(self, copies: Copies, named: Referred) -> None:
        self._copies, self._named = copies, named
        self._key = copies.prefix + named.logical_key
        self._where: Any = {"Bucket": copies.bucket.name, "Key": self._key}
        self._id = ""
        self._put: dict[int, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return f"{self._named.address} cannot be copied to {self._copies.bucket.address(self._key)}"

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._named.size

    def begin(self) -> bool:
        """Open the copy."""
        self._id = self._copies.s3.create_multipart_upload(**self._where, ChecksumAlgorithm="SHA256")["UploadId"]
        return True

    def part(self, number: int, start: int, length: int) -> bytes:
        """Copy a part."""
        done: Any = self._copies.s3.upload_part_copy(
            **self._where, UploadId=self._id, PartNumber=number + 1, CopySource=_source(self._named),
            CopySourceRange=f"bytes={start}-{start + length - 1}", **_pin(self._named),
        )  # fmt: skip
        told = done["CopyPartResult"].get("ChecksumSHA256")
        digest = b64decode(told) if told else self._copies.digest_of(self._named, start, length)
        part = {"PartNumber": number + 1, "ETag": done["CopyPartResult"]["ETag"]}
        with self._lock:
            self._put[number + 1] = part | ({"ChecksumSHA256": told} if told else {})
        self._copies.meter.add(length)
        return digest

    def finish(self, digests: Sequence[bytes]) -> None:
        """Close the copy; the object is there then."""
        parts: Any = {"Parts": [self._put[number + 1] for number in range(len(digests))]}
        done: Any = self._copies.s3.complete_multipart_upload(**self._where, UploadId=self._id, MultipartUpload=parts)
        self._copies.done(self._named, self._key, done.get("VersionId"), combined(digests), None)


def _source(named: Referred) -> Any:
    version = {"VersionId": named.version_id} if named.version_id else {}
    return {"Bucket": named.bucket, "Key": named.key} | version


def _pin(named: Referred) -> Any:
    return {} if named.version_id else {"CopySourceIfMatch": named.etag}
