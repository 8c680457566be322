"""The log files that arguments name: files and folders of this machine, and objects of a bucket below a prefix."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Permanent
from bucketdex.trail.names import KINDS, Delivered, kind_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 256 * 1024
TRIES = 4  # of an object whose answer breaks off, while more of it comes each time
PACKED, PLAIN = ".json.gz", ".json"
# A name as CloudTrail gives it, wherever the file has been moved to; of the folders one more says the same.
NAME = re.compile(r"\d{12}_(CloudTrail(?:-[A-Za-z]+)?)_.+\.json(?:\.gz)?")


class UnreadableError(Permanent):
    """A file cannot be opened, or reading it broke off."""


class LogFile(msgspec.Struct, frozen=True):
    """A file that is there: its path or address, its length in bytes, and what tells one state of it from another.

    `meant` says that it is one only because it was named itself: CloudTrail gives no such name.
    """

    address: str
    size: int
    state: str
    kind: Delivered = "log"
    meant: bool = False

    @property
    def name(self) -> str:
        """Its name as CloudTrail gave it, also where it was unpacked since: reads are counted once for each name."""
        name = self.address.replace("\\", "/").rpartition("/")[2]
        return f"{name}.gz" if name.endswith(PLAIN) else name

    @property
    def bucket(self) -> str:
        """The bucket that it is in; an empty text of a file of this machine."""
        return self.address.removeprefix("s3://").partition("/")[0] if self.address.startswith("s3://") else ""


class Sources:
    """What is named, to be gone through as often as one likes; `s3` is asked for a client where an address is one."""

    def __init__(self, named: list[str], s3: "Callable[[], S3Client]") -> None:
        self._named, self._s3 = named, s3

    def files(self) -> Iterator[LogFile]:
        """Yield each file in order of its name; raises what the system says of a path that is not there."""
        for it in self._named:
            yield from self._below(it) if it.startswith("s3://") else self._local(Path(it))

    def open(self, file: LogFile) -> Iterator[bytes]:
        """Yield what the file holds, piece by piece; raises `UnreadableError`."""
        return self._object(file) if file.address.startswith("s3://") else _pieces(Path(file.address))

    def _local(self, path: Path) -> Iterator[LogFile]:
        if not path.is_dir():
            yield _local(path, *_named(path.as_posix()))
            return
        for folder, folders, names in path.walk():
            folders.sort()
            yield from (_local(it, _kind(it.as_posix())) for it in sorted(folder / name for name in names))

    def _below(self, address: str) -> Iterator[LogFile]:
        from botocore.exceptions import ClientError

        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        try:
            for page in self._s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for it in page.get("Contents", []):
                    key, etag = it["Key"], it["ETag"].strip('"')
                    kind, meant = _named(key) if key == prefix else (_kind(key), False)
                    yield LogFile(f"s3://{bucket}/{key}", it["Size"], etag, kind, meant)
        except ClientError as error:
            raise UnreadableError(f"{address} cannot be listed: {error}") from error

    def _object(self, file: LogFile) -> Iterator[bytes]:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        done = 0
        for attempt in range(1, TRIES + 1):
            before = done
            try:
                for piece in self._rest(file, done):
                    done += len(piece)
                    yield piece
            except ClientError as error:
                raise UnreadableError(str(error)) from error
            except (BotoCoreError, HTTPClientError) as error:
                if done == before or attempt == TRIES:
                    raise UnreadableError(str(error)) from error
            else:
                return

    def _rest(self, file: LogFile, done: int) -> Iterator[bytes]:
        bucket, _, key = file.address.removeprefix("s3://").partition("/")
        wanted = {"Range": f"bytes={done}-", "IfMatch": f'"{file.state}"'} if done else {}
        body: Any = self._s3().get_object(Bucket=bucket, Key=key, **wanted)["Body"]  # type: ignore[arg-type]
        try:
            yield from body.iter_chunks(PIECE_BYTES)
        finally:
            body.close()


def _kind(path: str) -> Delivered:
    kind = kind_of(path)
    named = NAME.fullmatch(path.rpartition("/")[2]) if kind == "foreign" else None
    return KINDS.get(named[1], "foreign") if named else kind


def _named(path: str) -> tuple[Delivered, bool]:
    """Return the same of a file that is named itself: who does that means it, whatever it is called by now."""
    kind = _kind(path)
    meant = kind == "foreign" and path.endswith((PACKED, PLAIN))
    return "log" if meant else kind, meant


def _local(path: Path, kind: Delivered, meant: bool = False) -> LogFile:
    stat = path.stat()
    return LogFile(str(path.absolute()), stat.st_size, str(stat.st_mtime_ns), kind, meant)


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
