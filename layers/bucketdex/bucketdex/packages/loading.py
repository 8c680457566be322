"""The entries of a manifest made searchable, or not any more, as the state in its document says.

Each entry carries the epoch of the state under which it was written, and a newer epoch always wins. Who loads entries
gives a sign of it in the manifest's document; nobody else changes that document's state as long as there are signs.
Before each request the document is read again. Who finds that it was changed all the same, having been slow beyond
measure, stops and deletes what it wrote. So a state that was left has no writers, and its entries can be deleted.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bucketdex.errors import Fault, Transient
from bucketdex.index import versioned, writer
from bucketdex.index.deletion import delete_where
from bucketdex.index.generations import entries_of
from bucketdex.index.requests import REQUEST_BYTES, Unanswered
from bucketdex.index.versioned import Versioned
from bucketdex.manifest import Entry, resume
from bucketdex.manifest.layout import PACKAGES
from bucketdex.manifest.verify import BETWEEN_CHECKS
from bucketdex.packages.document import EntryState, PackageDocument
from bucketdex.packages.edges import Edges, Write, read, write
from bucketdex.packages.entry import EntryWriter, reduced
from bucketdex.packages.files import ManifestFile, RefusedError

SIGN = timedelta(seconds=20)  # so often a loader gives a sign, and writes down how far it has come
# Without a sign for so long a loader is dead, and what it had under way (a request takes 20 s at most) has arrived.
DEAD = timedelta(seconds=60)
FIRST_BYTES = 500_000  # of the first request, which OpenSearch waits for; each is twice as large until they are full
STOP_SECONDS = 30.0  # with less time left no request with entries is begun


class SupersededError(Transient):
    """Another handler has written the manifest's document: it is at work, or what is wanted has changed."""


@dataclass(frozen=True)
class Work:
    """What is to be done for one generation: the manifest's document as it was just written, and its lock."""

    edges: Edges
    identity: str
    index: str
    document: PackageDocument
    lock: writer.Lock
    file: ManifestFile | None
    still_wanted: Callable[[], bool] = lambda: True
    first: bool = False  # there never were entries before

    @property
    def top_hash(self) -> str:
        """What the name of the manifest says; a tombstone has no other."""
        return self.document.key.removeprefix(PACKAGES)

    @property
    def state(self) -> EntryState:
        """The state that is to be reached."""
        return self.document.entry_state or EntryState()

    def with_state(self, **changes: Any) -> "Work":
        """Return the work after the state was written; raises `SupersededError`."""
        state = msgspec.structs.replace(self.state, **changes)
        document = msgspec.structs.replace(self.document, entry_state=state)
        locks = write(self.edges, self.identity, [Write(self.index, document, self.lock)])
        if locks is None:
            raise self.superseded()
        return replace(self, document=document, lock=locks[0])

    def check(self) -> None:
        """Raise `SupersededError` if the document is not what was written here."""
        found = read(self.edges, [self.index], [self.identity]).get((self.index, self.identity))
        if found is None or found.lock != self.lock:
            raise self.superseded()

    def superseded(self) -> SupersededError:
        """Return the error."""
        return SupersededError(f"s3://{self.document.bucket}/{self.document.key} is being worked on by another handler")


def at_work(state: EntryState, now: datetime) -> bool:
    """Whether an invocation is loading entries."""
    return state.state == "loading" and state.since is not None and now - state.since < DEAD


def carry_out(work: Work) -> None:
    """Load or remove, as the state says; what there is no time for is sent to the queue again. Raises `Transient`."""
    match work.state.state:
        case "loading":
            if work.file:  # else S3 does not tell of it now
                _carry_out_loading(work, work.file)
        case "removing":
            _delete_older(work)
            work.with_state(state="none")
        case _ if work.state.epoch:
            # What died between a request and its next look may have left something; its message comes back, to here.
            _delete_older(work, refresh=False)


def _carry_out_loading(work: Work, file: ManifestFile) -> None:
    try:
        for signed in _load(work, file):
            work = signed  # with the lock that lets go of it
    except RefusedError as error:  # it goes on when the manifest is looked at again, and can be read
        replace(work, document=msgspec.structs.replace(work.document, problem=str(error))).with_state(since=None)
    except SupersededError:
        if not _same_epoch(work):  # else another invocation goes on with what was loaded here
            _delete(work, {"term": {"epoch": work.state.epoch}})
        raise
    except Unanswered:  # what was sent may still arrive: only time tells
        raise
    except Exception:
        with contextlib.suppress(Fault):
            work.with_state(since=None)
        raise


def _same_epoch(work: Work) -> bool:
    found = read(work.edges, [work.index], [work.identity]).get((work.index, work.identity))
    return found is not None and found.source.get("entry_state", {}).get("epoch") == work.state.epoch


def _load(work: Work, file: ManifestFile) -> Iterator[Work]:
    """Write the entries from the state's offset on, until all are there or the rest is for another invocation.

    Yields the work after each sign.
    """
    edges, state = work.edges, work.state
    entries = EntryWriter(work.document.bucket, work.top_hash, state.epoch)
    index, signed = entries_of(work.index), edges.now()
    loaded, refused = state.loaded, state.refused
    checked = True  # by the write that has just been made
    for chunk in edges.ahead(chunks(file.pieces, entries, state.offset, edges.check)):
        reached = {"offset": chunk.begins, "loaded": loaded, "refused": refused}
        if edges.remaining() < STOP_SECONDS:
            work.with_state(**reached, since=None)
            edges.hint(work.document.bucket, [work.document.key], "its entries are loaded on")
            return
        if edges.now() - signed > SIGN:
            if not work.still_wanted():
                work.with_state(**reached, since=None)
                raise Transient(f"what is wanted of s3://{work.document.bucket}/{work.document.key} has changed")
            signed = edges.now()
            work = work.with_state(**reached, since=signed)
            yield work
        elif not checked:
            work.check()
        checked = False
        refused += _put(edges, index, state.epoch, chunk.documents)
        loaded += len(chunk.documents)
    if not work.first:
        _delete_older(work)
    work.with_state(state="complete", offset=0, loaded=loaded, refused=refused, since=None)


@dataclass(frozen=True)
class Chunk:
    """The documents of one request, and where in the manifest the first of them begins."""

    begins: int
    documents: list[Versioned]


def chunks(
    pieces: Callable[[int], Iterable[bytes]],
    entries: EntryWriter,
    offset: int,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Chunk]:
    """Yield the documents of a manifest's entries from `offset` on; `pieces` gives its bytes from one of them on.

    `check` is called now and then, and may raise to end it.
    """
    documents: list[Versioned] = []
    begins, size, most = offset, 0, min(FIRST_BYTES, REQUEST_BYTES)
    for number, place, said in resume(pieces, offset):
        if not number % BETWEEN_CHECKS:
            check()
        if isinstance(said, re.Match):
            made = entries.plain_document(said)
        elif isinstance(said, Entry):
            made = entries.document(said)
        else:
            continue
        size += len(made[1]) + 200  # what its action takes
        if documents and size > most:
            yield Chunk(begins, documents)
            most = min(2 * most, REQUEST_BYTES)
            documents, begins, size = [], place, len(made[1]) + 200
        documents.append(made)
    if documents:
        yield Chunk(begins, documents)


def _put(edges: Edges, index: str, epoch: int, documents: list[Versioned]) -> int:
    """Write entries, and of those that are refused what can be; return how many are refused even so."""
    refused = versioned.put(edges.opensearch, index, epoch, documents, edges.seconds())
    if not refused:
        return 0
    less = [(documents[place][0], reduced(documents[place][1], said)) for place, said in refused]
    return len(versioned.put(edges.opensearch, index, epoch, less, edges.seconds()))


def _delete_older(work: Work, *, refresh: bool = True) -> None:
    _delete(work, {"range": {"epoch": {"lt": work.state.epoch}}}, refresh=refresh)


def _delete(work: Work, of_epoch: dict[str, Any], *, refresh: bool = True) -> None:
    of_manifest = [{"term": {"bucket": work.document.bucket}}, {"term": {"top_hash": work.top_hash}}]
    delete_where(
        work.edges.opensearch,
        [entries_of(work.index)],
        {"bool": {"filter": [*of_manifest, of_epoch]}},
        work.edges.sleep,
        lambda: work.edges.remaining() < STOP_SECONDS,
        refresh=refresh,
    )
