"""What S3 says of a key now, in one request where possible.

`GetObject` tells everything at once. Small objects are read whole, of larger ones only the head; the event's size
decides which to ask for, and the answer is believed. Where GET is refused (archived, KMS, no right) `HeadObject` is
tried, then a stub is made of what the event said, with the problem named. A 403 is never taken for a deletion.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex.aws import refusals
from bucketdex.changes.hint import Hint
from bucketdex.errors import Transient
from bucketdex.objects.text import EXCERPT_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WHOLE_BYTES = 8 * 1024 * 1024  # read whole, and so hashed in passing: one chunk of `sha2-256-chunked`
PIECE_BYTES = 1024 * 1024  # read at a time, so that the time left is looked at in between
LAST_START_SECONDS = 12.0  # with less left no read begins: the message comes back instead


class Observation(msgspec.Struct, frozen=True):
    """What S3 said. `observed_at` is the clock before the request.

    `answer` holds the fields of GetObject or HeadObject, None where there is no object (`gone`) or S3 refused both;
    `marker` is the version id of the delete marker that hides it.
    `body` is the whole object if `whole`, else its head or None; `size` is that of the object.
    """

    observed_at: datetime
    gone: bool = False
    marker: str | None = None
    answer: dict[str, Any] | None = None
    size: int | None = None
    body: bytes | None = None
    whole: bool = False
    tags: dict[str, str] | None = None
    problems: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether S3 told nothing at all of the object, not even that it is gone."""
        return self.answer is None and not self.gone


class ObjectReader:
    """Reads objects from S3; `remaining` tells the seconds that the invocation has left."""

    def __init__(self, s3: "S3Client", clock: Callable[[], datetime], remaining: Callable[[], float]) -> None:
        self._s3 = s3
        self._clock = clock
        self._remaining = remaining

    def observe(self, hint: Hint) -> Observation:
        """Return what S3 holds under the hint's key; raises `Transient`."""
        if self._remaining() < LAST_START_SECONDS:
            raise Transient(f"no time was left to read s3://{hint.bucket}/{hint.key}")
        observed_at = self._clock()
        try:
            ranged = (hint.size or 0) > WHOLE_BYTES
            answer, body = self._get(hint, ranged=ranged)
            size = _size(answer)
            if ranged and size <= WHOLE_BYTES:  # the event spoke of another version: this one is read whole
                answer, body = self._get(hint, ranged=False)
                size = _size(answer)
        except ClientError as error:
            return self._refused(hint, error, observed_at)
        except (BotoCoreError, HTTPError, OSError) as error:
            raise Transient(f"S3 did not answer for s3://{hint.bucket}/{hint.key}: {error}") from error
        tags, problems = self._tags(hint, answer)
        whole = len(body) == size
        return Observation(observed_at, answer=answer, size=size, body=body, whole=whole, tags=tags, problems=problems)

    def _get(self, hint: Hint, *, ranged: bool) -> tuple[dict[str, Any], bytes]:
        wanted: dict[str, str] = {"Range": f"bytes=0-{EXCERPT_BYTES}"} if ranged else {}
        try:
            answer: dict[str, Any] = dict(self._s3.get_object(Bucket=hint.bucket, Key=hint.key, **wanted))  # type: ignore[arg-type]
        except ClientError as error:
            if ranged and refusals.code(error) == "InvalidRange":  # it is empty by now
                return self._get(hint, ranged=False)
            raise
        stream = answer.pop("Body")
        try:
            size = int(answer["ContentLength"])
            limit = size if size <= WHOLE_BYTES else EXCERPT_BYTES + 1
            body = stream.read(limit) if limit <= PIECE_BYTES else self._read_in_pieces(stream, limit, hint)
        except BaseException:
            stream.close()
            raise
        if len(body) < limit:
            raise Transient(f"S3 broke off after {len(body)} of {size} bytes of s3://{hint.bucket}/{hint.key}")
        if limit < size:
            stream.close()  # the rest is not wanted; the connection goes with it
        return answer, body

    def _read_in_pieces(self, stream: Any, limit: int, hint: Hint) -> bytes:
        pieces: list[bytes] = []
        left = limit
        while left and (piece := stream.read(min(left, PIECE_BYTES))):
            pieces.append(piece)
            left -= len(piece)
            if self._remaining() < LAST_START_SECONDS / 2:
                raise Transient(f"reading s3://{hint.bucket}/{hint.key} took longer than the invocation had left")
        return b"".join(pieces)

    def _refused(self, hint: Hint, error: ClientError, observed_at: datetime) -> Observation:
        refusals.raise_if_transient(error, hint.bucket, hint.key)
        if refusals.code(error) in refusals.GONE:
            return Observation(observed_at, gone=True, marker=refusals.marker(error))
        refusal = f"GET was refused: {refusals.said(error)}"
        try:
            answer: dict[str, Any] = dict(self._s3.head_object(Bucket=hint.bucket, Key=hint.key))
        except ClientError as second:
            refusals.raise_if_transient(second, hint.bucket, hint.key)
            if refusals.status(second) == 404:
                return Observation(observed_at, gone=True, marker=refusals.marker(second))
            return Observation(observed_at, problems=(f"{refusal}; HEAD too: {refusals.said(second)}",))
        except (BotoCoreError, HTTPError, OSError) as failure:
            raise Transient(f"S3 did not answer for s3://{hint.bucket}/{hint.key}: {failure}") from failure
        tags, problems = self._tags(hint, answer)
        return Observation(
            observed_at, answer=answer, size=int(answer["ContentLength"]), tags=tags, problems=(refusal, *problems)
        )

    def _tags(self, hint: Hint, answer: dict[str, Any]) -> tuple[dict[str, str] | None, tuple[str, ...]]:
        count = answer.get("TagCount") or answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-tagging-count")
        if not int(count or 0):
            return {}, ()
        version = {"VersionId": answer["VersionId"]} if answer.get("VersionId") else {}
        try:
            told = self._s3.get_object_tagging(Bucket=hint.bucket, Key=hint.key, **version)
        except ClientError as error:
            refusals.raise_if_transient(error, hint.bucket, hint.key)
            if refusals.code(error) in refusals.GONE:
                raise Transient(f"s3://{hint.bucket}/{hint.key} changed while it was read") from error
            return None, (f"its tags cannot be read: {refusals.said(error)}",)
        except (BotoCoreError, HTTPError, OSError) as error:
            raise Transient(f"S3 did not tell the tags of s3://{hint.bucket}/{hint.key}: {error}") from error
        return {tag["Key"]: tag["Value"] for tag in told["TagSet"]}, ()


def _size(answer: dict[str, Any]) -> int:
    """Return the size of the object, also where the answer is a range of it (`bytes 0-65536/104857600`)."""
    total = str(answer.get("ContentRange", "")).rpartition("/")[2]
    return int(total) if total.isdecimal() else int(answer["ContentLength"])
