"""What has landed of a push that is under way, so that the next one goes on where it was interrupted.

A journal is a file in the user's state folder, one for each registry and handle: a line about the push, a line for each
file that it means to put, a line for each one that has landed. Lines are written whole and at once, so whatever ends
the process leaves a journal that says no more than what was true. What was deleted since it does not know: the push
that goes on asks. A push that succeeds removes it.
"""

import os
import uuid
from collections.abc import Iterable
from pathlib import Path

import msgspec

from bucketdex.manifest import Hash
from bucketdex.registry.errors import PackageError
from bucketdex.registry.state_folder import state_file
from bucketdex.registry.storage.protocol import Storage
from bucketdex.registry.storage.s3 import Bucket


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """A push: to where, at which Unix time, and the top hash that `latest` named then."""

    registry: str
    handle: str
    at: float
    parent: str | None


class Meant(msgspec.Struct, frozen=True, tag="meant"):
    """A file that is to be put."""

    logical_key: str
    size: int


class Landed(msgspec.Struct, frozen=True, tag="landed", omit_defaults=True):
    """A file that is in the registry: its state on this machine, and where it is now."""

    logical_key: str
    source: str  # its path here
    size: int
    mtime_ns: int
    hash: Hash
    address: str  # with its version, where versions are kept


class Parts(msgspec.Struct, frozen=True, tag="parts"):
    """A large file that is being put in parts."""

    logical_key: str
    source: str
    size: int
    mtime_ns: int
    key: str
    upload_id: str


Line = Begun | Meant | Landed | Parts

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Line).decode


class Account(msgspec.Struct, frozen=True):
    """What a journal tells."""

    begun: Begun
    meant: dict[str, int]  # logical key -> size
    landed: dict[str, Landed]
    parts: dict[str, Parts]

    @property
    def missing(self) -> list[str]:
        """The logical keys of what has not landed."""
        return [key for key in self.meant if key not in self.landed]


class Journal:
    """The journal of a push that is under way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def begin(self, begun: Begun, known: Account | None, meant: Iterable[Meant]) -> None:
        """Write it anew: what is known to have landed, and what is meant to."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{uuid.uuid4().hex}")
        try:
            with fresh.open("wb") as file:
                file.write(_encode(begun) + b"\n")
                for line in [
                    *meant,
                    *(known.parts.values() if known else ()),
                    *(known.landed.values() if known else ()),
                ]:
                    file.write(_encode(line) + b"\n")
            fresh.replace(self._path)
        finally:
            fresh.unlink(missing_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))

    def note(self, line: Landed | Parts) -> None:
        """Note what is true now; may be called from any thread."""
        if self._file >= 0:
            os.write(self._file, _encode(line) + b"\n")

    def close(self) -> None:
        """Let go of the file; the journal stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def remove(self) -> None:
        """Remove it: all of the push is done."""
        self.close()
        self._path.unlink(missing_ok=True)


def journal_path(storage: Storage, handle: str) -> Path:
    """Return the file of the journal of pushes to a handle; buckets of the same name in two S3s have two."""
    if isinstance(storage, Bucket):
        return state_file("pushes", storage.uri, handle, storage.s3.meta.endpoint_url)
    return state_file("pushes", storage.uri, handle)


def read(path: Path) -> Account | None:
    """Return what a journal tells, or None where there is none; a line that broke off is passed over."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PackageError(f"{path}, the journal of an earlier push, cannot be read: {error.strerror}") from error
    begun: Begun | None = None
    account = None
    for line in lines:
        try:
            said = _decode(line)
        except msgspec.DecodeError:
            continue
        match said:
            case Begun():
                begun = said
                account = Account(begun, {}, {}, {})
            case Meant() if account:
                account.meant[said.logical_key] = said.size
            case Landed() if account:
                account.landed[said.logical_key] = said
            case Parts() if account:
                account.parts[said.logical_key] = said
            case _:
                pass
    return account
