"""The bytes of one state of an object, by ranges, read again where S3 breaks off; and its digests from them."""

import math
import time
from collections.abc import Callable, Collection
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex import hashing
from bucketdex.aws import refusals
from bucketdex.digests.kept import Seen
from bucketdex.errors import Permanent, Transient

PIECE_BYTES = 256 * 1024  # taken from a connection at a time
MOST_TROUBLES = 6  # in a row, without this much between them:
PROGRESS_BYTES = 64 * 1024
FIRST_PAUSE_SECONDS = 0.2  # doubled each time
RESERVE_SECONDS = 20.0  # with less left nothing is begun: it is kept to write down what was found
THREADS = 8  # by default, of ranges at once


class Abandoned(Exception):
    """The object is gone, or another one took its place: its digest is of no use any more."""


class Spans:
    """Fetches parts of one state of an object; can be called from many threads.

    `remaining` tells the seconds that are left; `sign` is called now and then while there is something to read, and
    may raise to end that.
    """

    def __init__(
        self,
        s3: Any,
        seen: Seen,
        remaining: Callable[[], float] = lambda: math.inf,
        sleep: Callable[[float], None] = time.sleep,
        sign: Callable[[], object] = lambda: None,
    ) -> None:
        self._s3, self._seen, self._remaining, self._sleep = s3, seen, remaining, sleep
        self._sign = sign
        self._pinned = seen.pinned()

    def __call__(self, start: int, length: int) -> memoryview:
        """Return exactly these bytes.

        Raises `Abandoned` where the object is another by now, `Transient` where S3 does not give them in time, and
        `ClientError` where S3 refuses.
        """
        data = hashing.piece(length)
        done = troubles = 0
        while done < length:
            if self._remaining() < RESERVE_SECONDS:
                raise Transient(f"no time was left to read {self._seen.uri} from byte {start + done} on")
            self._sign()
            trouble: BaseException | None = None
            came = 0
            try:
                came = self._some(start + done, data[done:])
            except ClientError as error:
                trouble = self._judged(error)
            except (BotoCoreError, HTTPError, OSError) as error:
                trouble = error
            done += came
            if done < length:
                troubles = 1 if came >= PROGRESS_BYTES else troubles + 1
                if troubles >= MOST_TROUBLES:
                    said = trouble or f"answers break off, the last one after {came} bytes"
                    raise Transient(f"{self._seen.uri} cannot be read from byte {start + done} on: {said}") from trouble
                self._sleep(FIRST_PAUSE_SECONDS * 2 ** (troubles - 1))
        return data

    def _some(self, start: int, into: memoryview) -> int:
        """Read what comes of a span, and return how much it was."""
        answer = self._s3.get_object(**self._pinned, Range=f"bytes={start}-{start + len(into) - 1}")
        body = answer["Body"]
        done = 0
        try:
            self._check(answer, start, len(into))
            while done < len(into) and self._remaining() > RESERVE_SECONDS:
                piece = body.read(min(PIECE_BYTES, len(into) - done))
                if not piece:
                    break
                into[done : done + len(piece)] = piece
                done += len(piece)
                self._sign()
        except (BotoCoreError, HTTPError, OSError):
            pass  # what came before is good
        finally:
            if done < len(into):
                body.close()
        return done

    def _check(self, answer: dict[str, Any], start: int, length: int) -> None:
        etag = answer.get("ETag", self._seen.etag).strip('"')
        given, _, size = str(answer.get("ContentRange", "")).removeprefix("bytes ").partition("/")
        version_id = answer.get("VersionId", self._seen.version_id)
        if not self._seen.is_state(version_id, etag) or size not in ("", "*", str(self._seen.size)):
            raise Abandoned(f"{self._seen.uri} is another object by now")
        wanted = f"{start}-{start + length - 1}"
        if given != wanted:
            raise Permanent(f"S3 was asked for bytes {wanted} of {self._seen.uri}, and gave {given or 'all'}")

    def _judged(self, error: ClientError) -> ClientError:
        """Return a refusal that may be over soon; raises what is to be done with another."""
        status = refusals.status(error)
        if refusals.code(error) in refusals.GONE or status in (404, 412, 416):
            raise Abandoned(f"{self._seen.uri} is not what it was: {refusals.said(error)}") from error
        if not refusals.is_transient(error):
            raise error
        return error


def digest_object(
    s3: Any,
    seen: Seen,
    types: Collection[str],
    *,
    threads: int = THREADS,
    each: Callable[[int], object] = lambda _: None,
) -> dict[str, str]:
    """Read an object once and return its digests by type; `each` is told how many bytes are done.

    Raises what `Spans` raises.
    """
    fetch = Spans(s3, seen)
    return hashing.digest(fetch, 0, seen.size, size=seen.size, types=types, threads=threads, each=each).values
