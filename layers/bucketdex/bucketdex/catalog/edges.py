"""What pages reach outside with; a client is made when a page first needs it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from bucketdex.aws.settings import Queue
from bucketdex.catalog.answers import NotFound
from bucketdex.catalog.deadline import OTHER_SECONDS, S3_SECONDS, Deadline, aws_within, opensearch_within
from bucketdex.control import Bucket, ControlTable
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from opensearchpy import OpenSearch


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Edges(msgspec.Struct, frozen=True, dict=True):
    """The edges of one request: which buckets are connected is read once for each, and all have one deadline."""

    make_opensearch: Callable[[], "OpenSearch"]
    make_s3: Callable[[], "S3Client"]
    make_sqs: Callable[[], "SQSClient"]
    make_dynamodb: Callable[[], "DynamoDBClient"]
    table: str
    queues: tuple[Queue, ...] = ()
    clock: Callable[[], datetime] = utc_now
    deadline: Deadline = msgspec.field(default_factory=Deadline)

    @cached_property
    def opensearch(self) -> "OpenSearch":
        """The index; searches go through `searching`."""
        return opensearch_within(self.make_opensearch(), self.deadline)

    @cached_property
    def s3(self) -> "S3Client":
        """What the buckets hold."""
        return aws_within(self.make_s3(), self.deadline, S3_SECONDS)

    @cached_property
    def sqs(self) -> "SQSClient":
        """The queues."""
        return aws_within(self.make_sqs(), self.deadline, OTHER_SECONDS)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Where the control table is."""
        return aws_within(self.make_dynamodb(), self.deadline, OTHER_SECONDS)

    @cached_property
    def control(self) -> ControlTable:
        """The control table."""
        return ControlTable(self.dynamodb, self.table)

    @cached_property
    def buckets(self) -> tuple[Bucket, ...]:
        """The buckets that who asks may see, by name."""
        return tuple(self.control.buckets())

    @cached_property
    def viewer(self) -> Viewer:
        """Who asks."""
        return Viewer(frozenset(bucket.name for bucket in self.buckets))

    def bucket(self, name: str) -> Bucket:
        """Return a bucket that who asks may see; raises `NotFound`."""
        for bucket in self.buckets:
            if bucket.name == name:
                return bucket
        raise NotFound(f"There is no bucket {name} here: it is not connected, or not by that name.")
