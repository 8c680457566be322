"""A package becomes a revision in a registry, with its data: the bytes first, then the manifest, the pointers last.

So whatever ends it in between, the registry holds what it held before; what has landed is used by the next push. Only
in a bucket without versions the bytes at the same keys are lost.
"""

import time
from collections.abc import Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.manifest import Entry, Header, TopHashError, top_hash, write
from bucketdex.registry import revisions
from bucketdex.registry.errors import MovedError, PackageError
from bucketdex.registry.making.recording import kept, point, put_manifest
from bucketdex.registry.progress import Watch, unwatched
from bucketdex.registry.pushing.journal import Begun, Journal, journal_path, read
from bucketdex.registry.pushing.placing import Placing, place
from bucketdex.registry.sources import Stored
from bucketdex.registry.storage.protocol import ABSENT, Storage
from bucketdex.registry.workflows.applying import apply

if TYPE_CHECKING:
    from bucketdex.registry.package import Package

UNVERSIONED = (
    "the bucket keeps no versions, so older revisions lose the bytes of files that were put again: switch versioning on"
)


class Pushed(msgspec.Struct, frozen=True):
    """A package that was pushed.

    Of its files so many were uploaded, copied inside S3, referred to where they were, skipped as they were in the
    registry already; `bytes` were uploaded or copied. With `unchanged` the registry's latest revision had all of it,
    and nothing was written; else `revision` is the Unix time that names the new one. `notes` are for who pushed.
    """

    registry: str
    handle: str
    top_hash: str
    revision: str | None
    unchanged: bool
    uploaded: int
    copied: int
    referred: int
    skipped: int
    bytes: int
    notes: tuple[str, ...] = ()


def push(
    package: "Package",
    handle: str,
    storage: Storage,
    message: str | None = None,
    *,
    workflow: str | EllipsisType | None = ...,
    force: bool = False,
    copy: bool = False,
    as_it_is: bool = False,
    progress: Watch = unwatched,
) -> Pushed:
    """Push a package; then it is that revision: message, workflow, and entries with hashes, where the push put them.

    With `force` it becomes the latest whatever is there now, and what the revision before says is not believed but
    looked at: what was deleted since is put again. `as_it_is` leaves message and workflow in its header as they are,
    unless a workflow of the registry applies.
    Raises `PackageError` where the workflow or a file does not allow it, `MovedError` where another revision was
    pushed since the one that this was made from, and `Transient` where S3 may take it later.
    """
    now = revisions.latest(storage, revisions.checked_handle(handle), whatever=force)
    origin = package.origin
    made_from = now.top_hash if now else None
    if origin and (origin.registry, origin.handle) == (storage.uri, handle) and now:
        made_from = origin.top_hash
    if not force:
        _check(storage, handle, made_from, now.top_hash if now else None)
    lines = [entry.line(key) for key, entry in package.walk()]
    applied = apply(
        storage, workflow, handle=handle, message=message, metadata=package.meta, entries=lambda: iter(lines)
    )
    header = package.header()
    if applied or not as_it_is:
        header = _header(header, message, applied)

    path = journal_path(storage, handle)
    journal = Journal(path)
    begun = Begun(storage.uri, handle, time.time(), now.top_hash if now else None)
    try:
        stored = place(lines, Placing(storage, begun, read(path), copy, force, progress), journal)
        placed = [
            Entry(line.logical_key, [it.address], it.size, it.hash, line.meta)
            for line, it in zip(lines, stored, strict=True)
        ]
        found, manifest = _manifest(header, package, placed)
        # Once more, just before the pointers are written: where a storage cannot compare by itself, this does.
        again = revisions.latest(storage, handle, whatever=force)
        if not force:
            _check(storage, handle, now.top_hash if now else None, again.top_hash if again else None)
        outcome = put_manifest(storage, found, manifest, force=force)
        unchanged = again is not None and again.top_hash == found and outcome != "written"
        etag = None if force else (again.etag if again else ABSENT)
        try:
            revision = None if unchanged else point(storage, handle, found, etag)
        except MovedError as error:
            latest = revisions.latest(storage, handle)
            raise _moved(storage, handle, made_from, latest.top_hash if latest else "none") from error
    finally:
        journal.close()
    journal.remove()
    from bucketdex.registry.package import Origin  # noqa: PLC0415, which imports this

    package.fields = {name: value for name, value in header.fields.items() if name != "user_meta"}
    package.origin = Origin(storage.uri, handle, found)
    for (_, entry), it in zip(package.walk(), stored, strict=True):
        entry.physical_key, entry.size, entry.hash = it.address, it.size, it.hash
    told = _told(storage, handle, found, revision, stored)
    if outcome == "kept":
        hint = ". To have this one all the same: force"
        told = msgspec.structs.replace(told, notes=(*told.notes, kept(storage, found) + hint))
    return told


def _header(header: Header, message: str | None, applied: Mapping[str, Any] | None) -> Header:
    """Return the header as the reference client makes it: a message always, a workflow if there is one."""
    fields = {name: value for name, value in header.fields.items() if name not in ("message", "workflow", "top_hash")}
    return Header(fields | {"message": message} | ({"workflow": dict(applied)} if applied else {}))


def _manifest(header: Header, package: "Package", placed: list[Entry]) -> tuple[str, bytes]:
    """Return the top hash and the manifest."""
    try:
        found = top_hash(header, lambda: placed)
        return found, b"".join(write(header, package.directory.metadata(), placed))
    except (TopHashError, ValueError, RecursionError) as error:
        raise PackageError(f"the manifest cannot be written: {error}") from error


def _check(storage: Storage, handle: str, made_from: str | None, now: str | None) -> None:
    if now is not None and now != made_from:
        raise _moved(storage, handle, made_from, now)


def _moved(storage: Storage, handle: str, made_from: str | None, now: str) -> MovedError:
    error = MovedError(
        f"{handle} in {storage.uri} has a newer revision, {now[:12]}, than the one that this was made from, and it "
        "stays the latest. Browse that one, make your changes to it and push; or push under another name. "
        "To push over it all the same: force"
    )
    error.before, error.now = made_from, now
    return error


def _told(storage: Storage, handle: str, found: str, revision: str | None, stored: list[Stored]) -> Pushed:
    counts = {"uploaded": 0, "copied": 0, "referred": 0, "skipped": 0}
    moved = 0
    unversioned = False
    for it in stored:
        counts[it.how] += 1
        if it.how in ("uploaded", "copied"):
            moved += it.size
            unversioned |= it.address.startswith("s3://") and "?versionId=" not in it.address
    notes = (UNVERSIONED,) if unversioned else ()
    return Pushed(storage.uri, handle, found, revision, revision is None, **counts, bytes=moved, notes=notes)
