"""A revision written into a registry: its manifest, then the pointers to it.

A top hash says nothing of where the bytes are, so a registry may have a manifest of the same name that names other
places, and revisions that rely on it. It gives way only to one that serves them as well.
"""

import time
import warnings
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from bucketdex.manifest import Entry, read, verify
from bucketdex.manifest.layout import manifest_key, pointer_key
from bucketdex.registry.errors import AbsentError, MovedError, PackageError
from bucketdex.registry.revisions import checked_handle
from bucketdex.registry.storage.protocol import ABSENT, Storage

SECONDS_TRIED = 60  # a pointer is named by a second, which another push may have taken
TIMES_TRIED = 10  # that a manifest is compared, while others write it

Outcome = Literal["written", "same", "kept"]


class KeptManifestWarning(UserWarning):
    """The registry's manifest of this top hash names better places of the same bytes, so it stays."""


class Place(NamedTuple):
    """How good a place of bytes is for who reads them later; more is better."""

    nearness: int  # 0: on the disk of who made the manifest, 1: in S3, 2: in the registry itself
    pinned: bool  # it keeps these bytes, whatever is put there later


def put_manifest(storage: Storage, found: str, content: bytes, *, force: bool = False) -> Outcome:
    """Write a manifest, unless it is there, or one is `kept` that names better places for the same entries.

    Worse is a file of somebody's disk than an object in S3, and that than what the registry itself holds, and an
    object without its version than a version. With `force` only the first counts.
    """
    key = manifest_key(found)
    for _ in range(TIMES_TRIED):
        there = storage.head(key)
        try:
            if there is not None:
                old = storage.read(key)
                if old == content:
                    return "same"
                if _is_better(storage, found, old, content, force=force):
                    return "kept"
            storage.write(key, content, if_etag=there.etag if there else ABSENT)
        except (AbsentError, MovedError):  # another writer was there meanwhile
            continue
        return "written"
    raise PackageError(f"{storage.address(key)} is written by others again and again: try again later")


def kept(storage: Storage, found: str) -> str:
    """Return what is said of a manifest that stays."""
    return (
        f"the registry's manifest {storage.address(manifest_key(found))} names better places of the same files, so it "
        "stays as it is: for who reads the package, they are there and not where this one has them"
    )


def record(storage: Storage, handle: str, found: str, manifest: Iterable[bytes], latest_etag: str | None = None) -> str:
    """Write a manifest, then the pointers to it, and return the Unix time that the revision is named by.

    Warns (`KeptManifestWarning`) where the manifest that is there is better. See `point` for `latest_etag`.
    """
    checked_handle(handle)
    if put_manifest(storage, found, b"".join(manifest)) == "kept":
        warnings.warn(kept(storage, found), KeptManifestWarning, stacklevel=3)
    return point(storage, handle, found, latest_etag)


def point(storage: Storage, handle: str, found: str, latest_etag: str | None = None) -> str:
    """Write the pointers to a manifest, and return the Unix time that the revision is named by.

    With `latest_etag` the pointer `latest` is moved only if it is still that one (`ABSENT`: if there is none); else
    nothing points to the manifest, and `MovedError` is raised.
    """
    revision = _point(storage, handle, found)
    try:
        storage.write(pointer_key(handle), found.encode(), if_etag=latest_etag)
    except MovedError:
        if _content(storage, pointer_key(handle)) != found.encode():  # else another push was of the same
            storage.delete(pointer_key(handle, revision))
            raise
    return revision


def _is_better(storage: Storage, found: str, old: bytes, new: bytes, *, force: bool) -> bool:
    """Tell whether the manifest that is there has to stay, for the sake of one entry or more."""
    if not verify(lambda: [old], found).verified:  # it is damaged, or was edited
        return False
    places = {entry.logical_key: _place(storage, entry) for entry in _entries(new)}
    for entry in _entries(old):
        before, after = _place(storage, entry), places.get(entry.logical_key)
        if after is None:
            continue
        if after.nearness < before.nearness and (not force or after.nearness == 0):
            return True
        if before.pinned and not after.pinned and not force:
            return True
    return False


def _entries(manifest: bytes) -> Iterator[Entry]:
    for line in read([manifest]):
        if isinstance(line.said, Entry):
            yield line.said


def _place(storage: Storage, entry: Entry) -> Place:
    address = entry.physical_keys[0]
    own = address.startswith(f"{storage.uri}/")
    if not address.startswith("s3://"):  # what is put into a folder is never put over
        return Place(2 if own else 0, own)
    return Place(2 if own else 1, "?versionId=" in address)


def _point(storage: Storage, handle: str, found: str) -> str:
    """Write the pointer that a second names, or the next one that is free."""
    now = int(time.time())
    for second in range(now, now + SECONDS_TRIED):
        key = pointer_key(handle, str(second))
        try:
            storage.write(key, found.encode(), if_etag=ABSENT)
        except MovedError:
            if _content(storage, key) != found.encode():
                continue
        return str(second)
    raise PackageError(f"{handle} in {storage.uri} has revisions for each of the next {SECONDS_TRIED} seconds")


def _content(storage: Storage, key: str) -> bytes | None:
    """Return what a pointer holds, or None where another push has just taken it back."""
    try:
        return storage.read(key)
    except AbsentError:
        return None
