"""Have the bucket that a trail delivers to tell of its log files, beside whatever it tells already.

Only a rule is added: nothing is registered, and nothing that the bucket holds is looked at.
"""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from bucketdex.buckets import rules
from bucketdex.buckets.connect import BAD_NAME, NAME
from bucketdex.buckets.notification import RULE, TRAIL, Configuration, keys_of, with_rule
from bucketdex.errors import Permanent, Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# What stands in the filter of a rule as it is in a key; S3 wants all else encoded there, each kind in its own way.
PLAIN_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*")
UNKNOWN_QUEUE, OTHER_REGION = "Unable to validate the following destination", "region is not valid"


class Told(msgspec.Struct, frozen=True):
    """That log files of the bucket below `prefix` are told of; `added` if that is new.

    `former_prefix` is the one that they were told of below until now, where that was another; `connected` says that
    the bucket is indexed as well.
    """

    bucket: str
    prefix: str
    added: bool
    former_prefix: str | None
    connected: bool


def tell(
    s3: "S3Client", sqs: "SQSClient", queue_url: str, bucket: str, prefix: str = "", connected: Collection[str] = ()
) -> Told:
    """Have the bucket send a message to this queue for each log file; `connected` are the buckets that are indexed.

    Raises `Permanent`, which says what is in the way, before anything is changed; and `Transient`.
    """
    if not PLAIN_PREFIX.fullmatch(prefix):
        raise Permanent(
            f"the prefix {prefix!r} has characters that a notification rule does not take as they are: name a shorter "
            "one, as whatever is no log file is passed over"
        )
    wanted = msgspec.structs.replace(TRAIL, prefix=prefix)
    try:
        queue_arn = rules.queue_arn(sqs, queue_url)
        found = rules.read(s3, bucket)
        _refuse_connected(bucket, found)
        with_rule(found, queue_arn, wanted)  # to be refused before `add` reads again
        before = keys_of(found, TRAIL)
        added = rules.add(s3, bucket, queue_arn, wanted)
    except (BotoCoreError, ClientError) as error:
        raise _said(bucket, error) from error
    former = before[0] if before and before[0] != prefix else None
    return Told(bucket, prefix, added, former, bucket in connected)


def tell_no_more(s3: "S3Client", sqs: "SQSClient", queue_url: str, bucket: str, prefix: str = "") -> str:
    """Take the rule out again, and return the prefix that it had.

    Raises `Permanent` where there is none, or one of another prefix than the one that is given, if any; and
    `Transient`.
    """
    try:
        before = keys_of(rules.read(s3, bucket), TRAIL)
        if before and prefix and prefix.rstrip("/") != before[0].rstrip("/"):
            read = f"below {before[0].rstrip('/')}" if before[0] else "from its top"
            raise Permanent(f"{bucket} is read {read}, not below {prefix.rstrip('/')}; nothing is removed")
        removed = rules.remove(s3, bucket, rules.queue_arn(sqs, queue_url), TRAIL)
    except (BotoCoreError, ClientError) as error:
        raise _said(bucket, error) from error
    if not before or not removed:
        raise Permanent(f"the bucket {bucket} has no rule {TRAIL.id!r} of this stack")
    return before[0]


def _refuse_connected(bucket: str, found: Configuration) -> None:
    if any(it.get("Id") == RULE for it in found.get("QueueConfigurations", [])):
        raise Permanent(
            f"the bucket {bucket} is connected: its rule {RULE!r} sends all that is written already, and S3 takes no "
            "second rule for the same events. Let the trail deliver to a bucket of its own, or disconnect this one: "
            f"bucketdex bucket remove {bucket}"
        )


def _said(bucket: str, error: Exception) -> Exception:
    """Return what a refusal means: nobody but its owner can change a bucket, and the queue takes only what it knows."""
    if isinstance(error, ParamValidationError):
        return Permanent(BAD_NAME.format(name=bucket))
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        code, message = str(told.get("Code", "")), str(told.get("Message", ""))
        if UNKNOWN_QUEUE in message:
            return Permanent(
                f"the queue TrailFiles takes nothing from {bucket}: add arn:aws:s3:::{bucket} to the stack's parameter "
                f"TrailBucketArns and deploy it, then try again ({message})"
            )
        if OTHER_REGION in message:
            return Permanent(f"the bucket {bucket} is in another region than the stack, and cannot tell it: {message}")
        if code in ("NoSuchBucket", "404"):
            # Asked only here: buckets from before 2018 may have other names.
            return Permanent(f"there is no bucket {bucket}" if NAME.fullmatch(bucket) else BAD_NAME.format(name=bucket))
        if code in ("InvalidBucketName", "AccessDenied", "403", "InvalidArgument"):
            return Permanent(f"S3 does not let us change what {bucket} tells: {error}")
    return Transient(f"what {bucket} tells could not be changed: {error}")
