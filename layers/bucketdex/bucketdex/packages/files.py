"""The files of a registry as S3 has them: a pointer's few bytes, and a manifest that may be as long as it likes.

A manifest is read by the version that was seen first: what is put in its place meanwhile is the next event's to tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex.aws import refusals
from bucketdex.errors import Transient
from bucketdex.packages.document import FileVersion, PackageDocument

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

POINTER_BYTES = 1_000  # a top hash has 64; what is longer is no pointer
PIECE_BYTES = 1024 * 1024
MEMORY_BYTES = 8 * 1024 * 1024  # a manifest up to this size is kept in memory between its passes
REFUSED = "S3 refuses"  # so the problem begins that a refusal makes
CHANGED = frozenset({"PreconditionFailed", "412", "NoSuchVersion", "InvalidRange"})


class Seen(msgspec.Struct, frozen=True):
    """What S3 says of a file: `gone`, or its version, size and time; or none of it, with the `problem`."""

    gone: bool = False
    version: FileVersion | None = None
    size: int | None = None
    modified: datetime | None = None
    content: bytes = b""
    problem: str | None = None

    @property
    def refused(self) -> bool:
        """Whether S3 does not tell what is there."""
        return self.version is None and not self.gone

    def as_known(self, document: PackageDocument) -> "Seen":
        """Return what is known of a file that S3 refuses to tell about now."""
        return Seen(version=document.file, size=document.size, modified=document.modified, problem=self.problem)

    def fields(self) -> dict[str, Any]:
        """Return what a document says of its file."""
        version = self.version or FileVersion()
        return {"version_id": version.version_id, "etag": version.etag, "size": self.size, "modified": self.modified}


def pointer(s3: "S3Client", bucket: str, key: str) -> Seen:
    """Return what is there, with its content; raises `Transient`."""

    def get() -> Seen:
        answer: dict[str, Any] = dict(s3.get_object(Bucket=bucket, Key=key))
        with answer["Body"] as body:
            size = int(answer["ContentLength"])
            if size > POINTER_BYTES:
                return _seen(answer, problem=f"it is no pointer: {size} bytes, a top hash has 64")
            content = body.read(size)
        if len(content) < size:
            raise Transient(f"S3 broke off after {len(content)} of {size} bytes of s3://{bucket}/{key}")
        return _seen(answer, content=content)

    return _asked(get, bucket, key)


def head(s3: "S3Client", bucket: str, key: str) -> Seen:
    """Return what is there, without its content; raises `Transient`."""
    return _asked(lambda: _seen(dict(s3.head_object(Bucket=bucket, Key=key))), bucket, key)


def _asked(ask: Callable[[], Seen], bucket: str, key: str) -> Seen:
    try:
        return ask()
    except ClientError as error:
        refusals.raise_if_transient(error, bucket, key)
        # HEAD has no body, so its 404 has no code that would tell more.
        if refusals.code(error) in refusals.GONE or refusals.status(error) == 404:
            return Seen(gone=True)
        return Seen(problem=f"{REFUSED} to tell: {refusals.said(error)}")
    except (BotoCoreError, HTTPError, OSError) as error:
        raise Transient(f"S3 did not answer for s3://{bucket}/{key}: {error}") from error


def _seen(answer: dict[str, Any], **more: Any) -> Seen:
    version = FileVersion(answer.get("VersionId"), answer.get("ETag", "").strip('"') or None)
    return Seen(version=version, size=int(answer["ContentLength"]), modified=answer.get("LastModified"), **more)


@dataclass
class ManifestFile:
    """One version of a manifest file; `check` is called before each piece and raises when there is no time left."""

    s3: "S3Client"
    bucket: str
    key: str
    version: FileVersion
    size: int
    check: Callable[[], None] = lambda: None
    _content: bytes | None = None

    def pieces(self, offset: int = 0) -> Iterator[bytes]:
        """Yield the bytes from `offset` on; raises `Transient`, also when this version is not there any more."""
        if self.size <= MEMORY_BYTES:
            if self._content is None:
                self._content = b"".join(self._read(0))
            yield self._content[offset:]
            return
        yield from self._read(offset)

    def _read(self, offset: int) -> Iterator[bytes]:
        pinned: dict[str, str] = {}
        if self.version.etag:
            pinned["IfMatch"] = f'"{self.version.etag}"'
        if self.version.version_id not in (None, "null"):
            pinned["VersionId"] = self.version.version_id or ""
        if offset:
            pinned["Range"] = f"bytes={offset}-"
        where = f"s3://{self.bucket}/{self.key}"
        left = self.size - offset
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=self.key, **pinned)  # type: ignore[arg-type]
            with answer["Body"] as body:
                while left and (piece := body.read(min(left, PIECE_BYTES))):
                    self.check()
                    left -= len(piece)
                    yield piece
        except ClientError as error:
            if refusals.code(error) in CHANGED | refusals.GONE or refusals.status(error) in (404, 412):
                raise Transient(f"{where} changed while it was read") from error
            refusals.raise_if_transient(error, self.bucket, self.key)
            raise RefusedError(f"{REFUSED} to read it: {refusals.said(error)}") from error
        except (BotoCoreError, HTTPError, OSError) as error:
            raise Transient(f"S3 did not answer for {where}: {error}") from error
        if left:
            raise Transient(f"S3 broke off {left} bytes before the end of {where}")


class RefusedError(Exception):
    """S3 tells of a manifest, but does not let us read it."""
