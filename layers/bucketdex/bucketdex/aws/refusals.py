"""What S3's refusals mean: gone, later, or not for us. A 403 is never taken for a deletion."""

from botocore.exceptions import ClientError

from bucketdex.errors import Transient

GONE = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NotFound", "404"})
# Refusals that speak of our own credentials or of the moment, not of the object.
NOT_THE_OBJECT = frozenset({
    "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId", "SignatureDoesNotMatch",
    "RequestTimeTooSkewed", "RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequests",
    "OperationAborted",
})  # fmt: skip


def raise_if_transient(error: ClientError, bucket: str, key: str) -> None:
    """Raise `Transient` where the refusal speaks of the moment."""
    if is_transient(error):
        raise Transient(f"S3 cannot tell about s3://{bucket}/{key} now: {said(error)}") from error


def is_transient(error: ClientError) -> bool:
    """Whether the refusal speaks of the moment, or of our own credentials, and not of the object."""
    return status(error) >= 500 or status(error) == 429 or code(error) in NOT_THE_OBJECT


def code(error: ClientError) -> str:
    """Return S3's code, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status(error: ClientError) -> int:
    """Return the HTTP status."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def marker(error: ClientError) -> str | None:
    """Return the version id of the delete marker that a 404 speaks of; None where the object never was, or is lost."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-version-id") if headers.get("x-amz-delete-marker") == "true" else None


def said(error: ClientError) -> str:
    """Return code and message, for people."""
    told = error.response.get("Error", {})
    return f"{told.get('Code', '?')} {told.get('Message', '')}".strip()
