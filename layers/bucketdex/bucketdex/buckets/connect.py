"""Connect a bucket, so that whatever happens in it is told and indexed, and take it out again.

Both can be repeated, broken off and run twice at once. The order is what makes that safe: the index is there before
anyone writes, the bucket is registered before it tells anything, and it tells of changes before its contents are
listed, so nothing falls in between. What its configuration was is written down before it is changed. Of a bucket whose
events come from the trail alone nothing is changed, nor is its configuration looked at.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from opensearchpy.exceptions import OpenSearchException

from bucketdex.buckets import documents, rules
from bucketdex.buckets.contents import send_contents
from bucketdex.buckets.notification import with_rule, without_rule
from bucketdex.control import Bucket, ControlTable, Events
from bucketdex.errors import Permanent, Transient
from bucketdex.index.generations import KINDS, OBJECTS, all_indexes, ensure

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from opensearchpy import OpenSearch

PLAIN_REGION = "us-east-1"  # the one whose name S3 does not take as a location
NAME = re.compile(r"(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
DIRECTORY_BUCKET = "--x-s3"  # how the names of those end; they are listed in no order
BAD_NAME = "{name!r} is no name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens"

FROM: dict[Events | None, str] = {"notifications": "its notifications", "trail": "the trail"}
LOST = (
    "That deletes its documents, which come again when it is added, and its counts of reads, which come again only "
    "when `bucketdex trail import` reads the old log files"
)

type Step = Literal["index", "register", "configure", "list", "documents"]
type Progress = Callable[[Step, int], None]  # what is being done, and how many keys it has come to


@dataclass(frozen=True)
class Edges:
    """What connecting touches, and the queues by address: of live events, and of bulk events."""

    s3: "S3Client"
    sqs: "SQSClient"
    opensearch: "OpenSearch"
    control: ControlTable
    object_events_url: str
    bulk_events_url: str


class Connected(msgspec.Struct, frozen=True):
    """What connecting did: what was new, how many keys were sent to be looked at, how many stale documents went."""

    bucket: str
    created: bool
    registered: bool
    versioning_enabled: bool
    notification_added: bool
    keys_sent: int
    documents_deleted: int
    events: Events = "notifications"


class Disconnected(msgspec.Struct, frozen=True):
    """What disconnecting did; `exists` tells whether the bucket itself is still there."""

    bucket: str
    exists: bool
    unregistered: bool
    notification_removed: bool
    documents_deleted: int
    versioning_before: str
    events: Events


def silent(_step: Step, _keys: int) -> None:
    """Tell nobody."""


def connect(
    name: str,
    edges: Edges,
    now: Callable[[], datetime],
    progress: Progress = silent,
    events: Events | None = None,
) -> Connected:
    """Connect the bucket, made where it is absent; raises `Permanent` where S3 would refuse our rule, and `Transient`.

    `events` says what tells of its changes; None: what did, and its notifications at first. With `trail` the bucket has
    to be there. Its contents are sent each time: a second run repairs what a first one left undone.
    """
    if name.endswith(DIRECTORY_BUCKET):
        raise Permanent(
            f"{name} is a directory bucket: those tell of no changes, and cannot be compared with the index"
        )
    begun = now()
    try:
        events = _agreed(name, edges.control, events)
        notified = events == "notifications"
        before: dict[str, Any] = {}
        created = False
        if notified:
            queue_arn = rules.queue_arn(edges.sqs, edges.object_events_url)
            created = _create_if_absent(edges.s3, name)
            found = rules.read(edges.s3, name)
            with_rule(found, queue_arn)  # to be refused before anything is changed
            before = {"versioning": _versioning(edges.s3, name), "notifications": without_rule(found)}
        elif not _exists(edges.s3, name):
            raise Permanent(f"there is no bucket {name}: of a bucket whose events come from the trail, nothing is made")
        progress("index", 0)
        for kind in KINDS:
            ensure(edges.opensearch, edges.control, kind)
        deleted = 0
        if not _registered(edges.control, name):
            # What a former connection left. Never what is written from now on, should another run have registered it.
            deleted = documents.delete(edges.opensearch, all_indexes(edges.control), name, before=begun)
        progress("register", 0)
        registered = edges.control.add_bucket(Bucket(name, begun, before, events=events))
        _agreed(name, edges.control, events)  # with another run, should that have registered it meanwhile
        enabled = added = False
        if notified:
            progress("configure", 0)
            enabled = before["versioning"] != "Enabled"
            if enabled:
                edges.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            # Read again: what stood there when we began may have changed since.
            added = rules.add(edges.s3, name, queue_arn)
    except (BotoCoreError, ClientError, OpenSearchException) as error:
        raise _said(name, error) from error
    sent = send_contents(edges.s3, edges.sqs, name, edges.bulk_events_url, lambda keys: progress("list", keys))
    return Connected(name, created, registered, enabled, added, sent, deleted, events)


def disconnect(name: str, edges: Edges, progress: Progress = silent) -> Disconnected:
    """Take our rule from the bucket, its entry from the control table and its documents from the index.

    Versioning stays on: switching it off would change what happens to the data. Raises `Transient`; `Permanent` where
    there was nothing to disconnect.
    """
    progress("configure", 0)
    entry = next((it for it in edges.control.buckets() if it.name == name), None)
    events = entry.events if entry else "notifications"
    try:
        exists = _exists(edges.s3, name)
        removed = False
        if exists and events == "notifications":
            removed = rules.remove(edges.s3, name, rules.queue_arn(edges.sqs, edges.object_events_url))
        progress("register", 0)
        unregistered = edges.control.remove_bucket(name)
    except (BotoCoreError, ClientError) as error:
        raise _said(name, error) from error
    progress("documents", 0)
    deleted = documents.delete(edges.opensearch, all_indexes(edges.control), name)
    if not (removed or unregistered or deleted):
        raise Permanent(f"the bucket {name} is not connected; `bucketdex bucket list` shows those that are")
    versioning = str(entry.before.get("versioning", "")) if entry else ""
    return Disconnected(name, exists, unregistered, removed, deleted, versioning, events)


def _versioning(s3: "S3Client", name: str) -> str:
    """Return Enabled, Suspended, or an empty string where it never was on."""
    return str(s3.get_bucket_versioning(Bucket=name).get("Status", ""))


def _create_if_absent(s3: "S3Client", name: str) -> bool:
    if _exists(s3, name):
        return False
    if not NAME.fullmatch(name):  # asked only here: buckets from before 2018 may have other names
        raise Permanent(BAD_NAME.format(name=name))
    region = s3.meta.region_name
    where: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=name, **({} if region == PLAIN_REGION else where))
    except s3.exceptions.BucketAlreadyOwnedByYou:  # by a second run of this command
        return False
    return True


def _exists(s3: "S3Client", name: str) -> bool:
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


def _registered(control: ControlTable, name: str) -> Bucket | None:
    return control.view(OBJECTS, [name]).buckets.get(name)


def _agreed(name: str, control: ControlTable, wanted: Events | None) -> Events:
    """Return what tells of the bucket's changes; raises `Permanent` where it is connected, and that is not wanted."""
    known = _registered(control, name)
    if known and wanted not in (None, known.events):
        raise Permanent(
            f"the bucket {name} is connected already, and its events come from {FROM[known.events]}; "
            f"to have them from {FROM[wanted]}, remove it first: `bucketdex bucket remove {name}`. {LOST}"
        )
    return known.events if known else wanted or "notifications"


def _said(name: str, error: Exception) -> Exception:
    """Return what a refusal means for the bucket: a name that cannot be, somebody else's bucket, or later."""
    if isinstance(error, ParamValidationError):
        return Permanent(BAD_NAME.format(name=name))
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("InvalidBucketName", "BucketAlreadyExists", "403", "AccessDenied"):
            return Permanent(f"S3 does not let us connect the bucket {name}: {error}")
    return Transient(f"the bucket {name} could not be connected or disconnected: {error}")
