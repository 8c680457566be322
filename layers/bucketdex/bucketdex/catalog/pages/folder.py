"""A folder of a bucket, as S3 lists it now, with what the index knows of what is in it."""

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.aws import refusals
from bucketdex.catalog import links
from bucketdex.catalog.answers import NotFound, Page
from bucketdex.catalog.crumbs import Crumb, folders
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.objects.snippets import narrowed
from bucketdex.errors import Fault, Permanent, Transient
from bucketdex.http import Request
from bucketdex.searching.details.listed import Known, known

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 200  # names
REFUSED = frozenset({"AccessDenied", "403", "Forbidden"})


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A folder or a file of a listing."""

    name: str
    href: str
    size: int | None = None
    modified: str | None = None
    storage_class: str | None = None
    known: Known | None = None


class Listing(msgspec.Struct, frozen=True):
    """A page of a folder; `after` is the last name that it tells of, where there are more."""

    folders: tuple[str, ...]  # prefixes
    files: tuple[dict[str, Any], ...]  # as S3 tells of them
    after: str | None


def page(request: Request, edges: Edges, bucket: str, prefix: str) -> Page:
    """Show a folder; what is no folder but an object leads to it."""
    edges.bucket(bucket)
    after = request.one("after")
    found = listing(edges.s3, bucket, prefix, after)
    if prefix and not after and not found.folders and not found.files:
        raise NotFound(f"There is nothing in s3://{bucket}/{prefix}")
    keys = [file["Key"] for file in found.files]
    try:
        told, unknown = known(edges.opensearch, edges.viewer, bucket, keys), None
    except Fault as fault:  # what S3 says can be shown without
        told, unknown = {}, fault.for_asker
    here = narrowed("key", f"{prefix}*", bucket=bucket) if prefix else narrowed("bucket", bucket)
    return Page(
        "folder.html",
        {
            "title": (prefix.rstrip("/").rsplit("/", 1)[-1] or prefix) or bucket,
            "bucket": bucket,
            "prefix": prefix,
            "steps": steps(bucket, prefix),
            "folders": [Row(name=it[len(prefix) :], href=links.folder(bucket, it)) for it in found.folders],
            "files": [row(bucket, prefix, it, told.get(it["Key"])) for it in found.files],
            "unknown": unknown,
            "first": links.folder(bucket, prefix) if after else "",
            "next": links.folder(bucket, prefix, found.after) if found.after else "",
            "search": links.search(here) if here else "",
        },
    )


def listing(s3: "S3Client", bucket: str, prefix: str, after: str = "") -> Listing:
    """Return a page of a folder; raises `Transient`, and `Permanent` where S3 refuses."""
    asked: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/", "MaxKeys": PAGE}
    if after:
        # A folder is told once for all that is in it: what comes after it is behind the last name that it can have.
        asked["StartAfter"] = f"{after}\U0010ffff" if after.endswith("/") and after != prefix else after
    try:
        told: Any = s3.list_objects_v2(**asked)
    except ClientError as error:
        if refusals.code(error) in REFUSED:
            raise Permanent(f"This stack may not list s3://{bucket}: its role needs s3:ListBucket.") from error
        fault = Transient if refusals.is_transient(error) else Permanent
        raise fault(f"s3://{bucket} cannot be listed: {refusals.said(error)}") from error
    except BotoCoreError as error:
        told = f"S3 cannot list s3://{bucket} now"
        raise Transient(f"{told}: {error}", told) from error
    folders = tuple(it["Prefix"] for it in told.get("CommonPrefixes", ()))
    files = tuple(told.get("Contents", ()))
    last = max([*folders, *(it["Key"] for it in files)], key=lambda it: it.encode(), default=None)
    return Listing(folders, files, last if told.get("IsTruncated") else None)


def row(bucket: str, prefix: str, told: dict[str, Any], of_index: Known | None) -> Row:
    """Return a file as it is shown; one that is called as its folder is a mark that other tools make."""
    return Row(
        name=told["Key"][len(prefix) :],
        href=links.object(bucket, told["Key"]),
        size=told.get("Size"),
        modified=told["LastModified"].isoformat() if "LastModified" in told else None,
        storage_class=told.get("StorageClass") if told.get("StorageClass") != "STANDARD" else None,
        known=of_index,
    )


def steps(bucket: str, prefix: str) -> list[Crumb]:
    """Return the folders on the way, each with its address."""
    told: list[Crumb] = [("Buckets", links.home()), (bucket, links.bucket(bucket)), ("files", links.folder(bucket))]
    return told + folders(prefix, partial(links.folder, bucket))
