"""What moto's S3 does otherwise than AWS about checksums, put right: every object has one, and parts have theirs.

A checksum that is sent with an object is taken without a look at the bytes (AWS: 400), so that a test can have S3 claim
a checksum which the bytes do not have. Left as moto has it: checksums in the answers that list parts or complete an
upload, parts read by their number, and uploads that ask for what AWS does not have (SHA-256 of the full object in
parts, composite CRC64NVME).
"""

import base64
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from awscrt import checksums as crt
from moto.core.responses import ActionResult
from moto.s3 import models, responses, utils
from moto.s3.models import FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import S3Response

FULL_OBJECT, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
UNASKED = "CRC64NVME"  # what AWS gives an object that comes without a checksum
MOST_PARTS = 1000  # in one answer
TRAILER_BYTES = 512  # more than a trailing checksum takes

moto_compute, moto_put, moto_copy = utils.compute_checksum, S3Response.put_object, S3Backend.copy_object
moto_complete, moto_complete_upload = FakeMultipart.complete, S3Backend.complete_multipart_upload


class Part(NamedTuple):
    """A part of a completed upload, and its checksum in Base64."""

    number: int
    size: int
    checksum: str


def install() -> None:
    """Put the functions of this module into moto's place."""
    for owner, name, function in (
        (utils, "compute_checksum", compute_checksum),
        (models, "compute_checksum", compute_checksum),
        (responses, "compute_checksum", compute_checksum),
        (S3Response, "_get_checksum", sent_checksum),
        (S3Response, "put_object", put_object),
        (S3Response, "get_object_attributes", get_object_attributes),
        (S3Backend, "copy_object", copy_object),
        (FakeMultipart, "complete", complete),
        (S3Backend, "complete_multipart_upload", complete_multipart_upload),
    ):
        setattr(owner, name, function)


def compute_checksum(body: bytes, algorithm: str, encode_base64: bool = True) -> bytes:
    """AWS: CRC32C is not CRC32, which moto takes without a library that is not here."""
    if algorithm != "CRC32C":
        return moto_compute(body, algorithm, encode_base64)
    value = crt.crc32c(body).to_bytes(4, "big")
    return base64.b64encode(value) if encode_base64 else value


def sent_checksum(self: S3Response, response_headers: dict[str, Any]) -> tuple[str, str | None]:
    """AWS: the header of a checksum says which it is, before the body or after it; no other header is needed."""
    trailer = self.headers.get("x-amz-trailer", "")
    named = (it for it in ALGORITHMS if (header := f"x-amz-checksum-{it.lower()}") in self.headers or header == trailer)
    algorithm = self.headers.get("x-amz-sdk-checksum-algorithm", "").upper() or next(named, "")
    if not algorithm:
        return "", None
    header = f"x-amz-checksum-{algorithm.lower()}"
    value = self.headers.get(header)
    if value is None and trailer:
        told = re.search(rb"x-amz-checksum-\w+:([A-Za-z0-9+/=]+)", self.raw_body[-TRAILER_BYTES:])
        value = told and told[1].decode()
    value = value or compute_checksum(self.body or b"", algorithm).decode()
    response_headers[header] = value
    return algorithm, value


def put_object(self: S3Response) -> Any:
    """AWS: an object that comes without a checksum is given one."""
    status, headers, body = moto_put(self)
    key = current(self.backend, self.bucket_name, self.parse_key_name())
    if key.checksum_value is None:
        give(key, UNASKED)
    key.checksum_type = FULL_OBJECT
    return status, headers | checksum_headers(key), body


def copy_object(self: S3Backend, src_key: FakeKey, dest_bucket_name: str, dest_key_name: str, **options: Any) -> None:
    """AWS: a copy is one object with a checksum of its own, in however many parts its source was uploaded."""
    moto_copy(self, src_key, dest_bucket_name, dest_key_name, **options)
    key = current(self, dest_bucket_name, dest_key_name)
    key.multipart = None
    give(key, src_key.checksum_algorithm or UNASKED)


def complete(self: FakeMultipart, body: Iterator[tuple[int, str]]) -> Any:
    """AWS: knows from now on how long each part was, and its checksum where those make up the object's."""
    named = list(body)
    _, _, checksum = done = moto_complete(self, iter(named))
    algorithm: str = self.metadata.get("x-amz-checksum-algorithm") or UNASKED
    parts = [(number, self.parts[number]) for number, _ in named]
    composite = checksum is not None and checksum[0] == COMPOSITE
    self.completed = tuple(  # type: ignore[attr-defined]  # more than moto knows of an upload
        Part(number, part.size, compute_checksum(part.value, algorithm).decode() if composite else "")
        for number, part in parts
    )
    return done


def complete_multipart_upload(self: S3Backend, *arguments: Any) -> FakeKey | None:
    """AWS: the object keeps what is known of its parts."""
    key: Any = moto_complete_upload(self, *arguments)
    if key is not None:
        key.checksum_algorithm = key.multipart.metadata.get("x-amz-checksum-algorithm") or UNASKED
        for name in ("x-amz-checksum-algorithm", "x-amz-checksum-type"):  # which moto takes for metadata
            key.metadata.pop(name, None)
    return key  # type: ignore[no-any-return]  # moto's key


def get_object_attributes(self: S3Response) -> Any:
    """AWS: tells the parts of a multipart upload with their checksums, or else how many there were."""
    key, not_modified = self._get_key(validate_storage_class=False)
    headers = self._get_cors_headers_other()
    if not_modified:
        return 304, headers, ""
    if key.version_id != "null":
        headers["x-amz-version-id"] = key.version_id
    wanted = {name.strip() for name in self.headers.get("x-amz-object-attributes", "").split(",")}
    checksum = {f"Checksum{key.checksum_algorithm}": key.checksum_value, "ChecksumType": key.checksum_type}
    result = {
        "LastModified": key.last_modified,
        "ETag": key.etag.strip('"') if "ETag" in wanted else None,
        "Checksum": checksum if "Checksum" in wanted and key.checksum_value else None,
        "ObjectParts": object_parts(self, key) if "ObjectParts" in wanted else None,
        "ObjectSize": key.size if "ObjectSize" in wanted else None,
        "StorageClass": key.storage_class if "StorageClass" in wanted else None,
    }
    self.data["Action"] = "GetObjectAttributes"
    status, answer_headers, body = self.serialized(ActionResult(result))
    return status, answer_headers | headers, body


def object_parts(self: S3Response, key: Any) -> dict[str, Any] | None:
    """Return `ObjectParts` for the page that is asked for, or None for what was not uploaded in parts."""
    parts: tuple[Part, ...] = getattr(key.multipart, "completed", ())
    if not parts or key.checksum_type != COMPOSITE:
        return {"TotalPartsCount": len(parts)} if parts else None
    after = int(self.headers.get("x-amz-part-number-marker") or 0)
    most = min(int(self.headers.get("x-amz-max-parts") or MOST_PARTS), MOST_PARTS)
    following = [part for part in parts if part.number > after]
    told = following[:most]
    return {
        "TotalPartsCount": len(parts),
        "PartNumberMarker": after,
        "NextPartNumberMarker": told[-1].number if told else after,
        "MaxParts": most,
        "IsTruncated": len(following) > len(told),
        "Parts": [
            {"PartNumber": part.number, "Size": part.size, f"Checksum{key.checksum_algorithm}": part.checksum}
            for part in told
        ],
    }


def checksum_headers(key: FakeKey) -> dict[str, str]:
    """Return the headers that tell an object's checksum: a composite one with the number of parts behind it."""
    if not (key.checksum_algorithm and key.checksum_value):
        return {}
    parts = f"-{key.checksum_parts}" if key.checksum_type == COMPOSITE else ""
    name = f"x-amz-checksum-{key.checksum_algorithm.lower()}"
    return {name: f"{key.checksum_value}{parts}", "x-amz-checksum-type": key.checksum_type or FULL_OBJECT}


def give(key: FakeKey, algorithm: str) -> None:
    """Give an object the checksum of its bytes."""
    key.checksum_algorithm, key.checksum_type, key.checksum_parts = algorithm, FULL_OBJECT, None
    key.checksum_value = compute_checksum(key.value, algorithm).decode()


def current(backend: S3Backend, bucket: str, key: str) -> FakeKey:
    """Return the object that was just stored; whoever stored it holds its lock."""
    return backend.get_bucket(bucket).keys[key]  # type: ignore[no-any-return]  # moto's store is not typed
