"""What a registry asks of the storage that it is kept in."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

ABSENT = ""  # as the etag of what must not be there yet

PIECE_BYTES = 1024 * 1024  # of a stream


class Stat(msgspec.Struct, frozen=True):
    """What is known of an object without its bytes.

    `size` is in bytes, `modified` in seconds since 1970; `etag` changes with the content. Where the storage keeps no
    versions `version_id` is None.
    """

    key: str
    size: int
    etag: str | None = None
    modified: float | None = None
    version_id: str | None = None


class Storage(Protocol):
    """A tree of objects under keys with `/` in them, as in a bucket or a folder.

    All methods raise `PackageError` where the storage refuses, and `AbsentError` where what they need is not there.
    """

    @property
    def uri(self) -> str:
        """The address of the whole: `s3://bucket`, `file:///folder`."""

    def address(self, key: str, version_id: str | None = None) -> str:
        """Return the address of an object, as manifests have it."""

    def head(self, key: str, version_id: str | None = None) -> Stat | None:
        """Return what is known of an object, or None where it is not there."""

    def read(self, key: str, version_id: str | None = None) -> bytes:
        """Return the bytes of an object."""

    def read_range(self, key: str, start: int, length: int, version_id: str | None = None) -> bytes:
        """Return `length` bytes from `start`, or as many as there are from there."""

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        """Yield the bytes of an object in pieces, all of the same state of it."""

    def write(self, key: str, content: bytes, *, if_etag: str | None = None) -> Stat:
        """Put a small object, all of it or nothing.

        With `if_etag` only if it is still the one with that etag (`ABSENT`: if there is none); else `MovedError`.
        """

    def list(self, prefix: str, *, versions: bool = False) -> Iterator[Stat]:
        """Yield the objects whose keys begin with the prefix, in the order of their keys.

        With `versions` they have their version ids, where the storage keeps versions.
        """

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names (without `/`) of the folders in a folder; `prefix` is empty or ends with `/`."""

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error. Older versions stay."""


class Location(msgspec.Struct, frozen=True):
    """An object in a storage, or one version of it."""

    storage: Storage
    key: str
    version_id: str | None = None

    def __str__(self) -> str:
        return self.storage.address(self.key, self.version_id)

    def head(self) -> Stat | None:
        """Return what is known of it, or None where it is not there."""
        return self.storage.head(self.key, self.version_id)

    def read(self) -> bytes:
        """Return its bytes."""
        return self.storage.read(self.key, self.version_id)

    def stream(self) -> Iterator[bytes]:
        """Yield its bytes in pieces."""
        return self.storage.stream(self.key, self.version_id)
