"""What moto's S3 does otherwise than AWS about versions, put right: suspended versioning, and the null version."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.utils import _VersionedKeyStore

NULL = "null"

moto_put, moto_put_versioning = S3Backend.put_object, S3Backend.put_bucket_versioning
moto_setlist = _VersionedKeyStore.setlist

_kept: ContextVar[tuple[Any, ...]] = ContextVar("kept", default=())
_found_by_version: ContextVar[bool] = ContextVar("found_by_version", default=False)


def install() -> None:
    """Put the functions of this module into moto's place."""
    for owner, name, function in (
        (S3Backend, "put_object", put_object),
        (S3Backend, "put_bucket_versioning", put_bucket_versioning),
        (_VersionedKeyStore, "setlist", setlist),
        (FakeBucket, "is_versioned", property(is_versioned)),
    ):
        setattr(owner, name, function)


def is_suspended(bucket: FakeBucket) -> bool:
    """Tell whether a bucket had versions and takes no new ones."""
    return bool(bucket.versioning_status == "Suspended")


def is_versioned(bucket: FakeBucket) -> bool:
    """Tell what moto asks: whether a bucket takes new versions, or whether it may have the one that is looked for."""
    return bucket.versioning_status == "Enabled" or _found_by_version.get()


def find(bucket: FakeBucket, key_name: str, version_id: str | None) -> Any:
    """Return a version of an object (None: the newest), or None."""
    versions = reversed(bucket.keys.getlist(key_name, []))
    return next((it for it in versions if version_id is None or it.version_id == version_id), None)


@contextmanager
def found_by_version(bucket: FakeBucket, version_id: str | None) -> Iterator[None]:
    """AWS: any version can be had of a bucket whose versioning is suspended, and the null version of every bucket."""
    token = _found_by_version.set(is_suspended(bucket) or version_id == NULL)
    try:
        yield
    finally:
        _found_by_version.reset(token)


def put_object(self: S3Backend, bucket_name: str, key_name: str, *arguments: Any, **options: Any) -> FakeKey:
    """AWS: while versioning is suspended an object takes the place of its null version, and of no other."""
    bucket = self.get_bucket(bucket_name)
    if not is_suspended(bucket):
        return moto_put(self, bucket_name, key_name, *arguments, **options)
    token = _kept.set(tuple(it for it in bucket.keys.getlist(key_name, []) if it.version_id != NULL))
    try:
        key = moto_put(self, bucket_name, key_name, *arguments, **options)
    finally:
        _kept.reset(token)
    key._is_versioned = True
    return key


def setlist(self: _VersionedKeyStore, key: Any, versions: Any) -> None:
    """Store the versions of an object, after those that are to be kept."""
    moto_setlist(self, key, [*_kept.get(), *versions])


def put_bucket_versioning(self: S3Backend, bucket_name: str, status: str) -> None:
    """AWS: objects from before the bucket had versions are null versions from now on, and say so."""
    moto_put_versioning(self, bucket_name, status)
    for versions in list(self.get_bucket(bucket_name).keys.lists()):
        for version in versions[1]:
            version._is_versioned = True


def delete_suspended(
    backend: S3Backend, bucket: FakeBucket, key_name: str, version_id: str | None
) -> tuple[bool, dict[str, Any]]:
    """AWS: while versioning is suspended a deletion puts a marker in place of the null version; others stay."""
    versions = bucket.keys.getlist(key_name, [])
    left = [version for version in versions if version.version_id != (version_id or NULL)]
    told = {"version-id": version_id or NULL}
    if version_id is None:
        marker = FakeDeleteMarker(versions[-1] if versions else bare_key(backend, key_name))
        marker._version_id = NULL
        left.append(marker)
        told["delete-marker"] = "true"
    elif isinstance(find(bucket, key_name, version_id), FakeDeleteMarker):
        told["delete-marker"] = "true"
    if left:
        bucket.keys.setlist(key_name, left)
    elif versions:
        bucket.keys.pop(key_name)
    return True, told


def bare_key(backend: S3Backend, name: str) -> FakeKey:
    """Return an object for a delete marker to mark where there is none."""
    return FakeKey(name, b"", backend.account_id, backend.region_name)
