"""A folder of this machine as storage. A write is atomic, and no key leads out of the folder."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from bucketdex.registry.errors import AbsentError, MovedError, PackageError
from bucketdex.registry.foreign import refuse_foreign
from bucketdex.registry.storage.protocol import ABSENT, PIECE_BYTES, Stat

SCRATCH = ".quilt/tmp"  # where a file is written before it gets its name


def path_of(source: str) -> Path:
    """Return the absolute path that a path or a `file://` address names; raises `PackageError`."""
    refuse_foreign(source)
    if "\0" in source or not source:
        raise PackageError(f"{source!r} is no path")
    scheme, separator, _ = source.partition("://")
    if not separator:
        return Path(source).expanduser().resolve()
    parts = urlsplit(source)
    if scheme != "file" or parts.netloc not in ("", "localhost") or parts.query or not parts.path:
        raise PackageError(f"{source!r} is neither a path, nor an address of the form s3://bucket/key or file:///path")
    path = url2pathname(parts.path)
    if "\0" in path:
        raise PackageError(f"{source!r} is no path")
    return Path(path).resolve()


class LocalFolder:
    """A folder and the files beneath it; it is made when something is first written."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def uri(self) -> str:
        """The address of the folder."""
        return self.root.as_uri()

    def address(self, key: str, version_id: str | None = None) -> str:  # noqa: ARG002, a folder keeps no versions
        """Return the `file://` address of a file."""
        return self._path(key).as_uri()

    def head(self, key: str, version_id: str | None = None) -> Stat | None:  # noqa: ARG002
        """Return what is known of a file, or None where it is not there."""
        path = self._path(key)
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused(path, error) from error
        return _stat(key, found) if path.is_file() else None

    def read(self, key: str, version_id: str | None = None) -> bytes:
        """Return the bytes of a file."""
        return b"".join(self.stream(key, version_id))

    def read_range(self, key: str, start: int, length: int, version_id: str | None = None) -> bytes:  # noqa: ARG002
        """Return `length` bytes from `start`, or as many as there are from there."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            raise _refused(path, error) from error

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:  # noqa: ARG002
        """Yield the bytes of a file in pieces."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except OSError as error:
            raise _refused(path, error) from error

    def write(self, key: str, content: bytes, *, if_etag: str | None = None) -> Stat:
        """Put a file: written beside, then renamed. See the protocol for `if_etag`."""
        path = self._inside(key)
        try:
            scratch = self.root / SCRATCH
            scratch.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            made = scratch / uuid.uuid4().hex
            try:
                with made.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                with _alone(scratch) if if_etag is not None else contextlib.nullcontext():
                    if if_etag is not None:
                        self._check(key, if_etag)
                    made.replace(path)
            finally:
                made.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(path, error) from error
        return _stat(key, path.stat())

    def list(self, prefix: str, *, versions: bool = False) -> Iterator[Stat]:  # noqa: ARG002
        """Yield the files whose keys begin with the prefix, in the order of their keys."""
        folder, _, begin = prefix.rpartition("/")
        yield from self._files(self._path(folder) if folder else self.root, f"{folder}/" if folder else "", begin)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders in a folder."""
        path = self._path(prefix.rstrip("/")) if prefix else self.root
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            yield from sorted(entry.name for entry in os.scandir(path) if entry.is_dir())

    def delete(self, key: str) -> None:
        """Delete a file, and the folders beneath the root that are empty then."""
        path = self._inside(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(path, error) from error
        with contextlib.suppress(OSError):  # one that is not empty ends it
            for folder in path.parents:
                if folder == self.root:
                    break
                folder.rmdir()

    def _files(self, folder: Path, above: str, begin: str) -> Iterator[Stat]:
        try:
            found = [(f"{it.name}/" if it.is_dir() else it.name, it) for it in os.scandir(folder)]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _refused(folder, error) from error
        # With its slash a folder sorts among files as the keys beneath it do.
        for name, entry in sorted(found, key=lambda pair: pair[0].encode("utf-8", "surrogateescape")):
            if not name.startswith(begin):
                continue
            if name.endswith("/"):
                if above + name != SCRATCH + "/":
                    yield from self._files(Path(entry.path), above + name, "")
            elif entry.is_file():
                yield _stat(above + name, entry.stat())

    def _check(self, key: str, etag: str) -> None:
        now = self.head(key)
        if (now.etag if now else ABSENT) != etag:
            raise MovedError(f"{self.address(key)} was changed by another writer meanwhile; read it again")

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        windows = os.name == "nt" and ("\\" in key or ":" in key)
        if not {"", ".", ".."}.isdisjoint(parts) or "\0" in key or windows:
            raise PackageError(f"{key!r} is no path inside {self.root}")
        return self.root.joinpath(*parts)

    def _inside(self, key: str) -> Path:
        """Return the path to write at; raises `PackageError` where a link leads out of the folder."""
        path = self._path(key)
        if not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise PackageError(f"{path} is reached through a link that leads out of {self.root}; nothing is written")
        return path


def _stat(key: str, found: os.stat_result) -> Stat:
    etag = f"{found.st_mtime_ns:x}-{found.st_size:x}-{found.st_ino:x}"
    return Stat(key, found.st_size, etag, found.st_mtime)


@contextlib.contextmanager
def _alone(scratch: Path) -> Iterator[None]:
    """Keep other processes of this machine from a conditional write at the same time."""
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:  # Windows: two conditional writes in the same instant may both succeed
        yield
        return
    with (scratch / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refused(path: Path, error: OSError) -> PackageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return AbsentError(f"there is no file {path}")
    return PackageError(f"{path}: {error.strerror or error}")
