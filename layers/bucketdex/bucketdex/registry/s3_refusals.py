"""What S3's refusal of a transfer means to who wanted it."""

from botocore.exceptions import ClientError

from bucketdex.aws import refusals
from bucketdex.errors import Transient
from bucketdex.registry.errors import AbsentError, PackageError


def refused(error: ClientError, failed: str) -> PackageError | Transient:
    """Return the error to raise; `failed` says what could not be done, with its address."""
    said, status = refusals.said(error), refusals.status(error)
    if refusals.is_transient(error):
        return Transient(f"{failed} now: {said}; what was done is kept, so do the same again later")
    if refusals.code(error) in refusals.GONE or status == 404:
        return AbsentError(f"{failed}: {said}")
    if status == 403:
        return PackageError(f"{failed}: these credentials may not ({said}); ask for the right to do so")
    return PackageError(f"{failed}: {said}")
