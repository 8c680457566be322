"""The bytes of what was found, as a file that reads ranges of one state of the object as they are asked for."""

import io
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from bucketdex.digests.kept import Seen
from bucketdex.digests.reading import Abandoned, Spans
from bucketdex.manifest.layout import Physical, s3_uri
from bucketdex.registry.errors import AbsentError, MovedError
from bucketdex.registry.s3_refusals import refused
from bucketdex.registry.storage.s3 import Bucket

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

# How much is read at once: doubled while it is read from front to back, so that a look at the end of a file costs
# little, and all of it is not many requests.
FIRST_BYTES, MOST_BYTES = 256 * 1024, 8 * 1024 * 1024


def opened(s3: "S3Client", named: Physical) -> io.BufferedReader:
    """Return an object as a file, of the version that is named, or of its state now if none is.

    Raises `AbsentError` where it is no more, and `PackageError` or `Transient` for what S3 refuses.
    """
    there = Bucket(named.bucket, s3).head(named.key, named.version_id)
    if there is None:
        raise AbsentError(f"there is no {s3_uri(*named)} any more; search again for what took its place")
    version_id = there.version_id or named.version_id
    seen = Seen(named.bucket, named.key, version_id, (there.etag or "").strip('"'), there.size)
    return io.BufferedReader(Ranges(s3, seen))


class Ranges(io.RawIOBase):
    """One state of an object; reading raises `MovedError` where another took its place, and what S3 refuses."""

    def __init__(self, s3: "S3Client", seen: Seen) -> None:
        self.name = s3_uri(seen.bucket, seen.key, seen.version_id)
        self._seen, self._fetch = seen, Spans(s3, seen)
        self._at = 0
        self._start, self._held = 0, memoryview(b"")  # what was read last
        self._ahead = FIRST_BYTES

    def __repr__(self) -> str:
        return f"<{self.name}, {self._seen.size:,} bytes>"

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from anywhere: it can."""
        return True

    def tell(self) -> int:
        """Return where it is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is asked of S3 before that is read."""
        self._checkClosed()
        before = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._seen.size}
        if whence not in before or before[whence] + offset < 0:
            raise ValueError(f"there is no place {offset} (from {whence}) in {self.name}")
        self._at = before[whence] + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read what is there into the buffer, and return how much it is; 0 at the end."""
        into = memoryview(buffer).cast("B")
        if not self._start <= self._at < self._start + len(self._held):
            self._fill(len(into))
        found = self._held[self._at - self._start :][: len(into)]
        into[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        """Let go of what was read."""
        self._held = memoryview(b"")
        super().close()

    def _fill(self, wanted: int) -> None:
        """Read from here as much as is wanted, or more of what may be wanted next."""
        goes_on = self._held and self._at == self._start + len(self._held)
        self._ahead = min(2 * self._ahead, MOST_BYTES) if goes_on else FIRST_BYTES
        length = min(max(wanted, self._ahead), MOST_BYTES, self._seen.size - self._at)
        self._start, self._held = self._at, memoryview(b"")
        if length <= 0:
            return
        try:
            self._held = self._fetch(self._at, length)
        except Abandoned as error:
            raise MovedError(f"{self.name} was changed while it was read: open it again") from error
        except ClientError as error:
            raise refused(error, f"{self.name} cannot be read") from error
