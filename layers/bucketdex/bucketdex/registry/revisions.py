"""The revisions of packages in a registry: which there are, which one is meant, and how they are deleted."""

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from bucketdex.manifest.layout import (
    LATEST,
    NAMED,
    PACKAGES,
    TOP_HASH,
    PointerName,
    fault_of_handle,
    manifest_key,
    parse,
    pointed_at,
    pointer_key,
)
from bucketdex.registry.errors import AbsentError, MovedError, NoBucketError, NoPackageError, PackageError
from bucketdex.registry.storage.protocol import ABSENT, Storage

SHORTEST_PREFIX = 6  # characters of a top hash, as in the reference client
READS_AT_A_TIME = 16  # of pointers, each a request
TIMES_TRIED = 10  # to delete, while others push


class PointerWarning(UserWarning):
    """A pointer holds no top hash, so it names no revision."""


class Revision(NamedTuple):
    """A pointer: `revision` is `latest` or the Unix time at which it was made."""

    revision: str
    top_hash: str

    @property
    def created(self) -> datetime | None:
        """When it was made, if its name tells."""
        return PointerName("", self.revision).created


class Latest(NamedTuple):
    """What `latest` names, and the etag of that pointer."""

    top_hash: str
    etag: str


def checked_handle(handle: str) -> str:
    """Return the handle; raises `PackageError` where no package can have it."""
    if fault := fault_of_handle(handle):
        raise PackageError(fault)
    return handle


def packages(storage: Storage) -> Iterator[str]:
    """Yield the handles in a registry, in order."""
    for author in storage.folders(NAMED):
        for name in storage.folders(f"{NAMED}{author}/"):
            yield f"{author}/{name}"


def revisions(storage: Storage, handle: str) -> list[Revision]:
    """Return the revisions of a package, oldest first, then `latest`; empty where there is no such package.

    A pointer that holds no top hash is left out, and `PointerWarning` tells.
    """
    found = [name for name in _pointers(storage, checked_handle(handle)) if _is_revision(name)]
    with ThreadPoolExecutor(READS_AT_A_TIME) as readers:
        contents = list(readers.map(lambda revision: _content(storage, handle, revision), found))
    told: list[Revision] = []
    for revision, content in zip(found, contents, strict=True):
        if content is not None:
            if top_hash := pointed_at(content):
                told.append(Revision(revision, top_hash))
            else:
                warnings.warn(f"{_junk(storage, handle, revision, content)}; left out", PointerWarning, stacklevel=2)
    return sorted(told, key=lambda it: (it.revision == LATEST, len(it.revision), it.revision))


def latest(storage: Storage, handle: str, *, whatever: bool = False) -> Latest | None:
    """Return what `latest` names, or None where there is no such package.

    Raises `PackageError` where it holds no top hash; `whatever` it holds, its etag is told, then with an empty one.
    """
    key = pointer_key(checked_handle(handle))
    # The etag first: if the pointer moves in between, a write that builds on it fails instead of losing the other one.
    found = storage.head(key)
    content = _content(storage, handle, LATEST) if found else None
    if found is None or content is None:
        return None
    top_hash = pointed_at(content)
    if top_hash is None and not whatever:
        raise PackageError(_junk(storage, handle, LATEST, content))
    return Latest(top_hash or "", found.etag or "")


def resolve(storage: Storage, handle: str, wanted: str | None = None) -> str:
    """Return the top hash of a revision: of `latest` (or None), a Unix time, or how a top hash begins.

    Raises `AbsentError` where there is none, and `PackageError` where several begin so.
    """
    checked_handle(handle)
    wanted = wanted or LATEST
    if _is_revision(wanted):
        if found := _read(storage, handle, wanted):
            return found
        if wanted == LATEST:
            raise NoPackageError(f"there is no package {handle} in {storage.uri}; `list_packages` names those that are")
    prefix = wanted.lower()
    if TOP_HASH.fullmatch(prefix):
        return prefix
    if len(prefix) < SHORTEST_PREFIX or set(prefix) - set("0123456789abcdef"):
        raise PackageError(
            f"{wanted!r} is no revision of {handle}: latest, a Unix time, or {SHORTEST_PREFIX} or more characters "
            "of a top hash"
        )
    found_all = [it.key.removeprefix(PACKAGES) for it in storage.list(PACKAGES + prefix)]
    matching = [it for it in found_all if TOP_HASH.fullmatch(it)]
    if len(matching) > 1:  # those of other packages do not make it ambiguous
        own = {it.top_hash for it in revisions(storage, handle)}
        matching = [it for it in matching if it in own] or matching
    if not matching:
        raise AbsentError(f"there is no revision {wanted} of {handle} in {storage.uri}")
    if len(matching) > 1:
        raise PackageError(f"{len(matching)} revisions in {storage.uri} begin with {wanted}: give more of the top hash")
    return matching[0]


def delete(storage: Storage, handle: str, top_hash: str | None = None) -> list[str]:
    """Delete a package's pointers, or those to one revision, and return the names of those deleted.

    `latest` moves back to the newest revision that is left. Manifests and data stay: other packages may use them.
    Raises `AbsentError` where there is nothing to delete.
    """
    meant = None if top_hash is None else resolve(storage, handle, top_hash)
    for _ in range(TIMES_TRIED):
        # First, so that what another push writes after this makes the conditional write below fail.
        seen = latest(storage, handle, whatever=True)
        if meant is None:
            gone = list(_pointers(storage, checked_handle(handle)))
            left: list[Revision] = []
        else:
            known = revisions(storage, handle)
            gone = [it.revision for it in known if it.top_hash == meant]
            left = [it for it in known if it.top_hash != meant]
        if not gone:
            of = f"revision {top_hash} of the package {handle}" if top_hash else f"package {handle}"
            raise AbsentError(f"there is no {of} in {storage.uri}")
        if LATEST in gone and meant:
            try:
                _move_back(storage, handle, seen, left)
            except MovedError:
                continue
        for revision in sorted(gone, key=lambda name: name == LATEST):
            if revision != LATEST or meant is None:
                storage.delete(pointer_key(handle, revision))
        return gone
    raise MovedError(f"{handle} in {storage.uri} is pushed to all the time, nothing was deleted: try again later")


def _move_back(storage: Storage, handle: str, seen: Latest | None, left: list[Revision]) -> None:
    """Let `latest` name the newest revision that is left, or nothing; raises `MovedError` where it is another now."""
    if left:
        storage.write(pointer_key(handle), left[-1].top_hash.encode(), if_etag=seen.etag if seen else ABSENT)
        return
    # No storage deletes on a condition, so this is as close as it comes.
    if latest(storage, handle, whatever=True) != seen:
        raise MovedError(f"{handle} in {storage.uri} has a newer revision")
    storage.delete(pointer_key(handle))


def manifest_pieces(storage: Storage, top_hash: str) -> Iterator[bytes]:
    """Yield the bytes of a manifest; raises `AbsentError`."""
    try:
        yield from storage.stream(manifest_key(top_hash))
    except NoBucketError:
        raise
    except AbsentError as error:
        raise AbsentError(f"there is no manifest {top_hash} in {storage.uri}") from error


def _pointers(storage: Storage, handle: str) -> Iterator[str]:
    for found in storage.list(f"{NAMED}{handle}/"):
        name = parse(found.key)
        if isinstance(name, PointerName):
            yield name.revision


def _is_revision(name: str) -> bool:
    """Tell whether a pointer of this name is one: other files that somebody left there are not."""
    return name == LATEST or (name.isascii() and name.isdecimal())


def _read(storage: Storage, handle: str, revision: str) -> str | None:
    """Return the top hash that a pointer holds, or None where it is not there."""
    content = _content(storage, handle, revision)
    if content is None:
        return None
    found = pointed_at(content)
    if found is None:
        raise PackageError(_junk(storage, handle, revision, content))
    return found


def _content(storage: Storage, handle: str, revision: str) -> bytes | None:
    try:
        return storage.read(pointer_key(handle, revision))
    except NoBucketError:
        raise
    except AbsentError:
        return None


def _junk(storage: Storage, handle: str, revision: str, content: bytes) -> str:
    return f"{storage.address(pointer_key(handle, revision))} should hold a top hash, but holds {content[:80]!r}"
