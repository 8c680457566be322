"""What of the trail's hints costs a request to S3, what only adds an author, and what no notification told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.changes import Author, Fact, ObjectChange
from bucketdex.changes.backfill import message
from bucketdex.changes.hint import Claim, fold, told_again
from bucketdex.changes.message import parse_message
from bucketdex.changes.outcome import Tally
from bucketdex.control import Bucket, Generation, View
from bucketdex.index.known import covers
from bucketdex.objects.observe import Observation
from bucketdex.objects.reconcile import ONLY_TRAIL_KNEW, Edges, reconcile

ADDED = datetime(2026, 1, 1, tzinfo=UTC)
AT = datetime(2026, 1, 2, tzinfo=UTC)
ADA = Author("IAMUser", "ada")
V1 = {"version_id": "v1", "etag": "e1", "storage_class": "STANDARD", "size": 3}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


SEEN = AT + seconds(2)


def document(observed: datetime = SEEN, **fields: Any) -> dict[str, Any]:
    known = {"bucket": "lab", "key": "a", "observed_at": observed.isoformat()}
    return known | (fields or V1)


def put(version: str | None = "v1", at: datetime | None = AT, facts: tuple[Fact, ...] = ()) -> ObjectChange:
    return ObjectChange(
        "lab", "a", "cloudtrail", "PutObject", time=at, version_id=version, made=version is not None, facts=facts
    )


def tagged(at: datetime = AT, version: str = "v1") -> ObjectChange:
    return ObjectChange("lab", "a", "cloudtrail", "PutObjectTagging", time=at, version_id=version)


def by(author: Author = ADA, version: str = "v1", at: datetime = AT) -> tuple[Fact, ...]:
    return (Fact(None, version, written_by=author, written_at=at),)


class Index:
    """OpenSearch with one document in some generations."""

    def __init__(self, *generations: dict[str, Any] | None) -> None:
        self.transport = self
        self.found = list(generations)
        self.written: list[dict[str, Any]] = []
        self.read: list[Any] = []

    def perform_request(self, method: str, url: str, params: Any = None, body: bytes = b"") -> Any:
        if url == "/_mget":
            self.read = msgspec.json.decode(body)["docs"]
            return {"docs": [self._found(it) for it in self.read]}
        lines = [msgspec.json.decode(line) for line in body.splitlines()]
        self.written += lines[1::2]
        return {"items": [{"index": {"status": 200}} for _ in lines[::2]]}

    def _found(self, wanted: dict[str, Any]) -> dict[str, Any]:
        told = {"_index": wanted["_index"], "_id": wanted["_id"]}
        stored = self.found[int(wanted["_index"].rpartition("-")[2])]
        if stored is None:
            return told | {"found": False}
        source = wanted["_source"]
        shown = stored if source is True else {name: stored[name] for name in source["includes"] if name in stored}
        return told | {"found": True, "_seq_no": 1, "_primary_term": 1, "_source": shown}


class World:
    """A bucket `lab` whose key `a` has a version, or none, in S3."""

    def __init__(self, *generations: dict[str, Any] | None, there: dict[str, Any] | None = V1, **bucket: Any) -> None:
        self.index, self.there, self.tally = Index(*generations), there, Tally()
        self.bucket = Bucket("lab", ADDED, **bucket)
        self.looks = self.asked = 0

    def view(self, kind: str, buckets: Any) -> View:
        return View({"lab": self.bucket}, tuple(Generation(f"o-{it}", 3) for it in range(len(self.index.found))))

    def observe(self, hint: Any) -> Observation:
        self.looks += 1
        now = AT + seconds(300)
        if self.there is None:
            return Observation(now, gone=True, marker="m1")
        if "refused" in self.there:
            return Observation(now, problems=("GET was refused; HEAD too",))
        headers = {"ETag": f'"{self.there["etag"]}"', "VersionId": self.there["version_id"]}
        answer = {**headers, "ResponseMetadata": {"HTTPHeaders": {}}, "LastModified": self.there.get("modified")}
        return Observation(now, answer=answer, size=3, body=b"abc", whole=True, tags=self.there.get("tags", {}))

    def tell(self, *changes: ObjectChange, sent: float | None = 1.0) -> str:
        edges = Edges(self, self.index, self, lambda _: None, self._ask, lambda: 60.0)
        # As they come from the queue.
        read = parse_message(message(changes)).changes
        hints = [msgspec.structs.replace(hint, sent=sent) for hint in fold(read).values()]
        [outcome] = reconcile(edges, hints, self.tally).values()
        assert outcome.error is None, outcome.error
        return outcome.state

    def _ask(self, changes: Any) -> None:
        self.asked += 1


def test_what_a_notification_told_already_costs_no_request_and_no_write():
    world = World(document())
    assert world.tell(put()) == "known"
    assert (world.looks, world.index.written) == (0, [])


def test_the_author_is_added_without_a_request():
    whole = document(**V1, content="text", problem="a word")
    world = World(whole)
    assert world.tell(put(facts=by())) == "indexed"
    assert world.looks == world.asked == 0
    [written] = world.index.written
    told = {"written_by": {"type": "IAMUser", "name": "ada"}, "written_at": "2026-01-02T00:00:00Z"}
    assert written == whole | told | {"observed_at": written["observed_at"]}
    assert datetime.fromisoformat(written["observed_at"]) == AT + seconds(2)
    again = World(written)
    assert again.tell(put(facts=by())) == "known" and again.index.written == []


def test_of_two_authors_of_one_version_the_newer_record_wins_in_any_order():
    for first, second in ((0, 5), (5, 0)):
        world = World(document())
        old, new = by(Author("IAMUser", "bob"), at=AT), by(ADA, at=AT + seconds(5))
        facts = {0: old, 5: new}
        world.tell(put(facts=facts[first]))
        [written] = world.index.written
        later = World(written)
        later.tell(put(facts=facts[second]))
        final = later.index.written[-1] if later.index.written else written
        assert final["written_by"]["name"] == "ada"


def test_an_author_of_another_version_is_not_its_author():
    world = World(document(AT + seconds(300)))
    assert world.tell(put("v0", AT - seconds(100), facts=by(version="v0", at=AT - seconds(100)))) == "known"
    assert world.index.written == []


def test_a_record_that_comes_before_the_document_brings_its_author():
    world = World(None)
    assert world.tell(put(facts=by())) == "indexed"
    assert world.index.written[0]["written_by"]["name"] == "ada" and world.looks == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (put("v2", AT + seconds(1)), "another version, at about the time of the look"),
        (put(None), "no version id, at about the time of the look"),
        (put("null"), "the id of many versions"),
        (tagged(), "tags change without a new version"),
        (tagged(AT - seconds(58)), "within what clocks may differ"),
        (put("v2", None), "no time"),
        (ObjectChange("lab", "a", "cloudtrail", "DeleteObject", time=AT, version_id="v1"), "it deleted the version"),
    ],
)
def test_when_in_doubt_s3_is_read(change, why):
    world = World(document())
    assert (world.tell(change), world.looks) == ("indexed", 1), why


def test_what_happened_long_before_the_look_is_known():
    world = World(document(AT + seconds(61)))
    assert world.tell(tagged()) == "known"
    assert World(document(AT + seconds(60))).tell(tagged()) == "indexed"


def test_records_of_one_key_do_not_tell_their_order():
    """Each has the clock of the host that answered: what is a second older may have come later."""
    assert World(document()).tell(put("v0", AT - seconds(1)), put("v1", AT)) == "indexed"
    assert World(document()).tell(put("v0", AT - seconds(60)), put("v1", AT)) == "known"


def test_a_generation_that_does_not_know_it_is_enough_for_a_look():
    for missing in (None, document(AT - seconds(100), version_id="v0", etag="e0", storage_class="STANDARD")):
        world = World(document(), missing)
        assert (world.tell(put()), world.looks) == ("indexed", 1)
        assert len(world.index.written) == 2


def test_a_delete_marker_is_known_by_its_version():
    gone = ObjectChange("lab", "a", "cloudtrail", "DeleteObject", time=AT, version_id="m1", made=True)
    assert World(document(deleted=True, version_id="m1")).tell(gone) == "known"
    world = World(document(), there=None)
    assert world.tell(gone) == "deleted"
    assert world.index.written[0]["version_id"] == "m1" and world.index.written[0]["deleted"]


def test_a_document_of_which_s3_refused_to_tell_knows_nothing():
    refused = {name: value for name, value in V1.items() if name != "storage_class"} | {"problem": "GET was refused"}
    world = World(document(AT + seconds(1000), **refused))
    assert (world.tell(put()), world.looks) == ("indexed", 1)


def test_a_hint_that_comes_back_is_followed_to_its_end():
    """Whoever had it before may have written the document and crashed before its digest was asked for."""
    without = {name: value for name, value in V1.items() if name != "size"}
    world = World(document(**without, size=10**9))
    assert world.tell(put(), sent=None) == "indexed" and world.looks == 1


def test_a_fact_that_comes_back_is_followed_to_its_end():
    world = World(document())
    told = ObjectChange("lab", "a", "bucketdex", "digest", facts=(Fact("e1", "v1", written_by=ADA),), facts_only=True)
    assert world.tell(told, sent=None) == "indexed" and world.looks == 1
    assert World(document()).tell(told) == "indexed"


def test_a_fact_of_others_beside_it_is_not_lost():
    """It may be about a version that no document shows yet, though what the trail tells is known."""
    told = ObjectChange("lab", "a", "bucketdex", "digest", facts=(Fact("e2", "v2", written_by=ADA),), facts_only=True)
    world = World(document(), there=V1 | {"version_id": "v2", "etag": "e2"})
    assert world.tell(put(), told) == "indexed" and world.looks == 1
    assert world.index.written[-1]["written_by"]["name"] == "ada"


def test_a_version_that_only_got_a_name_was_not_missed():
    without = {name: value for name, value in V1.items() if name != "version_id"}
    world = World(document(**without), there=V1 | {"version_id": "null"})
    world.tell(tagged())
    assert (world.looks, world.tally.counts[ONLY_TRAIL_KNEW]) == (1, 0)


def test_a_notification_beside_it_is_always_followed():
    world = World(document())
    told = ObjectChange("lab", "a", "bucketdex", "check", version_id="v1")
    assert world.tell(put(), told) == "indexed" and world.looks == 1
    other = World(document())
    assert other.tell(told, put()) == "indexed" and other.looks == 1


def test_of_an_object_that_s3_refuses_only_what_is_newer_is_believed():
    stub = {"version_id": "v2", "etag": "e2", "size": 2, "problem": "GET was refused"}
    refused = {"refused": True}
    old = World(document(**stub), there=refused)
    old.tell(put("v1", AT - seconds(100), facts=by(version="v1")))
    deletion = ObjectChange("lab", "a", "cloudtrail", "DeleteObject", time=AT + seconds(50), version_id="v1")
    gone = World(document(**stub), there=refused)
    gone.tell(deletion)
    for world in (old, gone):
        written = world.index.written[-1]
        assert (written["version_id"], written["etag"], written["size"]) == ("v2", "e2", 2)
        assert "written_by" not in written
    new = World(document(**stub), there=refused)
    new.tell(put("v3", AT + seconds(50), facts=by(version="v3", at=AT + seconds(50))))
    written = new.index.written[-1]
    assert (written["version_id"], written.get("etag"), written["written_by"]["name"]) == ("v3", None, "ada")


def test_what_two_changes_say_of_a_version_is_never_mixed():
    told = ObjectChange("lab", "a", "bucketdex", "check", size=2, etag="e2")
    for changes in ((put(), told), (told, put())):
        hint = fold(changes)["lab", "a"]
        assert (hint.version_id, hint.etag, hint.size) == (None, "e2", 2)


def test_an_object_that_was_written_again_since_is_no_missed_notification():
    stored = document(AT - seconds(100), version_id="v0", etag="e0", storage_class="STANDARD")
    for modified, count in ((AT + seconds(1), 1), (AT + seconds(290), 0)):
        world = World(stored, there=V1 | {"modified": modified})
        world.tell(tagged())
        assert (world.looks, world.tally.counts[ONLY_TRAIL_KNEW]) == (1, count)


def test_a_missed_notification_is_counted_once():
    world = World(document(AT - seconds(1000), version_id="v0", etag="e0", storage_class="STANDARD"))
    world.tell(put())
    assert world.tally.counts[ONLY_TRAIL_KNEW] == 1
    after = World(world.index.written[-1])
    after.tell(tagged(AT + seconds(290)))
    assert (after.looks, after.tally.counts[ONLY_TRAIL_KNEW]) == (1, 0)


@pytest.mark.parametrize(
    ("world", "count"),
    [
        (World(None), 1),
        (World(None, there=None), 0),
        (World(document(), there=None), 1),
        (World(document(), None), 0),  # a generation that is being filled
        (World(document(), there=V1 | {"tags": {"a": "b"}}), 1),
        (World(document(), there=V1), 0),
        (World(None, events="trail"), 0),
    ],
)
def test_only_what_search_did_not_show_was_missed(world, count):
    world.tell(tagged())
    assert (world.looks, world.tally.counts[ONLY_TRAIL_KNEW]) == (1, count)


def test_what_happened_before_the_bucket_was_connected_was_not_missed():
    world = World(None)
    world.tell(put(at=ADDED - seconds(1)))
    assert world.tally.counts[ONLY_TRAIL_KNEW] == 0


def test_claims_are_passed_on_as_they_came():
    changes = [put(facts=by()), tagged(), put("null")]
    hint = fold(changes)["lab", "a"]
    assert fold(told_again(hint)) == {("lab", "a"): msgspec.structs.replace(hint, version_id="v1")}


times = st.integers(0, 200).map(lambda it: AT + seconds(it))
versions = st.sampled_from(["v1", "v2", None])


@given(st.lists(st.tuples(times, versions), max_size=5), times, versions)
def test_a_document_never_covers_more_than_it_can_have_seen(claims, observed, shown):
    told = [Claim("PutObject", time, version) for time, version in claims]
    if not covers({"observed_at": observed.isoformat(), "version_id": shown}, told):
        return
    for it in told:
        assert it.version_id == shown or it.time < observed - seconds(60)
