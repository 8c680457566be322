"""Parts of objects read whole, again where the connection breaks: boto3 asks again only until the answer begins."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import HTTPClientError, IncompleteReadError

from bucketdex.errors import Transient

ATTEMPTS = 5


def read_span(s3: Any, pinned: Mapping[str, str], start: int, length: int) -> bytes:
    """Return a part of an object, shorter only where the object ends; `pinned` are the parameters that name it.

    Raises what boto3 raises, and `Transient` where the connection breaks each time.
    """
    span = f"bytes={start}-{start + length - 1}"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            body: bytes = s3.get_object(**pinned, Range=span)["Body"].read()
        except (HTTPClientError, IncompleteReadError, OSError) as error:
            if attempt == ATTEMPTS:
                where = f"s3://{pinned['Bucket']}/{pinned['Key']}"
                raise Transient(f"the connection breaks while {where} is read: {error}; do it again later") from error
        else:
            return body
    raise AssertionError  # the last attempt returns or raises
