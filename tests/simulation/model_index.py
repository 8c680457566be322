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
from simulation.knobs import Pace
from simulation.schedule import Schedule

FIELDS = frozenset(OBJECT["properties"])
BETWEEN = 0.08  # chance that others go on between two documents of one request
Watch = Callable[[str, str, dict[str, Any]], None]


class Doc(msgspec.Struct):
    """A document with its lock."""

    source: dict[str, Any]
    seq_no: int
    primary_term: int
    version: int = 1


class Index:
    """One index of one shard."""

    def __init__(self) -> None:
        self.docs: dict[str, Doc] = {}
        self.seq_no = -1
        self.primary_term = 1

    def put(self, identity: str, source: dict[str, Any], version: int = 1) -> Doc:
        """Write a document, whatever was there."""
        self.seq_no += 1
        doc = self.docs[identity] = Doc(source, self.seq_no, self.primary_term, version)
        return doc

    def remove(self, identity: str) -> None:
        """Delete a document, if it is there."""
        self.seq_no += 1
        self.docs.pop(identity, None)


class ModelOpenSearch:
    """The client: `watch` sees each document that is written, before it replaces the one before."""

    def __init__(self, schedule: Schedule, pace: Pace, watch: Watch) -> None:
        self.transport = self
        self.indexes: dict[str, Index] = {}
        self.down: tuple[int, int] = (0, 0)
        self._schedule = schedule
        self._rng = schedule.rng
        self._faults = pace.index_faults
        self._throttled = pace.throttled
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
        answer = self._answer(method, url, body, cut=bool(breaks))
        if breaks:
            self._schedule.counts["answers of OpenSearch lost after"] += 1
            raise self._failure()
        return answer

    def _answer(self, method: str, url: str, body: bytes, *, cut: bool) -> Any:
        return self._get(body) if (method, url) == ("POST", "/_mget") else self._bulk(body, cut=cut)

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
        for operation, about, source in operations(body):
            if items and self._rng.random() < BETWEEN:
                self._schedule.pause("between two documents of _bulk")
            if cut and self._rng.random() < 0.2:
                break  # the node goes down in the middle
            items.append({operation: self._apply(operation, about, source)})
        return {"items": items, "errors": any("error" in item for of_one in items for item in of_one.values())}

    def _apply(self, operation: str, about: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
        status, said = self._written(operation, about, source)
        if self._schedule.tracing:
            self._schedule.say(f"{operation} {about}: {status}")
        if isinstance(said, Doc):
            return {"status": status, "_seq_no": said.seq_no, "_primary_term": said.primary_term}
        return {"status": status, "error": said} if said else {"status": status}

    def _written(
        self, operation: str, about: dict[str, Any], source: dict[str, Any]
    ) -> tuple[int, Doc | dict[str, str] | None]:
        """Return the status of a write, and what it wrote or why it did not."""
        counts = self._schedule.counts
        if self._throttled and self._rng.random() < self._throttled:
            counts["items throttled"] += 1
            return 429, error_of("opensearch_rejected_execution_exception", "rejected execution of primary operation")
        index = self.indexes.get(about["_index"])
        if index is None:
            return 404, error_of("index_not_found_exception", "no such index")
        if refusal := self._refusal(about, source):  # documents are parsed before their lock is looked at
            counts["documents refused"] += 1
            return 400, refusal
        doc = index.docs.get(about["_id"])
        if self._conflicts(index, operation, about):
            counts["conflicts"] += 1
            return 409, error_of("version_conflict_engine_exception", "required seqNo is another")
        if operation == "delete":
            index.remove(about["_id"])
            return 200, None
        self._watch(about["_index"], about["_id"], source)
        return 200 if doc else 201, index.put(about["_id"], source, about.get("version", 1))

    def _refusal(self, about: dict[str, Any], source: dict[str, Any]) -> dict[str, str] | None:
        """Return why OpenSearch does not take the document, if it does not."""
        if unknown := set(source) - FIELDS:
            return error_of("strict_dynamic_mapping_exception", f"dynamic introduction of {unknown} is not allowed")
        if POISON in (source.get("content") or ""):
            return error_of("mapper_parsing_exception", f"failed to parse field [content] of document '{about['_id']}'")
        return None

    def _conflicts(self, index: Index, operation: str, about: dict[str, Any]) -> bool:
        """Return whether somebody wrote since the document was read."""
        doc = index.docs.get(about["_id"])
        if operation == "create":
            return doc is not None
        if "if_seq_no" not in about:
            return False
        return doc is None or (about["if_seq_no"], about["if_primary_term"]) != (doc.seq_no, doc.primary_term)


def operations(body: bytes) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield operation, what it is about, and the document."""
    decode = msgspec.json.decode
    lines = iter(body.split(b"\n"))
    for line in lines:
        if line:
            [(operation, about)] = decode(line).items()
            document = next(lines)
            yield operation, about, {} if operation == "delete" else decode(document)


def error_of(kind: str, reason: str) -> dict[str, str]:
    return {"type": kind, "reason": reason}
