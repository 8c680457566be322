"""The versions of an object, as S3 lists them."""

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.errors import Permanent, Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_VERSIONS = 100  # of a page
REFUSED = {"AccessDenied", "403", "Forbidden"}


class ObjectVersion(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A version of an object, or a delete marker (which has no size and no etag). `version_id` is `null` for the one
    that a bucket without versions has."""

    version_id: str
    modified: str
    latest: bool
    delete_marker: bool = False
    size: int | None = None
    etag: str | None = None
    storage_class: str | None = None


class ObjectVersions(msgspec.Struct, frozen=True):
    """Versions of an object, the newest first; `cursor` brings those after them, None where there are no more."""

    bucket: str
    key: str
    versions: tuple[ObjectVersion, ...]
    cursor: str | None = None


def versions(
    s3: "S3Client", bucket: str, key: str, cursor: str | None = None, size: int = MOST_VERSIONS
) -> ObjectVersions:
    """Return the versions of an object, none where it never was. Who may see the bucket is for the caller to say.

    Raises `Transient`, and `Permanent` where S3 does not know the bucket or the cursor.
    """
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": key, "MaxKeys": size}
    if cursor:
        request |= {"KeyMarker": key, "VersionIdMarker": cursor}
    unlisted = f"the versions of s3://{bucket}/{key} cannot be listed"
    try:
        listed = s3.list_object_versions(**request)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in ("NoSuchBucket", "InvalidArgument"):
            raise Permanent(f"S3 does not list the versions of s3://{bucket}/{key}: {error}") from error
        told = (
            f"{unlisted}: this stack's role may not (it needs s3:ListBucketVersions)" if code in REFUSED else unlisted
        )
        raise Transient(f"{told}: {error}", told) from error
    except BotoCoreError as error:
        raise Transient(f"{unlisted}: {error}", unlisted) from error
    # S3 lists by key, then the newest first: what begins with the key and is longer comes after all of its versions.
    found = [_version(it) for it in listed.get("Versions", ()) if it["Key"] == key]
    found += [_version(it, delete_marker=True) for it in listed.get("DeleteMarkers", ()) if it["Key"] == key]
    # The SDK tells versions and markers apart, and their common order is lost; their times know it but for the second.
    found.sort(key=lambda it: (it.latest, it.modified), reverse=True)
    more = listed.get("IsTruncated") and listed.get("NextKeyMarker") == key
    return ObjectVersions(bucket, key, tuple(found), listed.get("NextVersionIdMarker") if more else None)


def _version(told: Any, *, delete_marker: bool = False) -> ObjectVersion:
    return ObjectVersion(
        version_id=told["VersionId"],
        modified=told["LastModified"].isoformat(),
        latest=told["IsLatest"],
        delete_marker=delete_marker,
        size=told.get("Size"),
        etag=told.get("ETag", "").strip('"') or None,
        storage_class=told.get("StorageClass"),
    )
