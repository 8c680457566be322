"""Files of this machine put into a bucket: read once, hashed in that pass, with a SHA-256 that S3 compares and keeps.

What is there already is not put again. That is known from the package's revision before, or from S3's own checksum of
the object at that key.
"""

import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import md5, sha256
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from bucketdex.aws import refusals
from bucketdex.aws.quick_s3 import QuickS3
from bucketdex.hashing import CHUNKED, chunk_count, combined, from_sha256, hash_files
from bucketdex.manifest import Entry, Hash
from bucketdex.registry.progress import Meter
from bucketdex.registry.pushing.journal import Journal, Landed, Parts
from bucketdex.registry.s3_refusals import refused
from bucketdex.registry.sources import (
    Source,
    Stored,
    changed,
    check_unchanged,
    content_type,
    hash_of_large,
    hash_of_small,
    is_same,
)
from bucketdex.registry.storage.s3 import Bucket


class Taken(NamedTuple):
    """The sizes of the objects at the keys to put at; None where that was too much to list."""

    sizes: dict[str, int] | None

    def may_hold(self, key: str, size: int) -> bool:
        """Tell whether there may be an object of that size."""
        return self.sizes is None or self.sizes.get(key) == size


class Uploads:
    """The uploads of one push. `prefix` is what all keys begin with, `before` the entries of the revision before."""

    def __init__(
        self,
        bucket: Bucket,
        prefix: str,
        *,
        before: Mapping[str, Entry],
        taken: Taken,
        parts: Mapping[str, Parts],
        journal: Journal,
        meter: Meter,
    ) -> None:
        self.bucket, self.s3 = bucket, quick(bucket)
        self.prefix, self.before, self.taken, self.parts = prefix, before, taken, parts
        self.journal, self.meter = journal, meter
        self.stored: dict[int, Stored] = {}  # by the number of the entry

    def small(self, source: Source) -> None:
        """Put a small file; raises `PackageError`, or `Transient` where S3 may take it later."""
        try:
            self._small(source)
        except ClientError as error:
            raise refused(error, f"{source.path} cannot be put at {self.bucket.address(self.prefix)}") from error

    def _small(self, source: Source) -> None:
        with open(source.path, "rb", buffering=0) as file:  # noqa: PTH123, half the cost
            data = file.readall()
        digest, made = hash_of_small(source, data)
        known = self.before.get(source.logical_key)
        if known and known.size == len(data) and known.hash and _same(known.hash, digest, data):
            self.done(source, Stored(known.physical_keys[0], len(data), source.known or known.hash, "skipped"))
            return
        key = self.prefix + source.logical_key
        there = self.there(key, len(data), b64encode(digest).decode())
        if there is not None:
            self.done(source, Stored(there, len(data), made, "skipped"))
            return
        put = self.s3.put(self.bucket.name, key, data, digest, content_type(source.path))
        self.done(source, Stored(self.bucket.address(key, put.version_id), len(data), made, "uploaded"))

    def there(self, key: str, size: int, checksum: str) -> str | None:
        """Return the address of the object at the key if it has that size, and that SHA-256 by S3's own account.

        The checksum is S3's: of the bytes, or for what has parts as long as chunks, of the parts' digests.
        """
        found = self.claimed(key, size)
        return found[1] if found and found[0] == checksum else None

    def claimed(self, key: str, size: int) -> tuple[str, str] | None:
        """Return the SHA-256 that S3 has of the object at the key, and its address, if it has that size."""
        if not self.taken.may_hold(key, size):
            return None
        try:
            found: Any = self.s3.head_object(Bucket=self.bucket.name, Key=key, ChecksumMode="ENABLED")
        except ClientError:  # mostly it is not there; whatever it is, the upload shows it
            return None
        told, _, count = str(found.get("ChecksumSHA256", "")).partition("-")
        if not told or found["ContentLength"] != size or (count and int(count) != chunk_count(size)):
            return None
        return told, self.bucket.address(key, found.get("VersionId"))

    def done(self, source: Source, stored: Stored, counted: int = 0) -> None:
        """Note that a file is where it belongs; `counted` of its bytes the progress has already."""
        self.journal.note(
            Landed(source.logical_key, source.path, source.size, source.mtime_ns, stored.hash, stored.address)
        )
        self.stored[source.number] = stored
        self.meter.add(stored.size - counted, 1)


class LargeUpload:
    """A large file that is put by parts; one that was interrupted goes on with the parts that S3 has not."""

    def __init__(self, uploads: Uploads, source: Source) -> None:
        self._uploads, self._source = uploads, source
        self._key = uploads.prefix + source.logical_key
        self._where = {"Bucket": uploads.bucket.name, "Key": self._key}
        self._id = ""
        self._put: dict[int, dict[str, Any]] = {}  # number from 1 -> what S3 says of the part
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return f"{self._source.path} cannot be put at {self._uploads.bucket.address(self._key)}"

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._source.size

    def begin(self) -> bool:
        """Return whether anything of it has to be put, and open the upload."""
        if self._is_there():
            return False
        if not self._resumed():
            opened = self._uploads.s3.create_multipart_upload(
                **self._where, ChecksumAlgorithm="SHA256", ContentType=content_type(self._source.path)
            )
            self._id = opened["UploadId"]
            source = self._source
            self._uploads.journal.note(
                Parts(source.logical_key, source.path, source.size, source.mtime_ns, self._key, self._id)
            )
        return True

    def part(self, number: int, start: int, length: int) -> bytes:
        """Put a part, if S3 has not got it, and return its SHA-256."""
        with open(self._source.path, "rb", buffering=0) as file:  # noqa: PTH123
            file.seek(start)
            data = file.read(length)
        if len(data) != length:
            raise changed(self._source)
        digest = sha256(data).digest()
        checksum = b64encode(digest).decode()
        put = self._put.get(number + 1)
        if put is None or not _is_part(put, data, checksum):
            put = self._uploads.s3.upload_part(
                **self._where, UploadId=self._id, PartNumber=number + 1, Body=data, ChecksumSHA256=checksum
            )
        with self._lock:
            self._put[number + 1] = {"PartNumber": number + 1, "ETag": put["ETag"], "ChecksumSHA256": checksum}
        self._uploads.meter.add(length)
        return digest

    def finish(self, digests: Sequence[bytes]) -> None:
        """Close the upload; the object is there then."""
        try:
            check_unchanged(self._source)
            made = hash_of_large(self._source, combined(digests))
        except Exception:  # the parts are of no use
            self._uploads.s3.abort_multipart_upload(**self._where, UploadId=self._id)
            raise
        parts = [self._put[number + 1] for number in range(len(digests))]
        done: Any = self._uploads.s3.complete_multipart_upload(
            **self._where, UploadId=self._id, MultipartUpload={"Parts": parts}
        )
        address = self._uploads.bucket.address(self._key, done.get("VersionId"))
        self._uploads.done(self._source, Stored(address, self.size, made, "uploaded"), counted=self.size)

    def _is_there(self) -> bool:
        """Tell whether the bytes are where they belong already; the file is read for that only if they may be."""
        source, uploads = self._source, self._uploads
        known = uploads.before.get(source.logical_key)
        before = known if known and known.size == source.size and known.hash and known.hash.type == CHUNKED else None
        claimed = None if before else uploads.claimed(self._key, self.size)
        if not before and not claimed:
            return False
        made = hash_files([(source.path, source.size)])[0]
        check_unchanged(source)
        if before and before.hash and before.hash.value == made:
            address = before.physical_keys[0]
        elif claimed and claimed[0] == made:
            address = claimed[1]
        else:
            return False
        uploads.done(source, Stored(address, source.size, hash_of_large(source, made), "skipped"))
        return True

    def _resumed(self) -> bool:
        """Go on with the upload that was interrupted, if it was of this file as it is now."""
        source, begun = self._source, self._uploads.parts.get(self._source.logical_key)
        if begun is None or (begun.source, begun.size, begun.mtime_ns, begun.key) != (
            source.path, source.size, source.mtime_ns, self._key,
        ):  # fmt: skip
            return False
        pages = self._uploads.s3.get_paginator("list_parts").paginate(**self._where, UploadId=begun.upload_id)
        try:
            self._put = {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
        except ClientError as error:
            if refusals.code(error) != "NoSuchUpload":
                raise
            return False
        self._id = begun.upload_id
        return True


def quick(bucket: Bucket) -> QuickS3:
    """Return the quick client of a bucket."""
    s3: object = bucket.s3
    return s3 if isinstance(s3, QuickS3) else QuickS3(bucket.s3, None)


def _same(known: Hash, digest: bytes, data: bytes) -> bool:
    made = from_sha256(digest, len(data))
    return made is not None and is_same(known, digest, made, data)


def _is_part(put: Mapping[str, Any], data: bytes, checksum: str) -> bool:
    if told := put.get("ChecksumSHA256"):
        return bool(told == checksum)
    return bool(put["ETag"].strip('"') == md5(data, usedforsecurity=False).hexdigest())
