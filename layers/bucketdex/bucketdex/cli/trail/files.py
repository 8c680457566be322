"""The log files that arguments name: files and folders of this machine, and objects of a bucket below a prefix."""

import re
import stat
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Permanent, Transient
from bucketdex.trail.names import KINDS, Delivered, kind_of
from bucketdex.trail.streaming import Limits
from bucketdex.trail.unpacking import BrokenOffError, unpacked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 256 * 1024
TRIES = 4  # of an object whose answer breaks off, while more of it comes each time
PACKED, PLAIN = ".json.gz", ".json"
# A name as CloudTrail gives it, wherever the file has been moved to; of the folders one more says the same.
NAME = re.compile(r"\d{12}_(CloudTrail(?:-[A-Za-z]+)?)_.+\.json(?:\.gz)?")
# One that no other file has: it ends with the minute, and with characters by chance.
UNIQUE = re.compile(r"\d{12}_CloudTrail_[\w-]+_\d{8}T\d{4}Z_\w+\.json\.gz", re.ASCII)
DIGEST_BYTES = 16


class UnreadableError(Permanent):
    """A file cannot be opened, or reading it broke off."""


class LogFile(msgspec.Struct, frozen=True):
    """A file that is there: its path or address, its length in bytes, and what tells one state of it from another.

    `problem` says why it cannot be opened, where that is known already.
    """

    address: str
    size: int
    state: str
    kind: Delivered = "log"
    problem: str = ""

    @property
    def name(self) -> str:
        """Its name as CloudTrail gave it, also where it was unpacked since: reads are counted once for each name."""
        name = self.address.replace("\\", "/").rpartition("/")[2]
        return f"{name}.gz" if name.endswith(PLAIN) else name

    @property
    def is_unique(self) -> bool:
        """Whether no other file has its name, as CloudTrail gave it; a `part-0.json.gz` may be in any folder."""
        return UNIQUE.fullmatch(self.name) is not None

    @property
    def shown(self) -> str:
        """Its path or address as text that can be encoded, whatever bytes the file's name has."""
        return encodable(self.address)

    @property
    def bucket(self) -> str:
        """The bucket that it is in; an empty text of a file of this machine."""
        return self.address.removeprefix("s3://").partition("/")[0] if self.address.startswith("s3://") else ""


class Sources:
    """What is named, to be gone through as often as one likes; `s3` is asked for a client where an address is one."""

    def __init__(self, named: list[str], s3: "Callable[[], S3Client]") -> None:
        self._named, self._s3 = named, s3

    def files(self) -> Iterator[LogFile]:
        """Yield each file in order of its name, also those that cannot be opened.

        Raises what the system says of a path that is named and not there, and `UnreadableError` for a bucket that
        cannot be listed.
        """
        for it in self._named:
            yield from self._below(it) if it.startswith("s3://") else self._local(Path(it))

    def open(self, file: LogFile) -> Iterator[bytes]:
        """Yield what the file holds, piece by piece.

        Raises `UnreadableError`, and `Transient` for what would be so with any file: no answer, or no credentials.
        """
        if file.problem:
            raise UnreadableError(file.problem)
        return self._object(file) if file.address.startswith("s3://") else _pieces(Path(file.address))

    def name(self, file: LogFile) -> str:
        """Return the name that reads are counted once for; raises as `open` does.

        A name that CloudTrail did not give may be that of many files, which what they hold tells apart.
        """
        if file.is_unique:
            return file.name
        digest = blake2b(digest_size=DIGEST_BYTES)
        try:
            for some in unpacked(self.open(file), Limits().file_bytes):
                digest.update(some)
        except BrokenOffError:
            pass  # who reads it tells of that
        return f"{digest.hexdigest()}-{file.name}"

    def _local(self, path: Path) -> Iterator[LogFile]:
        if not path.is_dir():
            path.lstat()
            yield _local(path, _named(path.as_posix()))
            return
        unlisted: list[OSError] = []
        for folder, folders, names in path.walk(on_error=unlisted.append):
            folders.sort()
            yield from (_local(it, _kind(it.as_posix())) for it in sorted(folder / name for name in names))
            yield from _folders(unlisted)
        yield from _folders(unlisted)

    def _below(self, address: str) -> Iterator[LogFile]:
        from botocore.exceptions import ClientError

        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        try:
            for page in self._s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for it in page.get("Contents", []):
                    key, etag = it["Key"], it["ETag"].strip('"')
                    kind = _named(key) if key == prefix else _kind(key)
                    yield LogFile(f"s3://{bucket}/{key}", it["Size"], etag, kind)
        except ClientError as error:
            raise UnreadableError(f"{address} cannot be listed: {error}") from error

    def _object(self, file: LogFile) -> Iterator[bytes]:
        from botocore.exceptions import BotoCoreError, ClientError

        from bucketdex.aws.refusals import raise_if_transient

        done = 0
        for attempt in range(1, TRIES + 1):
            before = done
            try:
                for piece in self._rest(file, done):
                    done += len(piece)
                    yield piece
            except ClientError as error:
                raise_if_transient(error, *_place(file))
                raise UnreadableError(str(error)) from error
            except BotoCoreError as error:
                if done == before or attempt == TRIES:
                    raise UnreadableError(str(error)) from error
            else:
                return

    def _rest(self, file: LogFile, done: int) -> Iterator[bytes]:
        from botocore.exceptions import BotoCoreError, ParamValidationError

        bucket, key = _place(file)
        wanted = {"Range": f"bytes={done}-", "IfMatch": f'"{file.state}"'} if done else {}
        try:
            body: Any = self._s3().get_object(Bucket=bucket, Key=key, **wanted)["Body"]  # type: ignore[arg-type]
        except ParamValidationError as error:
            raise UnreadableError(str(error)) from error
        except BotoCoreError as error:  # no answer, of however many tries, or no credentials: so it is with any file
            raise Transient(f"S3 cannot be asked for {file.address}: {error}") from error
        try:
            yield from body.iter_chunks(PIECE_BYTES)
        finally:
            body.close()


def _kind(path: str) -> Delivered:
    kind = kind_of(path)
    named = NAME.fullmatch(path.rpartition("/")[2]) if kind == "foreign" else None
    return KINDS.get(named[1], "foreign") if named else kind


def _named(path: str) -> Delivered:
    """Return the same of a file that is named itself: who does that means it, whatever it is called by now."""
    kind = _kind(path)
    return "log" if kind == "foreign" and path.endswith((PACKED, PLAIN)) else kind


def _place(file: LogFile) -> tuple[str, str]:
    bucket, _, key = file.address.removeprefix("s3://").partition("/")
    return bucket, key


def _local(path: Path, kind: Delivered) -> LogFile:
    address = str(path.absolute())
    try:
        found = path.stat()
    except OSError as error:  # a link that leads nowhere, say
        return LogFile(address, 0, "", kind, _said(error))
    problem = "" if stat.S_ISREG(found.st_mode) else "it is no regular file"  # a pipe might be waited for for ever
    return LogFile(address, found.st_size, str(found.st_mtime_ns), kind, problem)


def _folders(unlisted: list[OSError]) -> Iterator[LogFile]:
    """Yield folders that cannot be listed, each as a file that cannot be opened; `unlisted` is emptied."""
    for error in unlisted:
        yield LogFile(str(Path(error.filename).absolute()), 0, "", "log", f"its files are not known: {_said(error)}")
    unlisted.clear()


def _said(error: OSError) -> str:
    return error.strerror or str(error)


def encodable(text: str) -> str:
    """Return a text in which bytes of a file's name that are no UTF-8 are shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise UnreadableError(_said(error)) from error
