"""Document ids: fixed-length digests, since S3 keys reach 1,024 bytes and OpenSearch ids end at 512."""

import hashlib
from base64 import urlsafe_b64encode

DIGEST_BYTES = 24  # 32 characters of URL-safe base64, which OpenSearch stores as 24 bytes


def object_id(bucket: str, key: str) -> str:
    """Return the id of the document of `key` in `bucket`; no bucket's name holds the slash between them."""
    digest = hashlib.blake2b(f"{bucket}/{key}".encode(), digest_size=DIGEST_BYTES)
    return urlsafe_b64encode(digest.digest()).decode()
