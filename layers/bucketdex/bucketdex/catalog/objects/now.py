"""What S3 says of an object now, or of a version of it: it is there, it is gone, or it is not for us."""

import logging
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.aws import refusals
from bucketdex.catalog.stored import NO_VERSION, of_object
from bucketdex.objects.document import decoded
from bucketdex.searching.details import ObjectDetail

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})

State = Literal["there", "deleted", "absent", "refused", "unknown"]


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """An object as S3 tells of it; `said` is why it does not. Times are ISO 8601."""

    state: State
    said: str = ""
    size: int | None = None
    modified: str | None = None
    version_id: str | None = None
    etag: str | None = None
    storage_class: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    encryption: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    archived: bool = False


def now(s3: "S3Client", bucket: str, key: str, version: str = "") -> Now:
    """Ask S3 for an object; whatever it answers is an answer."""
    try:
        told: Any = s3.head_object(**of_object(bucket, key, version))
    except ClientError as error:
        return _refused(error, version)
    except BotoCoreError as error:
        log.warning("S3 does not tell of s3://%s/%s: %s", bucket, key, error)
        return Now(state="unknown")
    storage_class = told.get("StorageClass", "STANDARD")
    archived = storage_class in ARCHIVES or "ArchiveStatus" in told
    return Now(
        state="there",
        size=told["ContentLength"],
        modified=told["LastModified"].isoformat(),
        version_id=told.get("VersionId"),
        etag=told.get("ETag", "").strip('"') or None,
        storage_class=storage_class,
        content_type=told.get("ContentType"),
        content_encoding=told.get("ContentEncoding"),
        encryption=_encryption(told),
        metadata=tuple((name, decoded(value)) for name, value in sorted(told.get("Metadata", {}).items())),
        archived=archived and 'ongoing-request="false"' not in told.get("Restore", ""),
    )


def as_indexed(told: ObjectDetail) -> Now:
    """Return what the index knows, in place of what S3 does not tell."""
    return Now(
        state="refused",
        size=told.size,
        modified=told.modified,
        version_id=told.version_id,
        etag=told.etag,
        storage_class=told.storage_class,
        content_type=told.content_type,
        content_encoding=told.content_encoding,
        encryption=tuple(told.encryption.values()),
    )


def agree(it: Now, told: ObjectDetail) -> bool:
    """Whether what is indexed is of what S3 has under this name."""
    if it.version_id and told.version_id:
        return it.version_id == told.version_id
    return it.etag == told.etag


def _refused(error: ClientError, version: str) -> Now:
    code, status = refusals.code(error), refusals.status(error)
    if refusals.marker(error) or code == "MethodNotAllowed" or status == 405:
        return Now(state="deleted")
    if code in refusals.GONE or status == 404 or (version and code in NO_VERSION):
        return Now(state="absent")
    if refusals.is_transient(error):
        return Now(state="unknown", said=refusals.said(error))
    return Now(state="refused", said=refusals.said(error))


def _encryption(told: Any) -> tuple[str, ...]:
    named = (told.get("ServerSideEncryption") or told.get("SSECustomerAlgorithm"), told.get("SSEKMSKeyId"))
    return tuple(it for it in named if it)
