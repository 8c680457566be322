"""A model of S3: what writers do to it, and the three calls that the code under test makes, with their errors.

Buckets are unversioned, versioned or suspended. Every state that a key was in is kept with its time, so that what was
said of a key can be judged later.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from urllib3.exceptions import ProtocolError

from simulation.contents import Content
from simulation.schedule import Schedule

Name = tuple[str, str]
Identity = tuple[Name, str, str]  # name, version id, etag
Versioning = Literal["unversioned", "versioned", "suspended"]
NULL = "null"


@dataclass(eq=False, slots=True)
class Version:
    """One version of an object, or a delete marker where `content` is None."""

    id: str
    content: Content | None
    modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    checksum: bool = False  # S3 keeps its SHA256
    archived: bool = False

    def __str__(self) -> str:
        kept = ", archived" if self.archived else ""
        return f"{self.id} {self.content or 'delete marker'} {self.metadata or ''} {self.tags or ''}{kept}"


class ModelS3:
    """Buckets and objects. `denied` names keys whose GET (`get`), or GET and HEAD (`all`), are refused now.

    `read` counts the bytes of each version that pinned requests, which are those of who hashes, were given.
    """

    def __init__(self, schedule: Schedule, faults: float) -> None:
        self.versioning: dict[str, Versioning] = {}
        self.denied: dict[Name, Literal["get", "all"]] = {}
        self.history: dict[Name, list[tuple[int, Version | None]]] = {}
        self.current_since: dict[Name, int] = {}
        self.read: Counter[Identity] = Counter()
        self._schedule = schedule
        self._faults = faults
        self._versions: dict[Name, list[Version]] = {}
        self._made = 0

    # What writers do.

    def current(self, name: Name) -> Version | None:
        """Return what GET would give, None if there is nothing."""
        versions = self._versions.get(name)
        return versions[-1] if versions and versions[-1].content else None

    def versions(self, name: Name) -> list[Version]:
        """Return all versions and delete markers, the oldest first."""
        return self._versions.get(name, [])

    def keys(self, bucket: str) -> list[Name]:
        """List what a bucket holds now."""
        return [name for name in self._versions if name[0] == bucket and self.current(name)]

    def put(
        self, name: Name, content: Content, metadata: dict[str, str], tags: dict[str, str], checksum: bool
    ) -> Version:
        """Write an object."""
        version = Version(self._next_id(name), content, self._schedule.clock(), metadata, tags, checksum)
        self._place(name, version)
        return version

    def delete(self, name: Name) -> Version | None:
        """Delete without a version id; returns the delete marker if one was made."""
        if self.versioning[name[0]] == "unversioned":
            self._versions.pop(name, None)
            self._changed(name)
            return None
        marker = Version(self._next_id(name), None, self._schedule.clock())
        self._place(name, marker)
        return marker

    def delete_version(self, name: Name, version: Version) -> None:
        """Delete one version or marker for good; what was before it can become current again."""
        self._versions[name].remove(version)
        self._changed(name)

    def _next_id(self, name: Name) -> str:
        self._made += 1
        return f"v{self._made}" if self.versioning[name[0]] == "versioned" else NULL

    def _place(self, name: Name, version: Version) -> None:
        versions = self._versions.setdefault(name, [])
        if version.id == NULL:
            versions[:] = [other for other in versions if other.id != NULL]
        versions.append(version)
        self._changed(name)

    def _changed(self, name: Name) -> None:
        history = self.history.setdefault(name, [])
        current = self.current(name)
        if not history or history[-1][1] is not current:
            history.append((self._schedule.now, current))
            self.current_since[name] = self._schedule.now

    # What the code under test calls.

    def get_object(self, Bucket: str, Key: str, **how: str) -> dict[str, Any]:  # noqa: N803
        """Answer as GetObject does."""
        name = (Bucket, Key)
        part, pinned, etag = how.get("Range"), how.get("VersionId"), how.get("IfMatch")
        assert how.keys() <= {"Range", "VersionId", "IfMatch"}
        self._schedule.pause("GetObject", (name, how) if how else name)
        self._fail("GetObject")
        if self.denied.get(name) == "all":
            raise error_of("GetObject", 403, "AccessDenied", "Access Denied")
        version = self.current(name) if pinned is None else self._version(name, pinned)
        if version is None or version.content is None:
            code = "NoSuchKey" if pinned is None else "NoSuchVersion"
            raise error_of("GetObject", 404, code, "The specified key does not exist.", self._marker(name))
        if etag is not None and etag.strip('"') != version.content.etag:
            raise error_of("GetObject", 412, "PreconditionFailed", "At least one of the pre-conditions did not hold")
        if name in self.denied:
            raise error_of("GetObject", 403, "AccessDenied", "not authorized to perform kms:Decrypt")
        if version.archived:
            raise error_of("GetObject", 403, "InvalidObjectState", "the operation is not valid for its storage class")
        data = version.content.data
        answer = self._answer(name, version, checksums=part is None)
        if part is not None:
            first, _, last = part.removeprefix("bytes=").partition("-")
            data = data[int(first) : int(last) + 1] if last else data[int(first) :]
            if not data:
                raise error_of("GetObject", 416, "InvalidRange", "The requested range is not satisfiable")
            answer["ContentRange"] = f"bytes {first}-{int(first) + len(data) - 1}/{len(version.content.data)}"
            answer["ResponseMetadata"]["HTTPStatusCode"] = 206
        answer["ContentLength"] = len(data)
        answer["Body"] = self._body(data)
        if pinned is not None or etag is not None:
            self.read[name, version.id, version.content.etag] += len(data)
        return answer

    def _marker(self, name: Name) -> dict[str, str]:
        """Return the headers that tell of the delete marker that hides a key, if one does."""
        versions = self.versions(name)
        if not versions or versions[-1].content:
            return {}
        return {"x-amz-delete-marker": "true", "x-amz-version-id": versions[-1].id}

    def _version(self, name: Name, identity: str) -> Version | None:
        return next((version for version in self.versions(name) if version.id == identity), None)

    def head_object(self, Bucket: str, Key: str, ChecksumMode: str = "") -> dict[str, Any]:  # noqa: N803
        """Answer as HeadObject does: its errors have a status and no code of their own."""
        name, checksums = (Bucket, Key), ChecksumMode == "ENABLED"
        self._schedule.pause("HeadObject", name)
        self._fail("HeadObject")
        if self.denied.get(name) == "all" or (checksums and name in self.denied):
            raise error_of("HeadObject", 403, "403", "Forbidden")
        version = self.current(name)
        if version is None or version.content is None:
            raise error_of("HeadObject", 404, "404", "Not Found", self._marker(name))
        return self._answer(name, version, checksums=checksums) | {"ContentLength": len(version.content.data)}

    def get_object_tagging(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:  # noqa: N803
        """Answer as GetObjectTagging does."""
        name = (Bucket, Key)
        self._schedule.pause("GetObjectTagging", name)
        self._fail("GetObjectTagging")
        if self.denied.get(name) == "all":
            raise error_of("GetObjectTagging", 403, "AccessDenied", "Access Denied")
        if VersionId is None:
            version = self.current(name)
            if version is None:
                raise error_of("GetObjectTagging", 404, "NoSuchKey", "The specified key does not exist.")
        else:
            version = self._version(name, VersionId)
            if version is None:
                raise error_of("GetObjectTagging", 404, "NoSuchVersion", "The specified version does not exist.")
            if version.content is None:
                raise error_of("GetObjectTagging", 405, "MethodNotAllowed", "not allowed against this resource")
        return {"TagSet": [{"Key": key, "Value": value} for key, value in version.tags.items()]}

    def _answer(self, name: Name, version: Version, *, checksums: bool) -> dict[str, Any]:
        content = version.content
        assert content is not None
        headers: dict[str, str] = {}
        if checksums and version.checksum:
            headers["x-amz-checksum-sha256"] = content.sha256_base64
            headers["x-amz-checksum-type"] = "FULL_OBJECT"
        answer: dict[str, Any] = {
            "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": headers},
            "ETag": f'"{content.etag}"',
            "LastModified": version.modified,
            "ContentType": content.type,
            "Metadata": version.metadata,
        }
        if version.tags:
            answer["TagCount"] = len(version.tags)
        if version.archived:
            answer["StorageClass"] = "GLACIER"
        if self.versioning[name[0]] != "unversioned":
            answer["VersionId"] = version.id
        return answer

    def _fail(self, call: str) -> None:
        schedule = self._schedule
        if not self._faults or schedule.rng.random() > self._faults:
            return
        schedule.counts["faults of S3"] += 1
        kind = schedule.rng.randrange(5)
        if kind == 0:
            raise EndpointConnectionError(endpoint_url="https://s3")
        if kind == 1:
            raise ReadTimeoutError(endpoint_url="https://s3")
        if kind == 2:
            raise error_of(call, 403, "ExpiredToken", "The provided token has expired.")
        if kind == 3:
            raise error_of(call, 500, "InternalError", "We encountered an internal error.")
        raise error_of(call, 503, "503" if call == "HeadObject" else "SlowDown", "Please reduce your request rate.")

    def _body(self, data: bytes) -> "Body":
        rng = self._schedule.rng
        if data and self._faults and rng.random() < self._faults:
            self._schedule.counts["bodies broken off"] += 1
            return Body(data[: rng.randrange(len(data))], raises=rng.random() < 0.5)
        return Body(data)


class Body:
    """A stream that ends, perhaps too early, with an error or without."""

    def __init__(self, data: bytes, *, raises: bool = False) -> None:
        self._data, self._raises, self._at = data, raises, 0

    def read(self, amount: int) -> bytes:
        """Return up to so many bytes."""
        piece = self._data[self._at : self._at + amount]
        self._at += len(piece)
        if self._raises and len(piece) < amount:
            raise ProtocolError("Connection broken")
        return piece

    def __enter__(self) -> "Body":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing."""


def error_of(call: str, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> ClientError:
    answered = {"HTTPStatusCode": status, "HTTPHeaders": headers or {}}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": answered}, call)  # type: ignore[typeddict-item]
