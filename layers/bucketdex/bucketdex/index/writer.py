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

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

REQUEST_BYTES = 5_000_000  # small domains accept 10 MiB
REQUEST_SECONDS = 20.0  # a bulk request of that size on a small, busy domain
# What a reconcile carries over from the document before it; see objects/facts.py.
SURVIVING_FIELDS = ["version_id", "etag", "size", "written_by", "checksums", "deleted"]
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
    """What became of a write, and what OpenSearch said."""

    status: Status
    reason: str = ""


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
    answer = _request(client, "/_mget", msgspec.json.encode({"docs": docs}), seconds)
    found: dict[tuple[str, str], Stored] = {}
    for doc in msgspec.convert(answer, _Reads).docs:
        if doc.error is not None:
            raise Transient(f"OpenSearch cannot read from {doc.index}: {_said(doc.error)}")
        if doc.found:
            found[doc.index, doc.id] = Stored(Lock(doc.seq_no, doc.primary_term), doc.source)
    return found


def write(client: "OpenSearch", writes: Sequence[Write], seconds: float = REQUEST_SECONDS) -> list[Result]:
    """Write each document under its lock, in requests of at most 5 MB; one that fails makes its documents busy.

    So does one that takes longer than `seconds`.
    """
    results: list[Result] = []
    for lines in _requests(writes):
        try:
            answer = _request(client, "/_bulk", b"".join(lines), seconds, filter_path="items.*.status,items.*.error")
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
        return WRITTEN
    if status == 409:
        return CONFLICTED
    reason = _said(written.error)
    return Result(REFUSED if status == 400 else BUSY, reason)


def _request(client: "OpenSearch", path: str, body: bytes, seconds: float, **params: str) -> Any:
    from opensearchpy.exceptions import OpenSearchException  # noqa: PLC0415, cold start

    try:
        return client.transport.perform_request("POST", path, params={"request_timeout": seconds, **params}, body=body)
    except OpenSearchException as error:
        raise Transient(f"OpenSearch did not answer {path}: {error}") from error


def _said(error: Any) -> str:
    """Return the reasons that OpenSearch gives, from the outer to the cause."""
    reasons: list[str] = []
    while isinstance(error, dict):
        if error.get("reason"):
            reasons.append(str(error["reason"]))
        error = error.get("caused_by")
    return "; ".join(reasons) or str(error)
