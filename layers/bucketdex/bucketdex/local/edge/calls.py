"""Which call of S3's API a request is, as far as CloudTrail has it among data events: about objects, and listings.

Calls about the bucket itself (its versioning, its notifications) are management events, and no calls here. Uploads by
HTML forms, whose key is in the body, are left out.
"""

from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from bucketdex.local.edge.faults import decoded_path, part_of

# By method and part, of an object.
OF_OBJECTS = {
    ("GET", None): "GetObject",
    ("HEAD", None): "HeadObject",
    ("PUT", None): "PutObject",
    ("DELETE", None): "DeleteObject",
    ("GET", "acl"): "GetObjectAcl",
    ("PUT", "acl"): "PutObjectAcl",
    ("GET", "attributes"): "GetObjectAttributes",
    ("GET", "tagging"): "GetObjectTagging",
    ("PUT", "tagging"): "PutObjectTagging",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("GET", "legal-hold"): "GetObjectLegalHold",
    ("PUT", "legal-hold"): "PutObjectLegalHold",
    ("GET", "retention"): "GetObjectRetention",
    ("PUT", "retention"): "PutObjectRetention",
    ("POST", "restore"): "RestoreObject",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("GET", "uploadId"): "ListParts",
}
# By method and what is asked for, of a bucket; the second version of a listing has the name of the first.
OF_BUCKETS = {
    ("GET", frozenset[str]()): "ListObjects",
    ("HEAD", frozenset[str]()): "HeadBucket",
    ("GET", frozenset({"versions"})): "ListObjectVersions",
    ("GET", frozenset({"uploads"})): "ListMultipartUploads",
    ("POST", frozenset({"delete"})): "DeleteObjects",  # its keys are in the body, and in no record
}
WITH_A_SOURCE = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}
# What says more about a listing, but not what is listed.
LISTING = frozenset({
    "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type", "marker", "max-keys",
    "max-uploads", "prefix", "start-after", "upload-id-marker", "version-id-marker", "x-id",
})  # fmt: skip
READS = ("Get", "Head", "List")


class Call(NamedTuple):
    """A call, the bucket and the key that it is about (no key: the bucket, or keys that it does not name)."""

    name: str
    bucket: str
    key: str
    query: dict[str, str]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.name.startswith(READS)


def call_of(environ: dict[str, Any]) -> Call | None:
    """Return the call that a WSGI request makes if its address is one of S3, None where no data event has it."""
    bucket, _, key = decoded_path(environ).removeprefix("/").partition("/")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    method = environ["REQUEST_METHOD"]
    if key:
        name = OF_OBJECTS.get((method, part_of(environ)))
        if name and "HTTP_X_AMZ_COPY_SOURCE" in environ:
            name = WITH_A_SOURCE.get(name, name)
    else:
        asked = frozenset(it for it in query if it not in LISTING and not it.lower().startswith("x-amz-"))
        name = OF_BUCKETS.get((method, asked))
    return Call(name, bucket, key, query) if name and bucket else None
