"""Files of packages fetched into a folder: compared with their hash before they get their names."""

import contextlib
import itertools
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from bucketdex.errors import Transient
from bucketdex.hashing import CHUNKED, Running, agrees, combined, digest_of, hash_file, is_verifiable
from bucketdex.manifest import Hash
from bucketdex.manifest.layout import Physical
from bucketdex.registry.errors import PackageError
from bucketdex.registry.progress import Meter
from bucketdex.registry.s3_refusals import refused
from bucketdex.registry.spans import read_span

SCRATCH = ".bucketdex.partial"  # in the folder, so that a rename is all it takes
OURS = re.compile(r"\d+-\d+-\d+")  # files in it
STALE_SECONDS = 24 * 3600  # what a killed process left there is of no use to another
PIECE_BYTES = 1024 * 1024


class Wanted(msgspec.Struct, frozen=True):
    """A file that is to be fetched; `path` is where it goes, `size` and `hash` what its entry says."""

    logical_key: str
    path: str
    source: Physical | str  # an object, or a path of this machine
    size: int | None
    hash: Hash | None

    def __str__(self) -> str:
        where = self.source if isinstance(self.source, str) else f"s3://{self.source.bucket}/{self.source.key}"
        return f"{self.logical_key} ({where})"


class Folder:
    """The folder that files are fetched into, and what has come into it; `scratch` is where, in it, they are made."""

    def __init__(self, scratch: Path, note: "Notebook", meter: Meter) -> None:
        self.root, self._scratch = os.path.realpath(scratch.parent), str(scratch)
        self._note, self.meter = note, meter
        self._made: set[str] = set()
        self._names = iter(range(1 << 62))
        self._lock = threading.Lock()
        self.unverified: list[str] = []

    def open(self) -> None:
        """Make the folder; remove what was left in it long ago."""
        Path(self._scratch).mkdir(parents=True, exist_ok=True)
        self._remove(lambda it: it.stat().st_mtime < time.time() - STALE_SECONDS)

    def close(self) -> None:
        """Remove what is needed no longer, also what failed."""
        self._remove(lambda it: it.name.startswith(f"{os.getpid()}-"))
        with contextlib.suppress(OSError):  # another process uses it
            os.rmdir(self._scratch)  # noqa: PTH106

    def _remove(self, which: Callable[[os.DirEntry[str]], bool]) -> None:
        with contextlib.suppress(OSError), os.scandir(self._scratch) as found:
            for it in found:
                if OURS.fullmatch(it.name) and which(it):
                    os.unlink(it.path)  # noqa: PTH108

    def scratch(self) -> str:
        """Return the path of a new file to write to."""
        return f"{self._scratch}/{os.getpid()}-{threading.get_ident()}-{next(self._names)}"

    def land(self, wanted: Wanted, made: str, size: int, mtime_ns: int) -> None:
        """Give a file its name; raises `PackageError` where a link leads out of the folder."""
        above = os.path.dirname(wanted.path)  # noqa: PTH120
        if above not in self._made:
            real = os.path.realpath(above)  # links are followed also where its end is not there yet
            if real != self.root and not real.startswith(self.root.rstrip(os.sep) + os.sep):
                raise PackageError(f"{above} is a link that leads out of {self.root}: {wanted} is not written there")
            os.makedirs(above, exist_ok=True)  # noqa: PTH103
            self._made.add(above)
        os.replace(made, wanted.path)  # noqa: PTH105
        self._note.add(wanted, size, mtime_ns)
        self.meter.add(0, 1)

    def unverifiable(self, wanted: Wanted) -> None:
        """Note that of a file only the size could be compared."""
        with self._lock:
            self.unverified.append(wanted.logical_key)


def scratch_in(root: str, keys: Iterable[str]) -> str:
    """Return the name of a folder for files that are being made, which is none of the package and none of another's."""
    taken = {key.partition("/")[0].casefold() for key in keys if key[: len(SCRATCH)].casefold() == SCRATCH}
    for number in itertools.count():
        name = f"{SCRATCH}{number or ''}"
        path = Path(root, name)
        if name not in taken and (not os.path.lexists(path) or (path.is_dir() and not path.is_symlink())):
            return name
    raise AssertionError  # there is always another


class Notebook(msgspec.Struct):
    """Which files came into a folder in which state: a line each, so that they need not be read again."""

    file: int = -1

    def add(self, wanted: Wanted, size: int, mtime_ns: int) -> None:
        """Note a file."""
        if self.file >= 0 and wanted.hash:
            line = msgspec.json.encode((wanted.logical_key, size, mtime_ns, wanted.hash.type, wanted.hash.value))
            os.write(self.file, line + b"\n")


class SmallDownloads:
    """Fetches small files."""

    def __init__(self, s3: Any, folder: Folder) -> None:
        self._s3, self._folder = s3, folder

    def fetch(self, wanted: Wanted) -> None:
        """Fetch one; raises `PackageError` where it is not what its entry says."""
        where = wanted.source
        if isinstance(where, str):
            _copy(wanted, where, self._folder)
            return
        try:
            data = self._s3.read(where.bucket, where.key, where.version_id)
        except ClientError as error:
            raise refused(error, f"{wanted} cannot be fetched") from error
        except (HTTPClientError, IncompleteReadError) as error:
            raise Transient(f"the connection breaks while {wanted} is fetched: {error}; do it again later") from error
        if wanted.size is not None and len(data) != wanted.size:
            raise PackageError(f"{wanted} has {len(data)} bytes, its entry says {wanted.size}: it was replaced")
        if wanted.hash is None or not is_verifiable(wanted.hash.type):
            self._folder.unverifiable(wanted)
        elif not _equal(wanted.hash, digest_of(wanted.hash.type, data)):
            raise _other(wanted)
        made = self._folder.scratch()
        file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
            mtime_ns = os.fstat(file).st_mtime_ns
        finally:
            os.close(file)
        self._folder.meter.add(len(data))
        self._folder.land(wanted, made, len(data), mtime_ns)


class LargeDownload:
    """A large object that is fetched by parts, all of one state of it."""

    def __init__(self, s3: Any, folder: Folder, wanted: Wanted, where: Physical) -> None:
        self._s3, self._folder, self._wanted, self._where = s3, folder, wanted, where
        self._pin: dict[str, str] = {}
        self._made = ""

    def __str__(self) -> str:
        return f"{self._wanted} cannot be fetched"

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._wanted.size or 0

    def begin(self) -> bool:
        """Make room for it."""
        where = self._where
        self._pin = {"Bucket": where.bucket, "Key": where.key}
        if where.version_id:
            self._pin["VersionId"] = where.version_id
        hash_ = self._wanted.hash
        # Of a version whose hash is compared no more has to be known.
        if not (where.version_id and hash_ and is_verifiable(hash_.type)):
            found = self._s3.head_object(**self._pin)
            if found["ContentLength"] != self.size:
                raise PackageError(
                    f"{self._wanted} has {found['ContentLength']} bytes, its entry says {self.size}: it was replaced"
                )
            self._pin["IfMatch"] = found["ETag"]
        self._made = self._folder.scratch()
        with open(self._made, "xb") as file:  # noqa: PTH123
            file.truncate(self.size)
        return True

    def part(self, number: int, start: int, length: int) -> bytes:  # noqa: ARG002
        """Fetch a part and write it to its place."""
        data = read_span(self._s3, self._pin, start, length)
        if len(data) != length:
            raise PackageError(f"{self._wanted} ends after {start + len(data)} bytes, its entry says {self.size}")
        with open(self._made, "r+b", buffering=0) as file:  # noqa: PTH123
            file.seek(start)
            file.write(data)
        self._folder.meter.add(length)
        return sha256(data).digest()

    def finish(self, digests: Sequence[bytes]) -> None:
        """Compare it with its entry, and give it its name."""
        hash_ = self._wanted.hash
        if hash_ is None or not is_verifiable(hash_.type):
            self._folder.unverifiable(self._wanted)
        else:
            found = combined(digests) if hash_.type == CHUNKED else hash_file(self._made, hash_.type)
            if not _equal(hash_, found):
                os.unlink(self._made)  # noqa: PTH108
                raise _other(self._wanted)
        self._folder.land(self._wanted, self._made, self.size, os.stat(self._made).st_mtime_ns)  # noqa: PTH116


def _copy(wanted: Wanted, source: str, folder: Folder) -> None:
    """Copy a file of this machine, as one of a registry that is a folder."""
    made = folder.scratch()
    type_ = wanted.hash.type if wanted.hash and is_verifiable(wanted.hash.type) else None
    try:
        with open(source, "rb", buffering=0) as file, open(made, "xb") as copy:  # noqa: PTH123
            size = os.fstat(file.fileno()).st_size
            running = Running(type_ or CHUNKED, size)
            while piece := file.read(PIECE_BYTES):
                running.update(piece)
                copy.write(piece)
                folder.meter.add(len(piece))
            written = copy.tell()
    except OSError as error:
        raise PackageError(f"{wanted.logical_key}: {error.filename}: {error.strerror}") from error
    if wanted.size is not None and written != wanted.size:
        raise PackageError(f"{wanted} has {written} bytes, its entry says {wanted.size}: it was changed")
    if type_ and wanted.hash and not _equal(wanted.hash, running.value()):
        raise _other(wanted)
    if not type_:
        folder.unverifiable(wanted)
    folder.land(wanted, made, written, os.stat(made).st_mtime_ns)  # noqa: PTH116


def _equal(hash_: Hash, found: str) -> bool:
    return agrees(hash_.type, hash_.value, found)


def _other(wanted: Wanted) -> PackageError:
    kind = wanted.hash.type if wanted.hash else ""
    return PackageError(f"{wanted} does not have the {kind} hash of its entry: it was changed since, and is not kept")
