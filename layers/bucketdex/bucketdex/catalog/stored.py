"""What S3 says when one object is asked for: there it is, there is none, not now, not for us."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from bucketdex.aws import refusals
from bucketdex.catalog.answers import NotFound
from bucketdex.errors import Permanent, Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_VERSION = frozenset({"InvalidArgument", "400"})  # a version id that is none


def of_object(bucket: str, key: str, version: str) -> dict[str, Any]:
    """Return the parameters that name an object, or a version of it."""
    return {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})


def origin_of(s3: "S3Client", bucket: str) -> str:
    """Return the origin of S3's addresses of a bucket, where images come from that the catalog does not serve."""
    return origin(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "x"}))


def origin(url: str) -> str:
    """Return the origin of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def errors_told(bucket: str, key: str, version: str) -> Iterator[None]:
    """Tell what S3 refuses, and why, by our taxonomy."""
    name = f"s3://{bucket}/{key}" + (f" in version {version}" if version else "")
    try:
        yield
    except ClientError as error:
        refusals.raise_if_transient(error, bucket, key)
        if refusals.code(error) in refusals.GONE or (version and refusals.code(error) in NO_VERSION):
            raise NotFound(f"There is no {name}") from error
        raise Permanent(f"S3 does not give {name}: {refusals.said(error)}") from error
    except ParamValidationError as error:  # an empty key names nothing
        raise NotFound(f"There is no {name}") from error
    except BotoCoreError as error:
        told = f"S3 cannot tell about {name} now"
        raise Transient(f"{told}: {error}", told) from error
