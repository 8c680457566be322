"""What a bucket holds already, told as backfill messages: the same form, and the same way, as every other hint."""

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.changes import ObjectChange
from bucketdex.changes.backfill import message
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# An invocation gets up to 100 messages: with 25 keys each that is what it can read in a quarter of its time, and what
# their texts take fits its memory.
MESSAGE_KEYS = 25
# 125 keys of 1,024 control characters, six bytes each in JSON, still are below the 1 MiB that SQS takes at once.
REQUEST_MESSAGES = 5


def send_contents(
    s3: "S3Client", sqs: "SQSClient", bucket: str, queue_url: str, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Send every key of the bucket to the queue and return how many there are; `progress` is told each time.

    Raises `Transient`. Sending a key twice does no harm, so a run that broke off is simply begun again.
    """
    sent = 0
    messages = itertools.batched(contents(s3, bucket), MESSAGE_KEYS)
    try:
        for group in itertools.batched(messages, REQUEST_MESSAGES):
            answer = sqs.send_message_batch(
                QueueUrl=queue_url,
                Entries=[{"Id": str(number), "MessageBody": message(keys)} for number, keys in enumerate(group)],
            )
            if failed := answer.get("Failed"):
                raise Transient(f"after {sent} keys of s3://{bucket} the queue refused more: {failed[0]['Message']}")
            sent += sum(map(len, group))
            progress(sent)
    except (BotoCoreError, ClientError) as error:
        raise Transient(f"after {sent} keys of s3://{bucket}: {error}") from error
    return sent


def contents(s3: "S3Client", bucket: str) -> Iterator[ObjectChange]:
    """Yield a hint for each key of the bucket."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            yield ObjectChange(
                bucket, found["Key"], "bucketdex", "backfill", size=found["Size"], etag=found["ETag"].strip('"')
            )
