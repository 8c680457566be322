"""Which digests `reconcile` asks for, when, and what becomes of a key whose request cannot be sent."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bucketdex.changes import Checksum, Fact
from bucketdex.changes.hint import Hint
from bucketdex.changes.outcome import Tally
from bucketdex.control import Bucket, Generation, Hashing, View
from bucketdex.digests.policy import LEFT_OUT
from bucketdex.errors import Transient
from bucketdex.objects.observe import WHOLE_BYTES, Observation
from bucketdex.objects.reconcile import Edges, reconcile

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTE = LEFT_OUT


class Index:
    """OpenSearch, which has this document of every key, and says so many times that somebody wrote in between."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.transport = self
        self.before = list(documents)
        self.written: list[dict[str, Any]] = []
        self.conflicts = 0

    def perform_request(self, method: str, url: str, params: Any = None, body: bytes = b"") -> Any:
        if url == "/_mget":
            return {"docs": [self.found(wanted) for wanted in msgspec.json.decode(body)["docs"]]}
        lines = [msgspec.json.decode(line) for line in body.splitlines()]
        self.conflicts, conflict = max(0, self.conflicts - 1), self.conflicts > 0
        if conflict:
            return {"items": [{"index": {"status": 409}} for _ in lines[::2]]}
        self.written += [lines[place + 1] for place in range(0, len(lines), 2)]
        return {"items": [{"index": {"status": 200}} for _ in lines[::2]]}

    def found(self, wanted: dict[str, Any]) -> dict[str, Any]:
        told = {"_index": wanted["_index"], "_id": wanted["_id"]}
        if not self.before:
            return told | {"found": False}
        return told | {"found": True, "_seq_no": 1, "_primary_term": 1, "_source": self.before[0]}


class Control:
    def __init__(self, hashing: Hashing, mapping: int) -> None:
        self.hashing, self.mapping = hashing, mapping

    def view(self, kind: str, buckets: Any) -> View:
        connected = {name: Bucket(name, NOW, hashing=self.hashing) for name in buckets}
        return View(connected, (Generation("objects-1", self.mapping),))


class Objects:
    """S3, in which each key holds 1 GB, but those that begin otherwise."""

    def observe(self, hint: Hint) -> Observation:
        if hint.key.startswith("gone"):
            return Observation(NOW, gone=True)
        if hint.key.startswith("refused"):
            return Observation(NOW, problems=("GET was refused",))
        size = 3 if hint.key.startswith("small") else 10**9
        body = b"abc" if size == 3 else b"x" * 100
        headers = {"ETag": '"e"', "VersionId": "v", "ResponseMetadata": {"HTTPHeaders": {}}}
        return Observation(NOW, answer=headers, size=size, body=body, whole=size < WHOLE_BYTES, tags={})


class World:
    def __init__(self, *documents: dict[str, Any], hashing: Hashing | None = None, mapping: int = 2) -> None:
        self.index = Index(*documents)
        self.sent: list[list[str]] = []
        self.refuse = False
        self.control = Control(hashing or Hashing(), mapping)

    def ask(self, changes: Any) -> None:
        self.sent.append([change.key for change in changes])
        if self.refuse:
            raise Transient("the queue is away")

    def reconcile(self, *hints: Hint) -> dict[str, str]:
        edges = Edges(self.control, self.index, Objects(), lambda _: None, self.ask, lambda: 60.0)
        outcomes = reconcile(edges, hints, Tally())
        return {key: str(outcome.error or outcome.state) for (_, key), outcome in outcomes.items()}


def hint(key: str, **more: Any) -> Hint:
    return Hint("lab", key, **more)


def test_a_round_asks_once_for_all_that_have_no_digest():
    world = World()
    done = world.reconcile(*map(hint, ("a", "small", "b", "gone", "refused")))
    assert world.sent == [["a", "b"]]
    assert done == {"a": "indexed", "small": "indexed", "b": "indexed", "gone": "deleted", "refused": "indexed"}


def test_nothing_is_sent_where_nothing_is_to_be_asked():
    world = World()
    world.reconcile(hint("small"), hint("gone"))
    assert world.sent == []


def test_only_what_was_written_is_asked_for():
    world = World()
    world.index.conflicts = 2
    world.reconcile(hint("a"))
    assert world.sent == [["a"]] and len(world.index.written) == 1


def test_keys_whose_request_is_refused_come_back_and_only_those():
    world = World()
    world.refuse = True
    done = world.reconcile(hint("a"), hint("small"), hint("b"), hint("gone"))
    assert done == {"a": "the queue is away", "b": "the queue is away", "small": "indexed", "gone": "deleted"}
    assert {it["key"] for it in world.index.written} == {"a", "b", "small", "gone"}


@pytest.mark.parametrize(("mode", "sent"), [("read", [["a"]]), ("kept", [["a"]]), ("off", [])])
def test_a_bucket_whose_hashing_is_off_asks_for_nothing(mode, sent):
    world = World(hashing=Hashing(mode))
    world.reconcile(hint("a"))
    assert world.sent == sent


@pytest.mark.parametrize(("version", "sent"), [("v", []), ("an older one", [["a"]])])
def test_a_fact_asks_only_where_it_shows_another_version(version, sent):
    """Nobody else may have told of that one but the trail, which then finds it known."""
    stored = {"bucket": "lab", "key": "a", "observed_at": NOW, "version_id": "v", "etag": "e", "size": 10**9}
    world = World(msgspec.to_builtins(stored))
    world.reconcile(hint("a", facts=(Fact("e", version, digest_note=NOTE),), facts_only=True, sent=1.0))
    assert world.sent == sent
    assert world.index.written[0].get("digest_note") == (NOTE if version == "v" else None)


def test_what_is_known_of_the_version_is_not_asked_for_again():
    checksum = {"type": "sha2-256-chunked", "value": "c", "origin": "computed"}
    stored = {"bucket": "lab", "key": "a", "observed_at": NOW, "version_id": "v", "etag": "e", "checksums": [checksum]}
    world = World(msgspec.to_builtins(stored | {"digest_note": NOTE}))
    world.reconcile(hint("a"))
    assert world.sent == []
    assert (world.index.written[0]["checksums"], world.index.written[0]["digest_note"]) == ([checksum], NOTE)


@pytest.mark.parametrize(("mapping", "told"), [(1, False), (2, True), (3, True)])
def test_a_generation_gets_only_the_fields_that_its_mapping_has(mapping, told):
    world = World(mapping=mapping)
    fact = Fact("e", "v", (Checksum("CRC32", "AAAAAA==", "s3", "FULL_OBJECT"),), NOTE)
    assert world.reconcile(hint("a", facts=(fact,))) == {"a": "indexed"}
    [document] = world.index.written
    assert document["checksums"] and ("digest_note" in document) == told
