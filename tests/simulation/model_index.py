"""A model of OpenSearch as `index/writer.py` uses it: `_mget`, and `_bulk` with the optimistic lock.

Neither is atomic: others can go on between two documents of one request, and a request can fail before, after or in the
middle of its work. `delete` and writes without a lock are there for mutants of the code.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from opensearchpy.exceptions import ConnectionError as NotConnected
from opensearchpy.exceptions import ConnectionTimeout, TransportError

from bucketdex.index.mappings import OBJECT
from simulation.contents import POISON
from simulation.knobs import Knobs
from simulation.schedule import Schedule

FIELDS = frozenset(OBJECT["properties"])
BETWEEN = 0.08  # chance that others go on between two documents of one request
Watch = Callable[[str, str, dict[str, Any]], None]


class Doc(msgspec.Struct):
    """A document with its lock."""

    source: dict[str, Any]
    seq_no: int
    primary_term: int


class Index:
    """One index of one shard."""

    def __init__(self) -> None:
        self.docs: dict[str, Doc] = {}
        self.seq_no = -1
        self.primary_term = 1

    def put(self, identity: str, source: dict[str, Any]) -> None:
        """Write a document, whatever was there."""
        self.seq_no += 1
        self.docs[identity] = Doc(source, self.seq_no, self.primary_term)

    def remove(self, identity: str) -> None:
        """Delete a document, if it is there."""
        self.seq_no += 1
        self.docs.pop(identity, None)


class ModelOpenSearch:
    """The client: `watch` sees each document that is written, before it replaces the one before."""

    def __init__(self, schedule: Schedule, knobs: Knobs, watch: Watch) -> None:
        self.transport = self
        self.indexes: dict[str, Index] = {}
        self.down: tuple[int, int] = (0, 0)
        self._schedule = schedule
        self._rng = schedule.rng
        self._faults = knobs.index_faults
        self._throttled = knobs.throttled
        self._watch = watch

    def perform_request(self, method: str, url: str, params: dict[str, str] | None = None, body: bytes = b"") -> Any:
        """Answer a request."""
        self._schedule.pause(url, body if self._schedule.tracing else "")
        if self.down[0] <= self._schedule.now < self.down[1]:
            raise NotConnected("N/A", "Connection refused", OSError("Connection refused"))
        breaks = self._faults and self._rng.random() < self._faults
        if breaks and self._rng.random() < 0.5:
            self._schedule.counts["requests to OpenSearch lost before"] += 1
            raise self._failure()
        answer = self._get(body) if (method, url) == ("POST", "/_mget") else self._bulk(body, cut=bool(breaks))
        if breaks:
            self._schedule.counts["answers of OpenSearch lost after"] += 1
            raise self._failure()
        return answer

    def _failure(self) -> Exception:
        kind = self._rng.randrange(4)
        if kind == 0:
            return NotConnected("N/A", "Connection reset", OSError("Connection reset"))
        if kind == 1:
            return ConnectionTimeout("TIMEOUT", "Read timed out.", OSError("Read timed out."))
        return TransportError((429, 503)[kind - 2], "rejected", {})

    def _get(self, body: bytes) -> dict[str, Any]:
        found = []
        for number, wanted in enumerate(msgspec.json.decode(body)["docs"]):
            if number and self._rng.random() < BETWEEN:
                self._schedule.pause("between two documents of _mget")
            index, identity, only = wanted["_index"], wanted["_id"], wanted["_source"]
            answer: dict[str, Any] = {"_index": index, "_id": identity, "found": False}
            if index not in self.indexes:
                answer = {"_index": index, "_id": identity, "error": {"type": "index_not_found_exception"}}
            elif doc := self.indexes[index].docs.get(identity):
                source = doc.source if only is True else {n: doc.source[n] for n in only["includes"] if n in doc.source}
                answer |= {"found": True, "_seq_no": doc.seq_no, "_primary_term": doc.primary_term, "_source": source}
            elif self._throttled and self._rng.random() < self._throttled / 10:
                answer = {"_index": index, "_id": identity, "error": {"type": "no_shard_available_action_exception"}}
            found.append(answer)
        return {"docs": found}

    def _bulk(self, body: bytes, *, cut: bool) -> dict[str, Any]:
        items: list[dict[str, Any]] = []
        for operation, about, source in _operations(body):
            if items and self._rng.random() < BETWEEN:
                self._schedule.pause("between two documents of _bulk")
            if cut and self._rng.random() < 0.2:
                break  # the node goes down in the middle
            status, error = self._apply(operation, about, source)
            if self._schedule.tracing:
                self._schedule.say(f"{operation} {about}: {status}")
            items.append({operation: {"status": status, "error": error} if error else {"status": status}})
        return {"items": items}

    def _apply(
        self, operation: str, about: dict[str, Any], source: dict[str, Any]
    ) -> tuple[int, dict[str, str] | None]:
        counts = self._schedule.counts
        if self._throttled and self._rng.random() < self._throttled:
            counts["items throttled"] += 1
            return 429, _error("opensearch_rejected_execution_exception", "rejected execution of primary operation")
        index = self.indexes.get(about["_index"])
        if index is None:
            return 404, _error("index_not_found_exception", "no such index")
        if refusal := _refusal(about["_id"], source):  # documents are parsed before their lock is looked at
            counts["documents refused"] += 1
            return 400, refusal
        doc = index.docs.get(about["_id"])
        if _conflicts(operation, about, doc):
            counts["conflicts"] += 1
            return 409, _error("version_conflict_engine_exception", "required seqNo is another")
        if operation == "delete":
            index.remove(about["_id"])
        else:
            self._watch(about["_index"], about["_id"], source)
            index.put(about["_id"], source)
        return 200 if doc else 201, None


def _refusal(identity: str, source: dict[str, Any]) -> dict[str, str] | None:
    """Return why OpenSearch does not take the document, if it does not."""
    if unknown := set(source) - FIELDS:
        return _error("strict_dynamic_mapping_exception", f"dynamic introduction of {unknown} is not allowed")
    if POISON in (source.get("content") or ""):
        return _error("mapper_parsing_exception", f"failed to parse field [content] of document '{identity}'")
    return None


def _conflicts(operation: str, about: dict[str, Any], doc: Doc | None) -> bool:
    """Return whether somebody wrote since the document was read."""
    if operation == "create":
        return doc is not None
    if "if_seq_no" not in about:
        return False
    return doc is None or (about["if_seq_no"], about["if_primary_term"]) != (doc.seq_no, doc.primary_term)


def _operations(body: bytes) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield operation, what it is about, and the document."""
    decode = msgspec.json.decode
    lines = iter(body.split(b"\n"))
    for line in lines:
        if line:
            [(operation, about)] = decode(line).items()
            document = next(lines)
            yield operation, about, {} if operation == "delete" else decode(document)


def _error(kind: str, reason: str) -> dict[str, str]:
    return {"type": kind, "reason": reason}
