"""Whether the index says of a key what S3 says of it: presence, version id, etag, size, and tags of an object.

Pointers and manifests have package documents, every other key has one of an object.
Both are asked one after the other, so an object that is changed in between seems to differ; asked again it does not.
"""

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from bucketdex.aws.refusals import GONE
from bucketdex.changes.hint import Hint, ObjectName
from bucketdex.changes.outcome import Map
from bucketdex.control import ControlTable
from bucketdex.errors import Transient
from bucketdex.index import writer
from bucketdex.index.generations import OBJECTS, PACKAGES
from bucketdex.index.ids import object_id
from bucketdex.manifest import layout
from bucketdex.objects.document import object_document
from bucketdex.objects.observe import Observation

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from opensearchpy import OpenSearch

BATCH = 200  # documents that are read in one request
PRESENCE = "presence"
COMPARED = {OBJECTS: ("version_id", "etag", "size", "tags"), PACKAGES: ("version_id", "etag", "size")}


class Agreement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the index holds of a key, and whether S3 agrees; a tombstone is `deleted` and not `indexed`.

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
    """Yield for each key, in order, what the index that is searched and S3 say of it; raises `Transient`."""
    indexes = {
        kind: next((it.index for it in control.generations(kind) if it.read), None) for kind in (OBJECTS, PACKAGES)
    }
    for batch in itertools.batched(names, BATCH):
        ids = [object_id(*name) for name in batch]
        kinds = [kind_of(key) for _, key in batch]
        stored: dict[tuple[str, str], writer.Stored] = {}
        for kind, index in indexes.items():
            wanted = {identity: True for identity, of in zip(ids, kinds, strict=True) if of == kind}
            stored |= writer.read(opensearch, [index], wanted) if index and wanted else {}
        seen = concurrently(lambda name: look(s3, name), batch)
        for name, identity, kind, found in zip(batch, ids, kinds, seen, strict=True):
            document = stored.get((indexes[kind] or "", identity))
            yield compare(name, document.source if document else None, found)


def kind_of(key: str) -> str:
    """Return which kind of document a key has."""
    return PACKAGES if layout.parse(key) else OBJECTS


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
    for field in COMPARED[kind_of(expected["key"])]:
        if _comparable(field, indexed) != _comparable(field, expected):
            yield field


def _comparable(field: str, document: dict[str, Any]) -> Any:
    match field:
        case "version_id":
            return document.get(field) or "null"  # as S3 calls the one version of a bucket without versions
        case "tags":
            return sorted(document.get(field, ()))
    return document.get(field)
