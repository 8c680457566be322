"""What must hold: of each document when it is written, and of everything when nothing is left to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bucketdex.index.generations import entries_of
from bucketdex.index.ids import object_id
from bucketdex.manifest.layout import (
    LATEST,
    PACKAGES,
    PointerName,
    fault_of_handle,
    manifest_key,
    parse,
    pointed_at,
)
from simulation.deliveries import Deliveries
from simulation.knobs import SECOND
from simulation.model_control import ModelDynamoDb
from simulation.model_s3 import NULL, ModelS3, Name, Version
from simulation.packages.contents import LONG, Meaning, meaning
from simulation.packages.knobs import Knobs
from simulation.packages.model_index import ModelSearch
from simulation.schedule import Schedule
from simulation.verdict import Violation, judge_queues, microseconds

REFUSED = "S3 refuses"
REFUSED_PART = "indexed without"


class Verdict:
    """Judges one world."""

    def __init__(
        self,
        schedule: Schedule,
        s3: ModelS3,
        control: ModelDynamoDb,
        opensearch: ModelSearch,
        names: Sequence[Name],
    ) -> None:
        self.violations: list[Violation] = []
        self._opensearch = opensearch
        self._schedule, self._s3, self._control = schedule, s3, control
        self._names = {object_id(*name): name for name in names}

    def says(self, kind: str, about: str) -> None:
        """Note a violation."""
        self.violations.append(Violation(kind, f"{about} (at {self._schedule.now / SECOND:.6f} s)"))
        self._schedule.say(f"VIOLATION: {kind}: {about}")

    # While it runs.

    def watch(self, index: str, identity: str, document: dict[str, Any]) -> None:
        """Judge a document that is being written."""
        if "type" in document:
            self._watch_document(index, identity, document)
        else:
            self._watch_entry(index, identity, document)

    def _watch_entry(self, index: str, identity: str, entry: dict[str, Any]) -> None:
        """No older epoch is ever written over a newer one."""
        self._schedule.counts["entries written"] += 1
        before = self._opensearch.index(index).docs.get(identity)
        if before and entry["epoch"] < before.source["epoch"]:
            self.says(
                "older epoch",
                f"{entry['logical_key']} of epoch {entry['epoch']} replaces one of {before.source['epoch']}",
            )

    def _watch_document(self, index: str, identity: str, document: dict[str, Any]) -> None:
        """It was true at some moment since it says it was observed, and what it says of its entries is true now."""
        name = self._names.get(identity)
        if name is None or name != (document.get("bucket"), document.get("key")):
            self.says("wrong id", f"a document of {document.get('bucket')}/{document.get('key')} has the id of {name}")
            return
        self._schedule.counts["tombstones written" if document.get("deleted") else "documents written"] += 1
        found = self._opensearch.index(index).docs.get(identity)
        before = found.source if found else {}
        observed = microseconds(document["observed_at"])
        if observed > self._schedule.now or (before and observed < microseconds(before["observed_at"])):
            self.says("time", f"{name} was observed at {document['observed_at']}, before: {before.get('observed_at')}")
        if REFUSED not in document.get("problem", "") and not self._true_since(name, observed, document):
            self.says("untrue when written", f"{name} in {index} was never that since: {document}")
        state = document.get("entry_state", {})
        if state.get("epoch", 0) < before.get("entry_state", {}).get("epoch", 0):
            self.says("older epoch", f"{name} goes from {before['entry_state']} to {state}")
        if state.get("state") == "complete":
            self._judge_complete(index, name, document)

    def _true_since(self, name: Name, observed: int, document: dict[str, Any]) -> bool:
        said = None if document.get("deleted") else (document.get("version_id") or NULL, document.get("etag"))
        history = self._s3.history.get(name, ())
        for since, version in reversed(history):
            if said == (version and version.content and (version.id, version.content.etag)):
                return True
            if since <= observed:
                return False
        return said is None and (not history or history[0][0] >= observed)  # before it was first written

    def _judge_complete(self, index: str, name: Name, document: dict[str, Any]) -> None:
        """Whatever happens later: when it is said that all entries are there, they are."""
        etags = {version.content.etag: version.content for _, version in self._s3.history[name]
                 if version and version.content}  # fmt: skip
        wanted = meaning(etags[document["etag"]], document["top_hash"]).entries
        epoch = document["entry_state"]["epoch"]
        found = {
            doc.source["logical_key"]
            for doc in self._opensearch.index(entries_of(index)).docs.values()
            if _of(doc.source) == (name[0], document["top_hash"]) and doc.source["epoch"] == epoch
        }
        if wanted.keys() - found:
            self.says("gap", f"{name} in {index} is said to be complete, without {wanted.keys() - found}")

    # When it is over.

    def judge(self, deliveries: Deliveries, knobs: Knobs) -> bool:
        """Compare each generation with the buckets and settings; False if that found anything."""
        before = len(self.violations)
        for generation in self._control.generations:
            for identity, name in self._names.items():
                self._schedule.counts["documents judged"] += 1
                doc = self._opensearch.index(generation.index).docs.get(identity)
                self._judge_key(generation.index, name, doc.source if doc else None)
            self._judge_leftovers(generation.index)
        judge_queues(deliveries, knobs, self.says)
        return len(self.violations) == before

    def _judge_key(self, index: str, name: Name, document: dict[str, Any] | None) -> None:
        where = f"{name} in {index}"
        version = self._s3.current(name)
        if version is None:
            extra = set(document or ()) - {"bucket", "key", "type", "observed_at", "deleted", "entry_state"}
            if document and (extra or not document.get("deleted")):
                self.says("deleted file shown", f"{where} is deleted, and the index has {document}")
        elif document is None or document.get("deleted"):
            self.says("file missing", f"{where} is {version}, and the index has {document}")
            return
        elif name in self._s3.denied:
            if self._s3.denied[name] == "all" and REFUSED not in document.get("problem", ""):
                self.says("refusal hidden", f"{where} is refused, and the index has {document}")
            return
        elif isinstance(parse(name[1]), PointerName):
            self._judge_pointer(where, name, version, document)
        else:
            self._judge_manifest(where, name, version, document)
        if not isinstance(parse(name[1]), PointerName):
            self._judge_entries(index, name, version, document or {})

    def _judge_file(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        assert version.content
        self._same(where, document, {
            "bucket": name[0], "key": name[1], "etag": version.content.etag, "size": len(version.content.data),
        })  # fmt: skip
        if (document.get("version_id") or NULL) != version.id:
            self.says("wrong field", f"{where} has version_id {document.get('version_id')} instead of {version.id}")
        if datetime.fromisoformat(document["modified"]) != version.modified:
            self.says("wrong field", f"{where} has modified {document['modified']} instead of {version.modified}")

    def _judge_pointer(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        self._judge_file(where, name, version, document)
        pointer = parse(name[1])
        assert isinstance(pointer, PointerName) and version.content
        top_hash = pointed_at(version.content.data)
        problems = [fault_of_handle(pointer.handle)]
        expected: dict[str, Any] = {
            "handle": pointer.handle, "latest": pointer.revision == LATEST, "revision": pointer.revision,
            "top_hash": top_hash,
        }  # fmt: skip
        if document.get("left"):
            self.says("not told", f"{where} still has to tell {document['left']}")
        if top_hash is None:
            problems.append("is no pointer" if version.content is LONG else "does not hold a top hash")
            expected |= dict.fromkeys(("entries", "verified", "message", "manifest"))
        else:
            manifest = (name[0], manifest_key(top_hash))
            if manifest in self._s3.denied:
                return
            there = self._s3.current(manifest)
            if there is None:
                problems.append("its manifest is missing")
                expected |= dict.fromkeys(("entries", "verified", "message", "manifest"))
            else:
                assert there.content
                said = meaning(there.content, top_hash)
                expected |= _facts(said)
                problems += _problems(said)
                manifest_file = document.get("manifest", {})
                if (manifest_file.get("version_id") or NULL, manifest_file.get("etag")) != (
                    there.id,
                    there.content.etag,
                ):
                    self.says("wrong field", f"{where} is about manifest {manifest_file} instead of {there}")
        self._same(where, document, expected)
        self._judge_problem(where, problems, document)

    def _judge_manifest(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        self._judge_file(where, name, version, document)
        assert version.content
        top_hash = name[1].removeprefix(PACKAGES)
        said = meaning(version.content, top_hash)
        self._same(where, document, _facts(said) | {"top_hash": top_hash, "computed_top_hash": said.found.top_hash})
        self._judge_problem(where, _problems(said), document)

    def _judge_entries(self, index: str, name: Name, version: Version | None, document: dict[str, Any]) -> None:
        where = f"{name} in {index}"
        top_hash = name[1].removeprefix(PACKAGES)
        wanted = self._wanted(index, name, top_hash) if version else False
        if wanted is None or name in self._s3.denied:
            return
        state = document.get("entry_state", {})
        entries: dict[str, Any] = {}
        loaded = 0
        if version and wanted:
            assert version.content
            entries = meaning(version.content, top_hash).entries
            loaded = len(entries)
        said = (state.get("state", "none"), state.get("offset", 0), state.get("since"))
        if said != ("complete" if wanted else "none", 0, None):
            self.says("wrong state", f"{where} is to be {'complete' if wanted else 'none'} and has {state}")
        if wanted and (state.get("loaded", 0), state.get("refused", 0)) != (loaded, 0):
            self.says("wrong state", f"{where} has {loaded} entries, its state tells {state}")
        found = {
            doc.source["logical_key"]: doc.source
            for doc in self._opensearch.index(entries_of(index)).docs.values()
            if _of(doc.source) == (name[0], top_hash)
        }
        if found.keys() - entries.keys():
            self.says("entries left", f"{where} is {state}, and has {sorted(found.keys() - entries.keys())} too")
        if entries.keys() - found.keys():
            self.says("entries missing", f"{where} is {state}, and has not {sorted(entries.keys() - found.keys())}")
        for key in entries.keys() & found.keys():
            self._schedule.counts["entries judged"] += 1
            self._same(f"entry {key} of {where}", found[key], entries[key] | {"epoch": state.get("epoch")})

    def _wanted(self, index: str, name: Name, top_hash: str) -> bool | None:
        """Whether the entries are to be there; None where that cannot be told, as a pointer is denied."""
        if self._control.entries[name[0]] == "all":
            return True
        wanted = False
        for other in self._names.values():
            pointer = parse(other[1])
            version = self._s3.current(other)
            if other[0] == name[0] and version and isinstance(pointer, PointerName) and pointer.latest:
                if other in self._s3.denied:
                    return None
                assert version.content
                wanted |= pointed_at(version.content.data) == top_hash
        return wanted

    def _judge_leftovers(self, index: str) -> None:
        """No entry is of a manifest that nobody knows."""
        known = {(name[0], name[1].removeprefix(PACKAGES)) for name in self._names.values()}
        for doc in self._opensearch.index(entries_of(index)).docs.values():
            if _of(doc.source) not in known:
                self.says("entries left", f"{index} has {doc.source}")

    def _judge_problem(self, where: str, problems: list[str | None], document: dict[str, Any]) -> None:
        wanted = [problem for problem in problems if problem]
        found = document.get("problem") or ""
        if missing := [problem for problem in wanted if problem not in found]:
            self.says("wrong problem", f"{where} says {found!r} instead of {missing}")
        if (found and not wanted) or REFUSED in found:
            self.says("wrong problem", f"{where} says {found!r}, and nothing is wrong with it")

    def _same(self, where: str, document: dict[str, Any], expected: dict[str, Any]) -> None:
        for field, value in expected.items():
            if (document.get(field) or None) != (value or None):
                self.says("wrong field", f"{where} has {field} {document.get(field)!r} instead of {value!r}")


def _of(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["bucket"], entry["top_hash"]


def _facts(said: Meaning) -> dict[str, Any]:
    found = said.found
    return {
        "entries": found.entries, "verified": found.verified, "total_bytes": found.total_bytes,
        "directories": found.directories, "message": said.message,
    }  # fmt: skip


def _problems(said: Meaning) -> list[str | None]:
    header = said.found.header
    refused = header is not None and header.message is not None and said.message is None
    return [*said.found.problems[:1], REFUSED_PART if refused else None]
