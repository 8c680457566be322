"""What must hold: of each document when it is written, and of everything when nothing is left to do."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bucketdex.digests import ledger
from bucketdex.hashing import CHUNKED, SHA256
from bucketdex.index.ids import object_id
from simulation.contents import CONTENTS, REFUSED, WHOLE, Content
from simulation.deliveries import Deliveries
from simulation.knobs import SECOND, Knobs, Pace
from simulation.model_control import ModelDynamoDb
from simulation.model_index import ModelOpenSearch
from simulation.model_s3 import NULL, ModelS3, Name, Version
from simulation.schedule import EPOCH, Schedule
from simulation.writers import Writers

STUB = "HEAD too"  # in the problem of a document of which S3 told nothing
REFUSED_GET = "GET was refused"
REFUSED_PART = "indexed without content"
NO_TEXT = "claims to be text"
TOMBSTONE = frozenset({"bucket", "key", "observed_at", "deleted", "version_id"})
TEXT_ENDINGS = (".txt", ".csv")


@dataclass(frozen=True)
class Violation:
    """Something that must not be: a kind, and what it is about."""

    kind: str
    about: str


@dataclass(frozen=True)
class Result:
    """What came of a world."""

    number: int
    violations: tuple[Violation, ...]
    counts: Counter[str]


class Verdict:
    """Judges one world."""

    def __init__(
        self,
        schedule: Schedule,
        s3: ModelS3,
        control: ModelDynamoDb,
        writers: Writers,
        names: Sequence[Name],
        lost_claims: Counter[str],
    ) -> None:
        self.judged = 0  # violations that were seen when all had settled
        self.violations: list[Violation] = []
        self._schedule, self._s3, self._control, self._writers = schedule, s3, control, writers
        self._lost_claims = lost_claims
        self._names = {object_id(*name): name for name in names}
        self.connected: dict[str, int] = {}  # since when, where not from the start
        self._last_seen: dict[tuple[str, str], int] = {}

    def says(self, kind: str, about: str) -> None:
        """Note a violation."""
        self.violations.append(Violation(kind, f"{about} (at {self._schedule.now / SECOND:.6f} s)"))
        self._schedule.say(f"VIOLATION: {kind}: {about}")

    # While it runs.

    def watch(self, index: str, identity: str, document: dict[str, Any]) -> None:
        """Judge a document that is being written: it was true at some moment since it says it was observed."""
        name = self._names.get(identity)
        if name is None or name != (document.get("bucket"), document.get("key")):
            self.says("wrong id", f"a document of {document.get('bucket')}/{document.get('key')} has the id of {name}")
            return
        self._schedule.counts["tombstones written" if document.get("deleted") else "documents written"] += 1
        observed = microseconds(document["observed_at"])
        if observed > self._schedule.now:
            self.says("time", f"{name} was observed in the future")
        before = self._last_seen.get((index, identity), observed)
        self._last_seen[index, identity] = observed
        if observed < before:
            self.says(
                "time", f"{name} was observed at {observed}, and at {before} by the document before it in {index}"
            )
        if STUB in document.get("problem", ""):
            return
        said = None if document.get("deleted") else (document.get("version_id") or NULL, document.get("etag"))
        history = self._s3.history.get(name, ())
        for since, version in reversed(history):
            if said == (version and (version.id, version.content.etag)):
                return
            if since <= observed:
                break
        else:
            if said is None and (not history or history[0][0] >= observed):  # before it was first written
                return
        self.says(
            "untrue when written", f"{name} in {index} was not {said} at any time since {document['observed_at']}"
        )

    # When it is over.

    def judge(self, opensearch: ModelOpenSearch, deliveries: Deliveries, knobs: Knobs) -> None:
        """Compare each generation with the buckets, and the dead letters with the messages that were bad."""
        before = len(self.violations)
        for generation in self._control.generations:
            docs = opensearch.indexes[generation.index].docs
            for identity, name in self._names.items():
                doc = docs.get(identity)
                self._judge_key(f"{name} in {generation.index}", name, doc.source if doc else None)
        judge_queues(deliveries, knobs, self.says)
        self._judge_reads(knobs)
        self.judged += len(self.violations) - before

    def _judge_key(self, where: str, name: Name, document: dict[str, Any] | None) -> None:
        self._schedule.counts["documents judged"] += 1
        version = self._s3.current(name)
        if name[0] not in self._control.buckets:
            if document is not None:
                self.says("not connected", f"{where} has a document, and its bucket is not connected")
        elif version is None:
            if document is not None and set(document) - TOMBSTONE:
                self.says("deleted object shown", f"{where} is deleted, and the index has {document}")
        elif document is None or document.get("deleted"):
            self.says("object missing", f"{where} is {version}, and the index has {document}")
        elif self._s3.denied.get(name) == "all":
            if STUB not in document.get("problem", ""):
                self.says("refusal hidden", f"{where} is refused, and the index has {document}")
        else:
            self._judge_document(where, name, version, document)

    def _judge_document(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        content = version.content
        assert content
        read = not version.archived
        expected: dict[str, Any] = {
            "bucket": name[0],
            "key": name[1],
            "version_id": version.id,
            "etag": content.etag,
            "size": len(content.data),
            "modified": version.modified,
            "content_type": content.type,
            "storage_class": "GLACIER" if version.archived else "STANDARD",
            "metadata": [f"{key}={value}" for key, value in version.metadata.items()],
            "tags": [f"{key}={value}" for key, value in version.tags.items()],
            "content": content.text if read and not content.refused else None,
            "problem": None,
        }
        found = {field: document.get(field) for field in expected}
        found["version_id"] = found["version_id"] or NULL
        found["modified"] = found["modified"] and datetime.fromisoformat(found["modified"])
        found |= {field: found[field] or [] for field in ("metadata", "tags")}
        problem = self._problem(name, version, content)
        if problem and problem in (found["problem"] or ""):
            found["problem"] = None
        elif problem:
            expected["problem"] = f"...{problem}..."
        for field, value in expected.items():
            if found[field] != value:
                self.says("wrong field", f"{where} has {field} {found[field]!r} instead of {value!r}")
        self._judge_facts(where, name, version, document)
        self._judge_digests(where, version, document)

    def _problem(self, name: Name, version: Version, content: Content) -> str | None:
        """Return a part of the problem that the document must tell."""
        if version.archived:
            return REFUSED_GET
        if content.refused:
            return REFUSED_PART
        return NO_TEXT if content.data and content.text is None and name[1].endswith(TEXT_ENDINGS) else None

    def _judge_facts(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        """Judge what was told: only what is true of this version, and all that was told since it is current."""
        facts = self._writers.facts.about(name, version)
        since = self.lasts_since(name)
        lasting = [fact for sent, fact in facts if sent > since]
        self._judge_author(where, name, version, document)
        computed = _computed(document.get("checksums", ()))
        for kind in computed.keys() - {SHA256, CHUNKED}:
            if computed[kind] not in [_computed(fact.get("checksums", ())).get(kind) for _, fact in facts]:
                self.says("fact of another version", f"{where} has the digests {computed}; told was {facts}")
        for kind in {kind for fact in lasting for kind in _computed(fact.get("checksums", ()))} - computed.keys():
            self.says("fact lost", f"{where} has no {kind}; told was {lasting}")

    def lasts_since(self, name: Name) -> int:
        """Return since when what is told of the object that a key shows must stand in its document."""
        return max(self._s3.current_since[name], self._writers.lifted.get(name, 0), self.connected.get(name[0], 0))

    def _judge_author(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        facts = self._writers.facts.about(name, version)
        author = document.get("written_by")
        if author and author not in [fact.get("written_by") for _, fact in facts]:
            self.says("fact of another version", f"{where} was written by {author}; told was {facts}")
        lasting = [fact for sent, fact in facts if sent > self.lasts_since(name)]
        if not author and any("written_by" in fact for fact in lasting):
            self.says("fact lost", f"{where} has no author; told was {lasting}")

    def _judge_digests(self, where: str, version: Version, document: dict[str, Any]) -> None:
        """Judge digests, whoever they come from: of each object that can be read, and only those of its own bytes."""
        content = version.content
        assert content
        sums = document.get("checksums", [])
        if len({(it["type"], it["origin"]) for it in sums}) < len(sums):
            self.says("wrong digest", f"{where} has a digest twice: {sums}")
        right = {SHA256: content.sha256, CHUNKED: content.chunked}
        if any(right.get(it["type"], it["value"]) != it["value"] for it in sums):
            self.says("wrong digest", f"{where} has {sums} instead of {right}")
        missing = right.keys() - {it["type"] for it in sums}
        if not version.archived and (missing if len(content.data) <= WHOLE else missing == right.keys()):
            self.says("digest missing", f"{where} has {sums}")

    def _judge_reads(self, knobs: Knobs) -> None:
        """What is hashed is read once, and begun anew for each who gave it up or was too slow to keep it."""
        faults = (
            knobs.crash,
            knobs.s3_faults,
            knobs.sqs_faults,
            knobs.control_faults,
            self._schedule.counts["timeouts"],
        )
        if any(faults):
            return
        sizes = {content.etag: len(content.data) for content in (*CONTENTS, REFUSED)}
        for (name, version, etag), read in self._s3.read.items():
            again = self._lost_claims[f"digest#{ledger.identity(*name, version, etag)}"]
            if read > sizes[etag] * (1 + again):
                self.says("read twice", f"{read} bytes were read of {name} {version}, which has {sizes[etag]}")


def _computed(checksums: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {it["type"]: it["value"] for it in checksums if it["origin"] == "computed"}


def microseconds(timestamp: str) -> int:
    passed = datetime.fromisoformat(timestamp) - EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds


def judge_queues(deliveries: Deliveries, pace: Pace, says: Callable[[str, str], None]) -> None:
    """Nothing is left in the queues, and the dead letters are the messages that were bad."""
    found: set[str] = set()
    bad = deliveries.bad
    for queue in deliveries.queues.values():
        if queue.messages:
            says("queue", f"{queue.name} still has {sorted(queue.messages)}")
    for letter in (letter for queue in deliveries.queues.values() for letter in queue.dead):
        reason = letter.reason.get("Reason", "")
        if letter.message_id in bad:
            found.add(letter.message_id)
            if letter.reason and (bad[letter.message_id] not in reason or letter.reason["Kind"] != "permanent"):
                says("dead letter", f"a bad message's reason is {letter.reason}, without {bad[letter.message_id]!r}")
            if not letter.reason and not pace.receives_run_out:
                says("dead letter", f"the bad message {letter.message_id} has no reason")
        elif not pace.receives_run_out or letter.reason.get("Kind", "transient") != "transient":
            says("dead letter", f"{letter.body} was set aside: {letter.reason}")
    for identity in bad.keys() - found:
        says("message lost", f"{identity} was bad ({bad[identity]}) and is not among the dead letters")
