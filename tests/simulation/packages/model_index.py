"""OpenSearch as indexing packages uses it too: external versions, refreshes, searches, deletion by query.

A search sees what was there at the last refresh. Deleting raises a document's version by one; the index remembers it
for a while, or not. A request with documents can arrive long after its client has given it up.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from opensearchpy.exceptions import ConnectionTimeout

from bucketdex.index.mappings import ENTRY, PACKAGE
from bucketdex.packages import naming
from simulation.contents import POISON
from simulation.model_index import BETWEEN, Doc, Index, ModelOpenSearch, Watch, error_of, operations
from simulation.packages.knobs import Knobs
from simulation.schedule import Schedule

PACKAGES_FIELDS, ENTRIES_FIELDS = frozenset(PACKAGE["properties"]), frozenset(ENTRY["properties"])
COMPARED = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt}  # texts as OpenSearch does: by their UTF-8
REFRESHED_EARLY = 0.05  # chance at each request
REFRESH_SECONDS, TIMEOUT = 1, 20  # of Knobs.second
LATE, SOON = 30, 12  # a request arrives at last, when its client waited and when it did not: before it comes back


class SearchedIndex(Index):
    """An index that is searched; `fields` are those of its mapping."""

    def __init__(self, fields: frozenset[str]) -> None:
        super().__init__()
        self.fields = fields
        self.shown: dict[str, Doc] = {}
        self.gone: dict[str, int] = {}  # versions of deleted documents
        self.shown_at = 0

    def refresh(self, now: int) -> None:
        """Show all that has been written."""
        self.shown, self.shown_at = dict(self.docs), now

    def put(self, identity: str, source: dict[str, Any], version: int = 1) -> Doc:
        """Write a document."""
        self.gone.pop(identity, None)
        return super().put(identity, source, version)

    def forget(self) -> None:
        """Forget the versions of what was deleted."""
        self.gone.clear()

    def version(self, identity: str) -> int:
        """Return the version that a document has, or had."""
        doc = self.docs.get(identity)
        return doc.version if doc else self.gone.get(identity, -1)


class ModelSearch(ModelOpenSearch):
    """OpenSearch; each invocation has a client of its own, see `client`."""

    def __init__(self, schedule: Schedule, knobs: Knobs, watch: Watch) -> None:
        super().__init__(schedule, knobs, watch)
        self._late, self._second, self._forgetful = knobs.late, knobs.second, knobs.forgetful

    def client(self) -> "Client":
        """Return what an invocation talks to."""
        return Client(self)

    def index(self, name: str) -> SearchedIndex:
        """Return an index, which must be there."""
        found = self.indexes[name]
        assert isinstance(found, SearchedIndex)
        return found

    def perform_request(self, method: str, url: str, params: dict[str, str] | None = None, body: bytes = b"") -> Any:
        """Answer a request; one with documents may be taken only later, when nobody waits for it any more."""
        if url == "/_bulk" and self._late and self._rng.random() < self._late:
            self._schedule.counts["bulk requests late"] += 1
            self._schedule.pause(url, body if self._schedule.tracing else "")
            waits = self._rng.random() < 0.5  # else the connection breaks
            arrives = (LATE if waits else SOON) * self._second * self._rng.random()
            self._schedule.at(self._schedule.now + int(arrives), lambda: self._arrive(body))
            self._schedule.pause("answer of _bulk", at_least=int(waits * TIMEOUT * self._second))
            raise ConnectionTimeout("TIMEOUT", "Read timed out.", OSError("Read timed out."))
        return super().perform_request(method, url, params, body)

    def _arrive(self, body: bytes) -> None:
        self._schedule.say("a request arrives late")
        for operation, about, source in operations(body):
            self._apply(operation, about, source)

    def _answer(self, method: str, url: str, body: bytes, *, cut: bool) -> Any:
        self._refresh_by_itself()
        if url.endswith("/_refresh"):
            self.index(url.split("/")[1]).refresh(self._schedule.now)
            return {"_shards": {"failed": 0}}
        if url.endswith("/_search"):
            return self._search(url.split("/")[1], msgspec.json.decode(body))
        return super()._answer(method, url, body, cut=cut)

    def _refresh_by_itself(self) -> None:
        early, now = self._rng.random() < REFRESHED_EARLY, self._schedule.now
        for name in self.indexes:
            if early or now - self.index(name).shown_at > REFRESH_SECONDS * self._second:
                self.index(name).refresh(now)

    def _search(self, index: str, asked: dict[str, Any]) -> dict[str, Any]:
        [sort] = asked["sort"]
        [field] = sort
        after = asked.get("search_after", [""])[0]
        found = [doc.source for doc in self.index(index).shown.values() if matches(asked["query"], doc.source)]
        found = sorted((it for it in found if it[field] > after), key=lambda source: str(source[field]))
        hits = [
            {"_source": {name: it[name] for name in asked["_source"] if name in it}, "sort": [it[field]]}
            for it in found[: asked["size"]]
        ]
        return {"timed_out": False, "hits": {"hits": hits}}

    def refresh(self, index: list[str], params: dict[str, str]) -> None:
        """Answer as `indices.refresh` does."""
        for name in index:
            super().perform_request("POST", f"/{name}/_refresh")

    def delete_by_query(self, index: list[str], body: dict[str, Any], params: dict[str, Any]) -> dict[str, int]:
        """Delete what a search finds now; what was written since is left alone, and counted."""
        assert params["conflicts"] == "proceed"
        self._schedule.pause("_delete_by_query", body if self._schedule.tracing else "")
        fails = self._faults and self._rng.random() < self._faults
        if fails and self._rng.random() < 0.3:
            raise self._failure()
        self._refresh_by_itself()
        deleted = conflicts = 0
        for name in index:
            of_it = self.index(name)
            found = [(it, doc) for it, doc in of_it.shown.items() if matches(body["query"], doc.source)]
            for identity, doc in found[: params["max_docs"]]:
                if self._rng.random() < BETWEEN:
                    self._schedule.pause("between two documents of _delete_by_query")
                if fails and self._rng.random() < 0.3:
                    break
                if of_it.docs.get(identity) is not doc:
                    conflicts += 1
                    continue
                self._schedule.say(f"deletes {doc.source.get('logical_key')} of epoch {doc.version}")
                of_it.remove(identity)
                of_it.gone[identity] = doc.version + 1
                deleted += 1
            if self._forgetful:
                of_it.forget()
            of_it.refresh(self._schedule.now)
        self._schedule.counts["entries deleted"] += deleted
        if fails:
            raise self._failure()
        return {"deleted": deleted, "version_conflicts": conflicts}

    def _conflicts(self, index: Index, operation: str, about: dict[str, Any]) -> bool:
        if about.get("version_type") == "external_gte":
            assert isinstance(index, SearchedIndex)
            return bool(about["version"] < index.version(about["_id"]))
        return super()._conflicts(index, operation, about)

    def _refusal(self, about: dict[str, Any], source: dict[str, Any]) -> dict[str, str] | None:
        if unknown := set(source) - self.index(about["_index"]).fields:
            return error_of("strict_dynamic_mapping_exception", f"dynamic introduction of {unknown} is not allowed")
        for field in ("message", "metadata"):
            if POISON in str(source.get(field)):
                return error_of("mapper_parsing_exception", f"failed to parse field [{field}] of document")
        return None


class Client:
    """What one invocation talks to, which refreshes for itself."""

    def __init__(self, model: ModelSearch) -> None:
        self.transport = self.indices = model
        self.delete_by_query: Callable[..., dict[str, int]] = model.delete_by_query
        self.refreshes = naming._Refreshes()


def matches(query: dict[str, Any], source: dict[str, Any]) -> bool:
    """Return whether a document is found by a query of the few forms that are used."""
    [(form, asked)] = query.items()
    if form == "bool":
        assert asked.keys() <= {"filter", "must_not"}
        return all(matches(each, source) for each in _clauses(asked, "filter")) and not any(
            matches(each, source) for each in _clauses(asked, "must_not")
        )
    [(field, wanted)] = asked.items()
    if form == "range":
        return field in source and all(COMPARED[how](source[field], limit) for how, limit in wanted.items())
    assert form == "term"
    return wanted in _values(source.get(field))


def _clauses(asked: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = asked.get(name, [])
    return [found] if isinstance(found, dict) else found


def _values(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]
