"""Asking for the digest of an object that neither S3 nor this function has digested."""

from bucketdex.changes import ObjectChange
from bucketdex.digests.kept import has_digest
from bucketdex.objects.document import ObjectDocument


def digest_request(document: ObjectDocument) -> ObjectChange | None:
    """Return the request for the digest of the version that the document shows, or None where there is none to ask for.

    That is a deleted object, one of which S3 told too little to know its version again, and one with a digest.
    """
    if document.deleted or document.etag is None or document.size is None or has_digest(document.checksums):
        return None
    return ObjectChange(
        document.bucket, document.key, "bucketdex", "hash",
        size=document.size, version_id=document.version_id, etag=document.etag,
    )  # fmt: skip
