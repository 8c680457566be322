"""Where the bytes of a preview come from: ranges of one version of an object, within a budget and a deadline."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex.aws import refusals
from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.errors import CannotReadError, SpentError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 256 * 1024  # read at a time, so that the deadline is looked at in between


class Source(Protocol):
    """Bytes that can be read in ranges."""

    @property
    def size(self) -> int:
        """The number of bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes from `offset`, fewer than `length` only at the end; raises `CannotReadError`."""
        ...


class BytesSource:
    """Bytes that are at hand; `cut` where they are only the head of what they stand for."""

    def __init__(self, content: bytes, *, cut: bool = False) -> None:
        self._content = content
        self.size = len(content)
        self.cut = cut

    def read(self, offset: int, length: int) -> bytes:
        """Return a range."""
        return self._content[offset : offset + length]


class Metered:
    """A source with a budget of bytes, of reads and of time. It keeps the head, as every kind looks at that."""

    def __init__(
        self,
        source: Source,
        budget: int = bounds.BUDGET_BYTES,
        seconds: float = bounds.DEADLINE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._left = budget
        self._reads = bounds.MOST_READS
        self._clock = clock
        self._deadline = clock() + seconds
        self._head = b""
        self.size = source.size
        self.cut = bool(getattr(source, "cut", False))

    @property
    def seconds_left(self) -> float:
        """The time that is left."""
        return self._deadline - self._clock()

    def read(self, offset: int, length: int) -> bytes:
        """Return a range; raises `SpentError`."""
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        if length > self._left:
            raise SpentError(f"a preview reads at most {bounds.BUDGET_BYTES // bounds.MB} MiB of a file")
        if self._reads <= 0:
            raise SpentError(f"a preview asks for at most {bounds.MOST_READS} parts of a file")
        if self.seconds_left <= 0:
            raise SpentError(f"a preview takes at most {bounds.DEADLINE_SECONDS:.0f} seconds")
        self._left -= length
        self._reads -= 1
        return self._source.read(offset, length)

    def head(self, length: int) -> bytes:
        """Return the first bytes; they are kept."""
        length = min(length, self.size)
        if length > len(self._head):
            self._head += self.read(len(self._head), length - len(self._head))
        return self._head[:length]


class S3Source:
    """A version of an object. The first range tells what the rest is pinned to: version id, else ETag."""

    def __init__(
        self,
        s3: "S3Client",
        bucket: str,
        key: str,
        version_id: str | None = None,
        etag: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._s3 = s3
        self._asked: dict[str, str] = {"Bucket": bucket, "Key": key}
        self._pinned: dict[str, str] = {"VersionId": version_id} if version_id else {}
        if etag and not version_id:
            self._pinned["IfMatch"] = etag if etag.startswith('"') else f'"{etag}"'
        self._clock = clock
        self._deadline = clock() + bounds.DEADLINE_SECONDS
        self.size = 0
        self._first = b""
        self.content_type = ""
        self._open()

    def allow(self, seconds: float) -> None:
        """Give its reads so much time from now on: it may have waited since it was opened."""
        self._deadline = self._clock() + seconds

    def read(self, offset: int, length: int) -> bytes:
        """Return a range; raises `CannotReadError`."""
        if length <= 0 or offset >= self.size:
            return b""
        if offset + length <= len(self._first):
            return self._first[offset : offset + length]
        if offset < len(self._first):
            have = self._first[offset:]
            return have + self.read(len(self._first), length - len(have))
        return self._get(offset, min(length, self.size - offset))[1]

    def _open(self) -> None:
        try:
            answer, self._first = self._get(0, FIRST_BYTES)
        except _EmptyError:
            return
        total = str(answer.get("ContentRange", "")).rpartition("/")[2]
        self.size = int(total) if total.isdecimal() else int(answer["ContentLength"])
        self.content_type = str(answer.get("ContentType") or "")
        if (version := answer.get("VersionId")) and version != "null":
            self._pinned = {"VersionId": version}
        elif not self._pinned and answer.get("ETag"):
            self._pinned = {"IfMatch": answer["ETag"]}

    def _get(self, offset: int, length: int) -> tuple[dict[str, Any], bytes]:
        span = f"bytes={offset}-{offset + length - 1}"
        try:
            answer: dict[str, Any] = dict(self._s3.get_object(**self._asked, **self._pinned, Range=span))  # type: ignore[arg-type]
            body = answer.pop("Body")
            try:
                return answer, self._all_of(body, length)
            finally:
                body.close()
        except ClientError as error:
            raise _as_told(error) from error
        except (BotoCoreError, HTTPError, OSError) as error:
            raise CannotReadError("S3 did not answer in time; try again later") from error

    def _all_of(self, body: Any, length: int) -> bytes:
        pieces: list[bytes] = []
        left = length
        while left and (piece := body.read(min(left, PIECE_BYTES))):
            pieces.append(piece)
            left -= len(piece)
            if self._clock() > self._deadline:
                raise SpentError("S3 was too slow to make a preview")
        return b"".join(pieces)


class _EmptyError(CannotReadError):
    pass


FIRST_BYTES = 64 * 1024
REFUSALS = {
    "InvalidObjectState": "it is archived: it has to be restored before it can be read",
    "AccessDenied": "S3 refuses to let the catalog read it (access denied, or a key of KMS that it may not use)",
    "PreconditionFailed": "it was changed meanwhile; load the page again",
    "InvalidRequest": "it is encrypted with a key that only its owner has",
    "MethodNotAllowed": "this version is a delete marker",
}


def _as_told(error: ClientError) -> CannotReadError:
    code = refusals.code(error)
    if code == "InvalidRange" or refusals.status(error) == 416:
        return _EmptyError("it is empty")
    if code in refusals.GONE or refusals.status(error) == 404:
        return CannotReadError("it is not there any more")
    if refusals.is_transient(error):
        return CannotReadError("S3 cannot tell now; try again later")
    told = REFUSALS.get(code) or ("it cannot be decrypted" if code.startswith("KMS") else "")
    return CannotReadError(told or f"S3 refuses to let the catalog read it ({code or 'no reason given'})")
