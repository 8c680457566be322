"""The one place where clients of AWS and OpenSearch are made, each on first use.

Nothing retries for long in here: the queue does that. Short timeouts turn a missing VPC endpoint into a clear error
instead of a function that hangs until it is killed.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3
import msgspec
from botocore.config import Config

from bucketdex.aws.settings import OpenSearchSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from opensearchpy import OpenSearch

CONNECT_SECONDS = 3  # far above any healthy connect inside a region
READ_SECONDS = 10  # the longest silence in an answer
PAGE_READ_SECONDS = 5  # of an answer that somebody waits for, who is told then that it cannot be had
OPENSEARCH_SECONDS = 20  # a bulk request of 5 MB on a small, busy domain


def _config(connections: int, attempts: int, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS) -> Config:
    return Config(
        connect_timeout=connect,
        read_timeout=read,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": attempts},
        # Checksums are read as headers and compared here: the SDK's own check fails on ranges (botocore#3346), and some
        # S3 clones refuse those it sends (boto3#4392).
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


@cache
def _session() -> boto3.Session:
    return boto3.Session()  # 6 ms each: one for all


@cache
def s3(connections: int = 16) -> "S3Client":
    """Return the S3 client; its `GetObject` of whole objects asks for the checksums that S3 keeps."""
    client = _session().client("s3", config=_config(connections, attempts=2))
    client.meta.events.register("before-call.s3.GetObject", _ask_for_checksums)
    return client


@cache
def signing_s3() -> "S3Client":
    """Return the S3 client of pages. It signs addresses, by SigV4: of encrypted objects S3 takes no others."""
    config = _config(8, attempts=2, read=PAGE_READ_SECONDS).merge(Config(signature_version="s3v4"))
    client = _session().client("s3", config=config)
    client.meta.events.register("before-call.s3.GetObject", _ask_for_checksums)
    return client


@cache
def quick_s3(connections: int = 16) -> "S3Client":
    """Return the S3 client for the reads that are many: its `GetObject` costs a third."""
    from bucketdex.aws.quick_s3 import QuickS3  # noqa: PLC0415, cold start of functions that read no objects

    return cast("S3Client", QuickS3(s3(connections), _session().get_credentials()))


@cache
def transfer_s3() -> "S3Client":
    """Return the S3 client for the data of packages: as many requests at once, and as patient, as people want it."""
    from bucketdex.aws.quick_s3 import QuickS3  # noqa: PLC0415

    made = _session().client("s3", config=_config(connections=40, attempts=8, connect=10, read=60))
    return cast("S3Client", QuickS3(made, _session().get_credentials()))


def _ask_for_checksums(params: dict[str, Any], **_: Any) -> None:
    # As a header, not as the parameter ChecksumMode, which would make the SDK digest and compare every body as well.
    # A range carries no checksum of the object, so it is not asked for there.
    if "Range" not in params["headers"]:
        params["headers"]["x-amz-checksum-mode"] = "ENABLED"


@cache
def sqs(read: float = READ_SECONDS) -> "SQSClient":
    """Return the SQS client."""
    return _session().client("sqs", config=_config(10, attempts=3, read=read))


@cache
def stepfunctions() -> "SFNClient":
    """Return the client of Step Functions."""
    return _session().client("stepfunctions", config=_config(2, attempts=3))


@cache
def dynamodb(read: float = READ_SECONDS) -> "DynamoDBClient":
    """Return the DynamoDB client, for the control table."""
    return _session().client("dynamodb", config=_config(4, attempts=3, read=read))


@cache
def opensearch(settings: OpenSearchSettings, seconds: float = OPENSEARCH_SECONDS) -> "OpenSearch":
    """Return the OpenSearch client; it retries nothing by itself, as only the caller knows what a conflict means.

    It waits so many seconds for an answer.
    """
    from opensearchpy import (  # noqa: PLC0415, cold start
        JSONSerializer,
        OpenSearch,
        SerializationError,
        Urllib3AWSV4SignerAuth,
        Urllib3HttpConnection,
    )

    class QuickJson(JSONSerializer):
        def loads(self, s: str) -> Any:
            try:
                return msgspec.json.decode(s)
            except (msgspec.DecodeError, UnicodeError) as error:
                raise SerializationError(s, error) from error

    auth = None
    if settings.auth == "iam":
        session = _session()
        auth = Urllib3AWSV4SignerAuth(session.get_credentials(), session.region_name, "es")
    return OpenSearch(
        settings.url,
        http_auth=auth,
        connection_class=Urllib3HttpConnection,
        serializer=QuickJson(),
        pool_maxsize=8,
        timeout=seconds,
        max_retries=0,
        retry_on_timeout=False,
    )
