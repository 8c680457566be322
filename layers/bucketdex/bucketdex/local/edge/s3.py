"""What moto's S3 does otherwise than AWS, put right: each function here takes the place of moto's of the same name.

What AWS does stands beside each; `checksums` and `versions` are two more such modules. Left as moto has it: limits of
sizes and names, parts asked for by their number.
"""

import base64
import threading
import weakref
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.s3 import notifications
from moto.s3.exceptions import MethodNotAllowed, MissingKey, MissingVersion
from moto.s3.models import FakeDeleteMarker, FakeKey, FakeTableStorageBucket, S3Backend
from moto.s3.responses import S3Response

from bucketdex.local.edge import checksums, versions
from bucketdex.local.edge.faults import PARTS
from bucketdex.local.edge.notifications import DELETED, ETAG_OF_NOTHING, MARKED, send_event, tell, told_when_done

moto_key_response, moto_bucket_response = S3Response._key_response, S3Response._bucket_response
moto_get_object, moto_head_object, moto_get_key = S3Response.get_object, S3Response.head_object, S3Response._get_key
moto_delete_object = S3Backend.delete_object
moto_list_objects = S3Backend.list_objects
moto_delete_tagging, moto_get_notification = S3Backend.delete_object_tagging, S3Response.get_bucket_notification

_locks: weakref.WeakValueDictionary[tuple[str, str], Any] = weakref.WeakValueDictionary()
_locks_lock = threading.Lock()


def install() -> None:
    """Put the functions of this module, and of those about checksums and versions, into moto's place."""
    checksums.install()
    versions.install()
    for owner, name, function in (
        (S3Response, "_key_response", key_response),
        (S3Response, "_bucket_response", bucket_response),
        (S3Response, "get_object", get_object),
        (S3Response, "head_object", head_object),
        (S3Response, "_get_key", get_key),
        (S3Response, "get_bucket_notification", get_bucket_notification),
        (S3Backend, "list_objects", list_objects),
        (S3Backend, "delete_object", delete_object),
        (S3Backend, "delete_object_tagging", delete_object_tagging),
        (S3Backend, "_set_delete_marker", set_delete_marker),
        (notifications, "send_event", send_event),
    ):
        setattr(owner, name, function)


def key_response(self: S3Response, request: Any, full_url: str) -> Any:
    """AWS: a request on an object is atomic, and told of when it is done; non-ASCII metadata comes back encoded.

    moto makes an object visible and then sets its metadata and tags, and loses versions to writers at the same time.
    """
    bucket = self.parse_bucket_name_from_url(request, full_url)
    with told_when_done(), object_lock(bucket, self.parse_key_name()):
        response = moto_key_response(self, request, full_url)
    if isinstance(response, tuple):
        encode_metadata(response[1])
    return response


def bucket_response(self: S3Response, request: Any, full_url: str) -> Any:
    """AWS: what `DeleteObjects` and form uploads did is told of when it is done."""
    with told_when_done():
        return moto_bucket_response(self, request, full_url)


def get_object(self: S3Response) -> Any:
    """AWS: a deleted object is a 404 that says so, a delete marker asked for by its version a 405."""
    key, version_id = self.parse_key_name(), self._get_param("versionId")
    marker: Any = self.backend.get_object(self.bucket_name, key, version_id, return_delete_marker=True)
    if not isinstance(marker, FakeDeleteMarker):
        return moto_get_object(self)
    error = MethodNotAllowed(method="GET", resource_type="DeleteMarker") if version_id else MissingKey(key=key)
    status, headers, body = self.serialized(ActionResult(error))
    headers["x-amz-delete-marker"], headers["x-amz-version-id"] = "true", marker.version_id
    if version_id:
        headers["allow"] = "DELETE"
    return status, headers, body


def head_object(self: S3Response, bucket_name: str, query: dict[str, Any], key_name: str, headers: Any) -> Any:
    """AWS: tells a checksum as GET does, with its type; finds every version that there is."""
    bucket, version_id = self.backend.get_bucket(bucket_name), query.get("versionId", [None])[0]
    with versions.found_by_version(bucket, version_id):
        status, told, body = moto_head_object(self, bucket_name, query, key_name, headers)
    if status == 200 and headers.get("x-amz-checksum-mode") == "ENABLED" and "partNumber" not in query:
        told.update(checksums.checksum_headers(versions.find(bucket, key_name, version_id)))
    return status, told, body


def get_key(self: S3Response, validate_storage_class: bool = True) -> tuple[FakeKey, bool]:
    """AWS: an archived object has its tags and the like at hand; only its bytes are refused."""
    return moto_get_key(self, validate_storage_class and not PARTS & self.querystring.keys())


def list_objects(self: S3Backend, bucket: Any, *arguments: Any, **options: Any) -> Any:
    """AWS: where all that is left of a folder is delete markers, it is not listed either."""
    if not isinstance(bucket, FakeTableStorageBucket):
        there = {name: key for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)}
        bucket = SimpleNamespace(keys=there)  # of a bucket no more is asked
    return moto_list_objects(self, bucket, *arguments, **options)


def delete_object(
    self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> tuple[bool, dict[str, Any]]:
    """AWS: each deleted version and each delete marker is told of, one by one in `DeleteObjects`."""
    with object_lock(bucket_name, key_name):
        bucket = self.get_bucket(bucket_name)
        existed = version_id is not None and versions.find(bucket, key_name, version_id) is not None
        if versions.is_suspended(bucket):
            done = versions.delete_suspended(self, bucket, key_name, version_id)
        else:
            done = moto_delete_object(self, bucket_name, key_name, version_id, bypass)
        if bucket.versioning_status and version_id is None:
            marker = bucket.keys[key_name]
            tell(self.account_id, MARKED, bucket, key_name, marker.version_id, None, ETAG_OF_NOTHING)
        elif bucket.versioning_status and version_id is not None and existed:
            tell(self.account_id, DELETED, bucket, key_name, version_id, None, None)
        return done


def delete_object_tagging(self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None) -> None:
    """AWS: the tags of an object that is not there are a 404."""
    if self.get_object(bucket_name, key_name, version_id=version_id) is None:
        raise MissingVersion(key_name, version_id) if version_id else MissingKey(key=key_name)
    moto_delete_tagging(self, bucket_name, key_name, version_id)


def get_bucket_notification(self: S3Response) -> Any:
    """AWS: tells of EventBridge too, where that is switched on."""
    status, headers, body = moto_get_notification(self)
    configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if configuration and configuration.event_bridge is not None:
        text = body.decode() if isinstance(body, bytes) else body
        end = "</NotificationConfiguration>"
        begun = text.removesuffix(end) if text.endswith(end) else text.removesuffix("/>") + ">"  # else nothing is in it
        body = f"{begun}<EventBridgeConfiguration/>{end}"
    return status, headers, body


def set_delete_marker(self: S3Backend, bucket_name: str, key_name: str) -> FakeDeleteMarker:
    """AWS: deleting a key that is not there makes a delete marker all the same."""
    bucket = self.get_bucket(bucket_name)
    marked = bucket.keys.get(key_name)
    if marked is None:
        marked = versions.bare_key(self, key_name)
    bucket.keys[key_name] = marker = FakeDeleteMarker(marked)
    return marker


def encode_metadata(headers: dict[str, Any]) -> None:
    """AWS: takes the bytes of a value for Latin-1 (as WSGI does), and returns what is not ASCII by RFC 2047."""
    for name, value in headers.items():
        if name.startswith("x-amz-meta-") and not value.isascii():
            headers[name] = f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="


def object_lock(bucket: str, key: str) -> Any:
    """Return the lock of an object; it is gone when nobody holds it."""
    with _locks_lock:
        return _locks.setdefault((bucket, key), threading.RLock())
