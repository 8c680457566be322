"""Whether the index says of an object what S3 says of it: presence, version id, etag, size and tags.

Both are asked one after the other, so an object that is changed in between seems to differ; asked again it does not.
"""

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from bucketdex.control import ControlTable
from bucketdex.errors import Transient
from bucketdex.index import writer
from bucketdex.index.ids import object_id
from bucketdex.objects.document import object_document
from bucketdex.objects.hint import Hint, ObjectName
from bucketdex.objects.observe import GONE, Observation
from bucketdex.objects.reconcile import KIND, Map

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from opensearchpy import OpenSearch

BATCH = 200  # documents that are read in one request
PRESENCE = "presence"
COMPARED = ("version_id", "etag", "size", "tags")


class Agreement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the index holds of an object, and whether S3 agrees; a tombstone is `deleted` and not `indexed`.

    `differs` names what they disagree in, `problem` why S3 would not tell.
    """

    bucket: str
    key: str
    indexed: dict[str, Any] | None
    deleted: bool
    agrees: bool
    differs: tuple[str, ...]
    problem: str | None = None


def agreements(
    names: Iterable[ObjectName], control: ControlTable, opensearch: "OpenSearch", s3: "S3Client", concurrently: Map
) -> Iterator[Agreement]:
    """Yield for each object, in order, what the index that is searched and S3 say of it; raises `Transient`."""
    index = next((it.index for it in control.generations(KIND) if it.read), None)
    for batch in itertools.batched(names, BATCH):
        ids = [object_id(*name) for name in batch]
        stored = writer.read(opensearch, [index], dict.fromkeys(ids, True)) if index else {}
        seen = concurrently(lambda name: look(s3, name), batch)
        for name, identity, found in zip(batch, ids, seen, strict=True):
            document = stored.get((index or "", identity))
            yield compare(name, document.source if document else None, found)


def compare(name: ObjectName, document: dict[str, Any] | None, seen: Observation) -> Agreement:
    """Return whether the stored document of an object, if there is one, tells what was seen of it in S3."""
    deleted = document is not None and bool(document.get("deleted"))
    indexed = None if deleted else document
    differs: tuple[str, ...] = ()
    if seen.refused:
        return Agreement(*name, indexed, deleted, agrees=False, differs=(), problem="; ".join(seen.problems))
    if seen.gone != (indexed is None):
        differs = (PRESENCE,)
    elif indexed is not None:
        differs = tuple(_different(indexed, _expected(name, seen)))
    agrees = not differs and not seen.problems
    return Agreement(*name, indexed, deleted, agrees, differs, "; ".join(seen.problems) or None)


def look(s3: "S3Client", name: ObjectName) -> Observation:
    """Return what S3 says of an object, without its bytes; raises `Transient`."""
    bucket, key = name
    now = datetime.now(UTC)
    try:
        answer: dict[str, Any] = dict(s3.head_object(Bucket=bucket, Key=key))
        tags = _tags(s3, name, answer)
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        if code in GONE:
            return Observation(now, gone=True)
        if status >= 500 or status == 429:
            raise Transient(f"S3 cannot tell about s3://{bucket}/{key} now: {error}") from error
        return Observation(now, problems=(f"S3 does not tell: {error}",))
    except ParamValidationError:  # boto knows the form of a name, and says it at length
        return Observation(now, problems=(f"S3 cannot be asked: {bucket!r} is no name of a bucket",))
    except BotoCoreError as error:
        raise Transient(f"S3 does not tell about s3://{bucket}/{key}: {error}") from error
    return Observation(now, answer=answer, size=answer["ContentLength"], tags=tags)


def _tags(s3: "S3Client", name: ObjectName, answer: dict[str, Any]) -> dict[str, str]:
    count = answer.get("TagCount") or answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-tagging-count")
    if not int(count or 0):
        return {}
    version = {"VersionId": answer["VersionId"]} if answer.get("VersionId") else {}
    told = s3.get_object_tagging(Bucket=name[0], Key=name[1], **version)
    return {tag["Key"]: tag["Value"] for tag in told["TagSet"]}


def _expected(name: ObjectName, seen: Observation) -> dict[str, Any]:
    """Return the document as it would be written now, so that both are compared in the same form."""
    document: dict[str, Any] = msgspec.to_builtins(object_document(Hint(*name), seen))
    return document


def _different(indexed: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    for field in COMPARED:
        if _comparable(field, indexed) != _comparable(field, expected):
            yield field


def _comparable(field: str, document: dict[str, Any]) -> Any:
    match field:
        case "version_id":
            return document.get(field) or "null"  # as S3 calls the one version of a bucket without versions
        case "tags":
            return sorted(document.get(field, ()))
    return document.get(field)
