"""Document ids: fixed-length digests, since S3 keys reach 1,024 bytes and OpenSearch ids end at 512."""

import hashlib
from base64 import urlsafe_b64encode

DIGEST_BYTES = 24  # 32 characters of URL-safe base64, which OpenSearch stores as 24 bytes


def object_id(bucket: str, key: str) -> str:
    """Return the id of the document of `key` in `bucket`; no bucket's name holds the slash between them."""
    return _digest(f"{bucket}/{key}")


def reads_id(bucket: str, key: str, day: str) -> str:
    """Return the id of the row of one day's reads of an object; neither bucket nor day (2026-01-31) holds a slash."""
    return _digest(f"{bucket}/{day}/{key}")


def _digest(text: str) -> str:
    return urlsafe_b64encode(hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()).decode()
