"""Reading and writing documents under OpenSearch's optimistic lock.

A document is written only if nobody wrote it since it was read: `create` where there was none, else `index` with the
sequence number that was read. Nothing is ever overwritten blindly. This is the one place that says what OpenSearch's
answer to a write means:

| answer | meaning | outcome |
|---|---|---|
| 200, 201 | written | `DONE` |
| 409 | another handler wrote after we read: read again, from S3 too | `CONFLICT` |
| 400 | OpenSearch will not take this document | `REFUSED` |
| other (429, 5xx, 403 of a blocked index, 404 of a missing one) | later | `BUSY` |
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bucketdex.errors import Transient
from bucketdex.index.requests import REQUEST_BYTES, REQUEST_SECONDS, post, said

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

# What a reconcile carries over from the document before it (objects/facts.py), and whether there is news at all
# (objects/preparing.py).
SURVIVING_FIELDS = [
    "bucket", "key", "version_id", "etag", "size", "written_by", "written_at", "checksums", "digest_note", "deleted",
    "observed_at", "storage_class", "tags",
]  # fmt: skip
Status = Literal["done", "conflict", "busy", "refused"]
DONE: Status = "done"
CONFLICT: Status = "conflict"
BUSY: Status = "busy"
REFUSED: Status = "refused"


class Lock(msgspec.Struct, frozen=True):
    """Which state of a document was read."""

    seq_no: int
    primary_term: int


class Stored(msgspec.Struct, frozen=True):
    """A document as it was read: its lock, and the fields asked for."""

    lock: Lock
    source: dict[str, Any]


class Write(msgspec.Struct, frozen=True):
    """A document to write into one index; `lock` is None where there was none."""

    index: str
    id: str
    document: bytes
    lock: Lock | None = None


class Result(msgspec.Struct, frozen=True):
    """What became of a write, what OpenSearch said, and the lock of what was written where that was asked for."""

    status: Status
    reason: str = ""
    lock: Lock | None = None


WRITTEN, CONFLICTED = Result(DONE), Result(CONFLICT)  # most are one of these


class _Read(msgspec.Struct):
    id: str = msgspec.field(name="_id")
    index: str = msgspec.field(name="_index")
    found: bool = False
    seq_no: int = msgspec.field(name="_seq_no", default=-1)
    primary_term: int = msgspec.field(name="_primary_term", default=-1)
    source: dict[str, Any] = msgspec.field(name="_source", default_factory=dict)
    error: Any = None


class _Reads(msgspec.Struct):
    docs: list[_Read]


class _Written(msgspec.Struct):
    status: int
    error: Any = None
    seq_no: int | None = msgspec.field(name="_seq_no", default=None)
    primary_term: int | None = msgspec.field(name="_primary_term", default=None)


class _Bulk(msgspec.Struct):
    items: list[dict[str, _Written]]


def read(
    client: "OpenSearch", indexes: Sequence[str], ids: Mapping[str, bool], seconds: float = REQUEST_SECONDS
) -> dict[tuple[str, str], Stored]:
    """Return the documents that exist, by (index, id); raises `Transient`, also when it takes longer than `seconds`.

    `ids` says of each id whether the whole document is needed, or only the fields that outlive a change.
    """
    docs = [
        {"_index": index, "_id": doc_id, "_source": True if whole else {"includes": SURVIVING_FIELDS}}
        for index in indexes
        for doc_id, whole in ids.items()
    ]
    answer = post(client, "/_mget", msgspec.json.encode({"docs": docs}), seconds)
    found: dict[tuple[str, str], Stored] = {}
    for doc in msgspec.convert(answer, _Reads).docs:
        if doc.error is not None:
            raise Transient(f"OpenSearch cannot read from {doc.index}: {said(doc.error)}")
        if doc.found:
            found[doc.index, doc.id] = Stored(Lock(doc.seq_no, doc.primary_term), doc.source)
    return found


def write(
    client: "OpenSearch", writes: Sequence[Write], seconds: float = REQUEST_SECONDS, *, locks: bool = False
) -> list[Result]:
    """Write each document under its lock, in requests of at most 5 MB; one that fails makes its documents busy.

    So does one that takes longer than `seconds`. With `locks` the results hold those of the documents as they are now.
    """
    wanted = "items.*.status,items.*.error" + (",items.*._seq_no,items.*._primary_term" if locks else "")
    results: list[Result] = []
    for lines in _requests(writes):
        try:
            answer = post(client, "/_bulk", b"".join(lines), seconds, filter_path=wanted)
        except Transient as error:
            results += [Result(BUSY, str(error))] * (len(lines) // 4)
            continue
        for item in msgspec.convert(answer, _Bulk).items:
            [written] = item.values()
            results.append(_result(written))
    return results


def _requests(writes: Iterable[Write]) -> Iterator[list[bytes]]:
    """Yield the lines of each request: action, newline, document, newline."""
    lines: list[bytes] = []
    size = 0
    for item in writes:
        action = _action(item)
        added = len(action) + len(item.document) + 2
        if lines and size + added > REQUEST_BYTES:
            yield lines
            lines, size = [], 0
        lines += (action, b"\n", item.document, b"\n")
        size += added
    if lines:
        yield lines


def _action(item: Write) -> bytes:
    # Our index names and ids need no escaping in JSON.
    if item.lock is None:
        return b'{"create":{"_index":"%b","_id":"%b"}}' % (item.index.encode(), item.id.encode())
    return b'{"index":{"_index":"%b","_id":"%b","if_seq_no":%d,"if_primary_term":%d}}' % (
        item.index.encode(), item.id.encode(), item.lock.seq_no, item.lock.primary_term,
    )  # fmt: skip


def _result(written: _Written) -> Result:
    status = written.status
    if status < 300:
        if written.seq_no is None or written.primary_term is None:
            return WRITTEN
        return Result(DONE, lock=Lock(written.seq_no, written.primary_term))
    if status == 409:
        return CONFLICTED
    reason = said(written.error)
    return Result(REFUSED if status == 400 else BUSY, reason)
