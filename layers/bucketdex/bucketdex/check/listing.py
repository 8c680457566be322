"""What differs between a bucket and the index, a step at a time, in the order of the keys.

A step lists a page of the bucket, searches the same range of keys in every index that is written, and compares what a
listing tells: presence, etag, size and storage class; and whether an object was written after it was last looked at.
Both sort keys by the bytes of their UTF-8, which is how Python compares texts too.
"""

import itertools
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.aws import refusals
from bucketdex.check.agreement import kind_of
from bucketdex.errors import Permanent, Transient
from bucketdex.index.generations import NOT_DELETED, OBJECTS, PACKAGES
from bucketdex.index.requests import post

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from opensearchpy import OpenSearch

PAGE_KEYS = 1_000  # S3 lists no more at once
# Of one index. More than a page of the bucket, so that some deletions do not make a step shorter.
PAGE_DOCUMENTS = 2_000
SHOWN = ["key", "etag", "size", "storage_class", "modified", "observed_at", "problem"]
OF_PACKAGES, BEHIND_PACKAGES = ".quilt/", ".quilt0"  # 0 is what comes after the slash
PLAIN_CLASS = "STANDARD"


class Listed(msgspec.Struct, frozen=True):
    """An object as a listing tells of it; `modified` in whole seconds."""

    key: str
    size: int
    etag: str | None
    modified: datetime
    storage_class: str = PLAIN_CLASS


class Difference(msgspec.Struct, frozen=True):
    """A key of which the index does not say what S3 does; `what` differs, `listed` is None where S3 has no object."""

    key: str
    what: str
    listed: Listed | None


class Step(msgspec.Struct, frozen=True):
    """A range of keys, compared: how many S3 has, what differs, and the last key; None where the bucket ends."""

    keys: int
    differences: list[Difference]
    last: str | None


type Indexes = dict[str, list[str]]  # those that are written, by kind
type Documents = dict[str, dict[str, Any]]  # in part, by key


def compare(
    s3: "S3Client",
    opensearch: "OpenSearch",
    indexes: Indexes,
    bucket: str,
    after: str,
    page_keys: int = PAGE_KEYS,
    page_documents: int = PAGE_DOCUMENTS,
) -> Step:
    """Compare the keys behind `after`, as many as one page of the bucket and of each index holds.

    What is written meanwhile may seem to differ, and then is looked at once more, which does no harm. Raises
    `Transient`, and `Permanent` where S3 does not let us list.
    """
    listed, last = _list(s3, bucket, after, page_keys)
    found: list[tuple[str, Documents]] = []
    for kind, named in indexes.items():
        if kind == PACKAGES and not _may_hold_packages(after, last):
            continue
        for index in named:
            documents, whole = _search(opensearch, index, bucket, after, last, page_documents)
            found.append((kind, {key: it for key, it in documents.items() if kind_of(key) == kind}))
            if not whole:  # what lies behind is left to the next step, of every index
                end = max(documents)
                last = end if last is None else min(last, end)
    within = {it.key: it for it in listed if last is None or it.key <= last}
    differences: dict[str, Difference] = {}
    for kind, documents in found:
        mine = [key for key in within if kind_of(key) == kind]
        theirs = [key for key in documents if last is None or key <= last]
        for key in {*mine, *theirs} - differences.keys():
            if what := differs(within.get(key), documents.get(key)):
                differences[key] = Difference(key, what, within.get(key))
    return Step(len(within), [differences[key] for key in sorted(differences)], last)


def differs(listed: Listed | None, document: dict[str, Any] | None) -> str | None:
    """Return what an object and its document differ in, or None; a tombstone counts as no document."""
    if listed is None:
        return None if document is None else "gone"
    if document is None:
        return "not indexed"
    # Where S3 refused to tell of an object, its document may know no more than that there is one. Asked each day anew,
    # S3 would refuse each day.
    refused = bool(document.get("problem")) and "modified" not in document
    for name in ("etag", "size"):
        known, told = document.get(name), getattr(listed, name)
        if known != told and not (refused and known is None):
            return name
    of_class = not refused and kind_of(listed.key) == OBJECTS  # the documents of packages have none
    if of_class and (document.get("storage_class") or PLAIN_CLASS) != listed.storage_class:
        return "storage class"
    return "modified" if datetime.fromisoformat(document["observed_at"]) < listed.modified else None


def refresh(opensearch: "OpenSearch", indexes: Indexes) -> None:
    """Let everything be found that is written by now; raises `Transient`."""
    names = [index for named in indexes.values() for index in named]
    if names:
        post(opensearch, f"/{','.join(names)}/_refresh", b"")


def _may_hold_packages(after: str, last: str | None) -> bool:
    return after < BEHIND_PACKAGES and (last is None or last >= OF_PACKAGES)


def _list(s3: "S3Client", bucket: str, after: str, page_keys: int) -> tuple[list[Listed], str | None]:
    """Return a page of the bucket, and its last key; None where the bucket ends with it."""
    try:
        page = s3.list_objects_v2(Bucket=bucket, StartAfter=after, MaxKeys=page_keys)
    except ClientError as error:
        if refusals.is_transient(error):
            raise Transient(f"s3://{bucket} cannot be listed now: {refusals.said(error)}") from error
        raise Permanent(f"S3 does not let us list s3://{bucket}: {refusals.said(error)}") from error
    except BotoCoreError as error:
        raise Transient(f"S3 did not list s3://{bucket}: {error}") from error
    listed = [_listed(dict(found)) for found in page.get("Contents", [])]
    keys = [it.key for it in listed]
    if not _ascend([after, *keys]):
        raise Permanent(
            f"s3://{bucket} is not listed in the order of its keys, so it cannot be compared (a directory bucket?)"
        )
    return listed, keys[-1] if page.get("IsTruncated") and keys else None


def _ascend(keys: list[str]) -> bool:
    return all(one < other for one, other in itertools.pairwise(keys))


def _listed(found: dict[str, Any]) -> Listed:
    return Listed(
        found["Key"],
        found["Size"],
        found.get("ETag", "").strip('"') or None,
        found["LastModified"].replace(microsecond=0),
        found.get("StorageClass") or PLAIN_CLASS,
    )


def _search(
    opensearch: "OpenSearch", index: str, bucket: str, after: str, last: str | None, size: int
) -> tuple[Documents, bool]:
    """Return the bucket's documents behind `after` and up to `last`, and whether that is all of them."""
    keys = {"gt": after} | ({} if last is None else {"lte": last})
    filters: list[dict[str, Any]] = [{"term": {"bucket": bucket}}, {"range": {"key": keys}}, NOT_DELETED]
    body = {
        "query": {"bool": {"filter": filters}},
        "size": size,
        "sort": [{"key": "asc"}],
        "_source": SHOWN,
        "track_total_hits": False,
    }
    answer = post(opensearch, f"/{index}/_search", msgspec.json.encode(body), allow_partial_search_results="false")
    if answer.get("timed_out"):
        raise Transient(f"the search in {index} took too long")
    documents = {it["_source"]["key"]: it["_source"] for it in answer["hits"]["hits"]}
    return documents, len(answer["hits"]["hits"]) < size
