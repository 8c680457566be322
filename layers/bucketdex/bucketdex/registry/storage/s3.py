"""A bucket of S3 as storage, through a client that is passed in."""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore import exceptions as botocore
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError

from bucketdex.aws import refusals
from bucketdex.errors import Transient
from bucketdex.manifest.layout import s3_uri
from bucketdex.registry.errors import AbsentError, MovedError, NoBucketError, PackageError
from bucketdex.registry.storage.protocol import ABSENT, PIECE_BYTES, Stat

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RESUMED = 4  # times that a stream goes on after it broke off
NO_CREDENTIALS = (
    botocore.NoCredentialsError,
    botocore.PartialCredentialsError,
    botocore.CredentialRetrievalError,
    botocore.TokenRetrievalError,
    botocore.SSOError,
)
LOST_RACES = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class Bucket:
    """A bucket and the objects in it."""

    def __init__(self, name: str, s3: "S3Client") -> None:
        self.name = name
        self.s3 = s3

    @property
    def uri(self) -> str:
        """The address of the bucket."""
        return f"s3://{self.name}"

    def address(self, key: str, version_id: str | None = None) -> str:
        """Return the `s3://` address of an object, or of a version of it."""
        return s3_uri(self.name, key, version_id)

    def head(self, key: str, version_id: str | None = None) -> Stat | None:
        """Return what is known of an object, or None where it is not there."""
        try:
            with self._telling("read", key):
                found = self.s3.head_object(Bucket=self.name, Key=key, **_version(version_id))
        except AbsentError:
            return None
        return _stat(key, found, found["ContentLength"])

    def read(self, key: str, version_id: str | None = None) -> bytes:
        """Return the bytes of an object."""
        return b"".join(self.stream(key, version_id))

    def read_range(self, key: str, start: int, length: int, version_id: str | None = None) -> bytes:
        """Return `length` bytes from `start`, or as many as there are from there."""
        if length <= 0:
            return b""
        wanted = {"Range": f"bytes={start}-{start + length - 1}"} | _version(version_id)
        try:
            with self._telling("read", key):
                return self.s3.get_object(Bucket=self.name, Key=key, **wanted)["Body"].read()
        except ClientError as error:
            if refusals.status(error) == 416:  # it ends before
                return b""
            raise

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        """Yield the bytes of an object in pieces; where the connection breaks it goes on in the same version."""
        done, resumed = 0, 0
        pinned: dict[str, str] = {}
        while True:
            wanted: dict[str, Any] = _version(version_id) | pinned
            if done:
                wanted["Range"] = f"bytes={done}-"
            with self._telling("read", key):
                found: Any = self.s3.get_object(Bucket=self.name, Key=key, **wanted)
            length = done + found["ContentLength"]
            pinned = {"IfMatch": found["ETag"]} if "ETag" in found else {}
            try:
                while piece := found["Body"].read(PIECE_BYTES):
                    done += len(piece)
                    yield piece
            except (HTTPClientError, IncompleteReadError, OSError) as error:
                resumed += 1
                if resumed > RESUMED:
                    raise Transient(f"the connection breaks while {self.address(key)} is read: {error}") from error
                if done < length:
                    continue
            return

    def write(self, key: str, content: bytes, *, if_etag: str | None = None) -> Stat:
        """Put a small object. See the protocol for `if_etag`."""
        condition: dict[str, Any] = {}
        if if_etag is not None:
            condition = {"IfNoneMatch": "*"} if if_etag == ABSENT else {"IfMatch": if_etag}
        try:
            with self._telling("write", key):
                told = self._put(key, content, condition)
        except AbsentError as error:
            if condition and "IfMatch" in condition:  # it was deleted meanwhile
                raise self._moved(key) from error
            raise
        return Stat(key, len(content), told.get("ETag"), version_id=told.get("VersionId"))

    def _put(self, key: str, content: bytes, condition: dict[str, Any]) -> Any:
        try:
            return self.s3.put_object(Bucket=self.name, Key=key, Body=content, **condition)
        except ClientError as error:
            if not condition or refusals.code(error) != "NotImplemented":
                raise
        # Some S3 clones know no conditions: there, who writes has only just read what stands.
        return self.s3.put_object(Bucket=self.name, Key=key, Body=content)

    def list(self, prefix: str, *, versions: bool = False) -> Iterator[Stat]:
        """Yield the objects whose keys begin with the prefix, in the order of their keys."""
        with self._telling("list", prefix):
            if not versions:
                for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
                    for found in page.get("Contents", []):
                        yield _stat(found["Key"], found, found["Size"])
                return
            for told in self.s3.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix):
                for one in told.get("Versions", []):
                    if one["IsLatest"]:
                        yield _stat(one["Key"], one, one["Size"])

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders in a folder."""
        pages = self.s3.get_paginator("list_objects_v2")
        with self._telling("list", prefix):
            for page in pages.paginate(Bucket=self.name, Prefix=prefix, Delimiter="/"):
                for found in page.get("CommonPrefixes", []):
                    yield found["Prefix"][len(prefix) : -1]

    def delete(self, key: str) -> None:
        """Delete an object; in a versioned bucket its versions stay."""
        with self._telling("delete", key):
            self.s3.delete_object(Bucket=self.name, Key=key)

    @contextlib.contextmanager
    def _telling(self, doing: str, key: str) -> Iterator[None]:
        """Tell a refusal of S3 as what it means."""
        try:
            yield
        except ClientError as error:
            code = refusals.code(error)
            if code == "NoSuchBucket":
                raise NoBucketError(f"there is no bucket {self.name}, or not in this account and region") from error
            if code in refusals.GONE or (refusals.status(error) == 404):
                raise AbsentError(f"there is no {self.address(key)}") from error
            if code in LOST_RACES or refusals.status(error) in (409, 412):
                raise self._moved(key) from error
            refusals.raise_if_transient(error, self.name, key)
            if refusals.status(error) == 403:
                said = refusals.said(error)
                message = f"these credentials may not {doing} {self.address(key)} ({said}); ask for the right to do so"
                raise PackageError(message) from error
            if refusals.status(error) == 416:
                raise
            raise PackageError(f"S3 refuses to {doing} {self.address(key)}: {refusals.said(error)}") from error
        except NO_CREDENTIALS as error:
            raise PackageError(
                f"there are no credentials of AWS to {doing} {self.address(key)} with ({error}); set AWS_PROFILE, or "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in"
            ) from error
        except (HTTPClientError, botocore.ConnectionError) as error:
            message = f"S3 does not answer what was asked to {doing} {self.address(key)}: {error}; do it again later"
            raise Transient(message) from error
        except BotoCoreError as error:
            said = " ".join(str(error).split())
            raise PackageError(f"S3 cannot be asked to {doing} {self.address(key)}: {said}") from error

    def _moved(self, key: str) -> MovedError:
        return MovedError(f"{self.address(key)} was changed by another writer meanwhile; read it again")


def _version(version_id: str | None) -> dict[str, Any]:
    return {"VersionId": version_id} if version_id else {}


def _stat(key: str, found: Mapping[str, Any], size: int) -> Stat:
    modified: datetime | None = found.get("LastModified")
    when = modified.timestamp() if modified else None
    version = found.get("VersionId")
    # `null` is the version where none are kept; the next write replaces it.
    return Stat(key, size, found.get("ETag"), when, None if version == "null" else version)
