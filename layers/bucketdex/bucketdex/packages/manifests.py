"""A manifest file, its document, and whether its entries are kept searchable.

Whether they are depends on who names it: pointers write their documents and then look at the manifest's, this writes
the manifest's and then looks at the pointers'; so of two that write at once, one sees what the other wrote. Only then
entries are loaded or removed, which see loading.py.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from bucketdex.changes.hint import Hint, ObjectName
from bucketdex.changes.outcome import Outcome, Tally
from bucketdex.errors import Transient
from bucketdex.index import writer
from bucketdex.index.ids import object_id
from bucketdex.manifest import verify
from bucketdex.manifest.layout import TOP_HASH, ManifestName
from bucketdex.packages import files, naming
from bucketdex.packages.document import (
    EntryState,
    FileVersion,
    PackageDocument,
    agree,
    of_manifest,
    problem,
    problems_of,
    stored,
)
from bucketdex.packages.edges import KIND, MOST_PASSES, Edges, Write, is_settled, read, write
from bucketdex.packages.files import MEMORY_BYTES, ManifestFile, RefusedError, Seen
from bucketdex.packages.loading import Work, at_work, carry_out

WAIT_SECONDS = 1.0  # for another invocation to be done with loading entries, which mostly is a matter of moments
MOST_WAITS = 10


@dataclass(frozen=True)
class _Pass:
    """One look at everything that the document of a manifest depends on."""

    where: ObjectName
    name: ManifestName
    observed_at: datetime
    seen: Seen
    wanted: bool
    facts: dict[str, Any]


def reconcile(edges: Edges, hint: Hint, name: ManifestName, tally: Tally) -> Outcome:
    """Make the document of a manifest say what S3 says, and its entries searchable or not.

    Raises `Transient` and `Permanent`.
    """
    bucket, key = where = (hint.bucket, hint.key)
    identity = object_id(bucket, key)
    ours: set[tuple[str, writer.Lock]] = set()  # of documents that were written here
    waits = 0
    for attempt in range(MOST_PASSES + MOST_WAITS):
        view = edges.control.view(KIND, [bucket])
        if bucket not in view.buckets:
            return Outcome("not connected")
        indexes = [generation.index for generation in view.generations]
        before = read(edges, indexes, [identity])
        if not attempt and is_settled(hint, before, indexes):
            return Outcome("settled")
        known = [stored(it.source) for it in before.values()]
        others = [it for (index, _), it in before.items() if (index, it.lock) not in ours]
        if any(at_work(_state(stored(it.source)), edges.now()) for it in others):
            waits += 1
            if waits > MOST_WAITS:
                raise Transient(f"the entries of s3://{bucket}/{key} are being loaded by another invocation")
            edges.sleep(WAIT_SECONDS)
            continue
        look = _look(edges, where, name, indexes, known)
        writes = [_write(look, index, before.get((index, identity)), edges.now()) for index in indexes]
        locks = write(edges, identity, writes)
        if locks is None:
            tally.conflicts += 1
            continue
        ours.update(zip(indexes, locks, strict=True))
        pointers = naming.pointers(edges, indexes, bucket, name.top_hash)
        if look.wanted != (_wanted(edges, bucket, pointers) and look.seen.version is not None):
            tally.retries += 1
            continue
        _tell(edges, bucket, writes, pointers)

        def still_wanted(seen: Seen = look.seen, indexes: list[str] = indexes) -> bool:
            now = naming.pointers(edges, indexes, bucket, name.top_hash)
            return _wanted(edges, bucket, now) and files.head(edges.s3, bucket, key).version == seen.version

        for it, lock in zip(writes, locks, strict=True):
            first = (it.index, identity) not in before or not _state(stored(before[it.index, identity].source)).epoch
            file = _file(edges, where, look.seen)
            carry_out(Work(edges, identity, it.index, it.document, lock, file, still_wanted, first))
        return Outcome("deleted" if look.seen.gone else "indexed")
    raise Transient(f"the document of s3://{bucket}/{key} was not settled in {MOST_PASSES} passes")


def _look(
    edges: Edges, where: ObjectName, name: ManifestName, indexes: list[str], known: list[PackageDocument]
) -> _Pass:
    """Look at S3, the setting of the bucket and the pointers; all of it after the documents were read."""
    bucket, key = where
    observed_at = edges.now()
    seen = files.head(edges.s3, bucket, key)
    facts = _facts(edges, where, name, seen, known)
    pointers = naming.pointers(edges, indexes, bucket, name.top_hash)
    wanted = seen.version is not None and _wanted(edges, bucket, pointers)
    return _Pass(where, name, observed_at, seen, wanted, facts)


def _wanted(edges: Edges, bucket: str, pointers: list[naming.Pointer]) -> bool:
    """Whether the entries of a manifest that these pointers name are to be searchable."""
    settings = edges.control.view(KIND, [bucket]).buckets.get(bucket)
    return settings is not None and (settings.entries == "all" or any(it.latest for it in pointers))


def _facts(
    edges: Edges, where: ObjectName, name: ManifestName, seen: Seen, known: list[PackageDocument]
) -> dict[str, Any]:
    """Return what the manifest says; it is read, all of it, unless one of the documents is about this very file."""
    file = _file(edges, where, seen)
    if file is None:
        return {"problem": problem([seen.problem])} if seen.problem else {}
    for document in known:
        refused = (document.problem or "").startswith(files.REFUSED)  # which has taken the place of what was wrong
        if document.file == seen.version and document.entries is not None and not document.deleted and not refused:
            return {field: getattr(document, field) for field in FACTS}
    problems = [] if TOP_HASH.fullmatch(name.top_hash) else [f"its name {name.top_hash[:100]!r} is no top hash"]
    try:
        with _in_turn(edges, file.size):
            found = verify(file.pieces, name.top_hash, edges.check)
    except RefusedError as error:
        return {"problem": problem([*problems, str(error)])}
    return {**of_manifest(name, found), "problem": problem([*problems, *problems_of(found)])}


FACTS = (
    "computed_top_hash", "verified", "entries", "directories", "total_bytes", "message", "metadata", "pairs",
    "workflow", "problem",
)  # fmt: skip


@contextmanager
def _in_turn(edges: Edges, size: int) -> Iterator[None]:
    """Let one thread read a long manifest at a time: several at once would all be out of time before one is done."""
    if size <= MEMORY_BYTES:
        yield
        return
    if not _LONG_ONES.acquire(timeout=edges.seconds()):
        raise Transient("another long manifest is being read; this one comes back later")
    try:
        yield
    finally:
        _LONG_ONES.release()


_LONG_ONES = threading.Lock()


def _write(look: _Pass, index: str, before: writer.Stored | None, now: datetime) -> Write:
    """Return what is to be written into one generation."""
    bucket, key = look.where
    last = stored(before.source) if before else None
    lock = before.lock if before else None
    if last and not last.deleted and look.seen.problem:  # what was known stays: a refusal is no deletion
        document = msgspec.structs.replace(last, observed_at=look.observed_at, problem=look.seen.problem)
        return Write(index, document, lock)
    same_file = last is not None and last.file == (look.seen.version or FileVersion())
    state = next_state(_state(last), wanted=look.wanted, same_file=same_file, now=now)
    document = PackageDocument(
        bucket,
        key,
        "manifest",
        look.observed_at,
        deleted=look.seen.gone,
        entry_state=state,
        **({} if look.seen.gone else {"top_hash": look.name.top_hash, **look.seen.fields(), **look.facts}),
    )
    return Write(index, document, lock)


def _state(document: PackageDocument | None) -> EntryState:
    return (document.entry_state if document else None) or EntryState()


def next_state(state: EntryState, *, wanted: bool, same_file: bool, now: datetime) -> EntryState:
    """Return the state in which the entries of a manifest are to be from now on.

    Whatever was loaded is of an older epoch as soon as that has to change.
    """
    epoch = max(state.epoch + 1, int(now.timestamp() * 1000))
    if wanted and state.state in ("loading", "complete") and same_file:
        return msgspec.structs.replace(state, since=now) if state.state == "loading" else state
    if wanted:
        return EntryState("loading", epoch, since=now)
    if state.state in ("none", "removing"):
        return state
    return EntryState("removing", epoch)


def _file(edges: Edges, where: ObjectName, seen: Seen) -> ManifestFile | None:
    if seen.version is None:
        return None
    return ManifestFile(edges.s3, *where, seen.version, seen.size or 0, edges.check)


def _tell(edges: Edges, bucket: str, writes: list[Write], pointers: list[naming.Pointer]) -> None:
    """Tell the pointers whose documents say something else of this manifest."""
    documents = {it.index: msgspec.to_builtins(it.document) for it in writes}
    stale = [it.key for it in pointers if not agree(it.source, documents[it.index])]
    edges.hint(bucket, dict.fromkeys(stale), "its manifest changed")
