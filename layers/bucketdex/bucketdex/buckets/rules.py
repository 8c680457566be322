"""Our notification rules at the bucket itself: read, added and taken out, as others' rules stay."""

from typing import TYPE_CHECKING, cast

from bucketdex.buckets.notification import (
    INDEXING,
    Configuration,
    Rule,
    configuration,
    has_rule,
    is_right,
    with_rule,
    without_rule,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import NotificationConfigurationTypeDef
    from mypy_boto3_sqs import SQSClient


def read(s3: "S3Client", bucket: str) -> Configuration:
    """Return all rules of the bucket."""
    return configuration(s3.get_bucket_notification_configuration(Bucket=bucket))


def add(s3: "S3Client", bucket: str, queue_arn: str, of: Rule = INDEXING) -> bool:
    """Add our rule, as it should be; False where it is already. Raises `Permanent` where S3 would refuse it."""
    found = read(s3, bucket)
    if is_right(found, queue_arn, of):
        return False
    _write(s3, bucket, with_rule(found, queue_arn, of))
    return True


def remove(s3: "S3Client", bucket: str, queue_arn: str, of: Rule = INDEXING) -> bool:
    """Take our rule out; False where there is none of this stack."""
    found = read(s3, bucket)
    if not has_rule(found, queue_arn, of):
        return False
    _write(s3, bucket, without_rule(found, of))
    return True


def queue_arn(sqs: "SQSClient", queue_url: str) -> str:
    """Return the queue's ARN, as rules name it."""
    told = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return told["Attributes"]["QueueArn"]


def _write(s3: "S3Client", bucket: str, wanted: Configuration) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=cast("NotificationConfigurationTypeDef", wanted)
    )
