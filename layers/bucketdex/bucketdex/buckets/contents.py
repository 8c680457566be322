"""What a bucket holds already, told as backfill messages: the same form, and the same way, as every other hint."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.changes import ObjectChange
from bucketdex.changes.sending import send
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


def send_contents(
    s3: "S3Client",
    sqs: "SQSClient",
    bucket: str,
    queue_url: str,
    progress: Callable[[int], None] = lambda _: None,
    prefix: str = "",
) -> int:
    """Send every key of the bucket to the queue and return how many there are; `progress` is told each time.

    Raises `Transient`. A run that broke off is simply begun again.
    """
    return send(sqs, queue_url, contents(s3, bucket, prefix), progress)


def contents(s3: "S3Client", bucket: str, prefix: str = "") -> Iterator[ObjectChange]:
    """Yield a hint for each key of the bucket that begins with `prefix`; raises `Transient`."""
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                yield ObjectChange(
                    bucket, found["Key"], "bucketdex", "backfill", size=found["Size"], etag=found["ETag"].strip('"')
                )
    except (BotoCoreError, ClientError) as error:
        raise Transient(f"s3://{bucket}/{prefix} cannot be listed: {error}") from error
