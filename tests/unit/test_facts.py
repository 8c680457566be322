"""Facts: each is about one version, and whatever comes twice or in another order makes the same document."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.changes import Author, Checksum, Fact
from bucketdex.digests.policy import LEFT_OUT
from bucketdex.hashing import CHUNKED, SHA256
from bucketdex.objects.document import ObjectDocument
from bucketdex.objects.facts import facts_of, known_of, with_facts, with_more_facts
from bucketdex.objects.requests import digest_request

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA, BOB = Author("User", "ada"), Author("User", "bob")
X, Y = "aa" * 32, "bb" * 32  # values of SHA256


def large(*checksums: Checksum, **more: object) -> ObjectDocument:
    """Return the document of an object of which the head was read."""
    told = {"version_id": "v1", "etag": "abc", "size": 10**9, "checksums": checksums} | more
    return ObjectDocument("lab", "a", NOW, **told)


def fact(*checksums: Checksum, note: str | None = None, author: Author | None = None) -> Fact:
    return Fact("abc", "v1", checksums, note, author)


def computed(value: str, kind: str = SHA256) -> Checksum:
    return Checksum(kind, value, "computed")


def of_s3(value: str, kind: str = SHA256) -> Checksum:
    return Checksum(kind, value, "s3", "FULL_OBJECT")


def stored(document: ObjectDocument) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(msgspec.json.encode(document))
    return found


def test_a_fact_counts_only_for_its_version_and_etag():
    assert with_facts(large(), [fact(computed(X), author=ADA)]).checksums == (computed(X),)
    for other in (Fact("abc", "v0", (computed(X),), "note", ADA), Fact("other", "v1", (computed(X),), "note", ADA)):
        assert with_facts(large(), [other]) == large()
        assert with_more_facts(large(), [other]) == large()


def test_a_bucket_without_versions_has_the_version_null():
    told = with_facts(large(version_id=None), [Fact("abc", "null", (computed(X),))])
    assert told.checksums == (computed(X),)


def test_nothing_is_added_to_a_tombstone():
    gone = ObjectDocument("lab", "a", NOW, deleted=True)
    assert with_facts(gone, [fact(computed(X))]) == with_more_facts(gone, [fact(computed(X))]) == gone


def test_everything_known_of_a_version_is_carried_over_by_the_next_look_at_it():
    crc, parts = of_s3("AAAA", "CRC64NVME"), Checksum("SHA256", "x-3", "s3", "COMPOSITE")
    before = with_facts(large(), [fact(crc, parts, computed(X), Checksum(CHUNKED, "c", "combined"), author=ADA)])
    after = with_facts(large(), known_of([stored(before)]))
    assert after == before and len(after.checksums) == 4


def test_what_was_just_seen_stays_and_of_facts_the_later_one_wins():
    assert with_facts(large(computed(X)), [fact(computed(Y))]).checksums == (computed(X),)
    assert with_facts(large(), [fact(computed(X)), fact(computed(Y))]).checksums == (computed(Y),)
    assert with_more_facts(large(computed(X)), [fact(computed(Y))]).checksums == (computed(Y),)


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ([fact(note="too large")], "too large"),
        ([fact(note="too large"), fact(computed(X))], None),
        ([fact(note="too large"), fact(author=ADA)], "too large"),
        ([fact(note="too large"), fact(computed(X, CHUNKED), note=LEFT_OUT)], LEFT_OUT),
        ([fact(of_s3("A", "CRC32")), fact(note="archived")], "archived"),
    ],
    ids=["set", "cleared", "an author says nothing of it", "replaced", "set later"],
)
def test_the_last_fact_that_tells_of_digests_sets_the_note(facts, note):
    assert with_facts(large(), facts).digest_note == note
    told = large()
    for one in facts:
        told = with_more_facts(told, [one])
    assert told.digest_note == note
    assert with_facts(large(), known_of([stored(told)])).digest_note == note


def test_what_was_seen_with_its_digest_needs_no_note():
    assert with_facts(large(computed(X)), [fact(note="too large")]).digest_note is None


def test_a_generation_that_cannot_hold_a_note_does_not_take_it_away():
    with_note = with_facts(large(), [fact(computed(X, CHUNKED), note="no SHA256")])
    without = msgspec.structs.replace(with_note, digest_note=None)
    for documents in ([with_note, without], [without, with_note]):
        assert with_facts(large(), known_of(map(stored, documents))) == with_note


def test_that_s3_claims_what_the_bytes_do_not_have_is_said_whichever_comes_first():
    claim, bytes_have = fact(of_s3(X)), fact(computed(Y))
    at_once = with_facts(large(problem="its tags cannot be read"), [claim, bytes_have])
    assert X in (at_once.problem or "") and Y in (at_once.problem or "") and "tags" in (at_once.problem or "")
    first, *then = [bytes_have, claim]
    later = with_more_facts(with_facts(large(problem="its tags cannot be read"), [first]), then)
    assert later == at_once
    assert with_more_facts(later, [claim, bytes_have]) == later


def test_a_contradiction_goes_with_the_claim_that_made_it():
    wrong = with_facts(large(), [fact(of_s3(X), computed(Y))])
    assert wrong.problem
    assert with_more_facts(wrong, [fact(computed(X))]).problem is None
    assert with_facts(large(computed(X)), known_of([stored(wrong)])).problem is None


CHECKSUMS = st.builds(
    Checksum,
    st.sampled_from([SHA256, CHUNKED, "CRC64NVME", "NEW"]),
    st.sampled_from([X, Y]),
    st.sampled_from(["computed", "s3", "combined"]),
    st.sampled_from([None, "FULL_OBJECT"]),
)
NOTES = st.sampled_from([None, "too large", "archived"])
FACTS = st.lists(
    st.builds(
        Fact, st.sampled_from(["abc", "other"]), st.sampled_from(["v1", "v0"]),
        st.lists(CHECKSUMS, max_size=4).map(tuple), NOTES, st.sampled_from([None, ADA, BOB]),
    ),
    max_size=5,
)  # fmt: skip
SEEN = st.builds(
    lambda checksums, problem: large(*checksums, problem=problem),
    st.lists(CHECKSUMS, max_size=3, unique_by=lambda it: (it.type, it.origin)),
    st.sampled_from([None, "its tags cannot be read", "one; two"]),
)


@given(SEEN, FACTS)
def test_facts_that_come_twice_change_nothing(seen, facts):
    once = with_facts(seen, facts)
    assert with_facts(seen, [*facts, *facts]) == once
    assert with_facts(seen, [*known_of([stored(once)]), *facts]) == once
    more = with_more_facts(once, facts)
    assert with_more_facts(more, facts) == more


@given(SEEN.filter(lambda seen: not seen.checksums), FACTS, st.integers(0, 5))
def test_it_is_all_one_whether_facts_come_in_one_message_or_in_several(seen, facts, cut):
    assert with_more_facts(with_facts(seen, facts[:cut]), facts[cut:]) == with_facts(seen, facts)
    again = with_facts(seen, [*known_of([stored(with_facts(seen, facts[:cut]))]), *facts[cut:]])
    assert again == with_facts(seen, facts)


@given(SEEN, FACTS, st.randoms())
def test_true_facts_make_the_same_document_in_any_order(seen, facts, random):
    # Digests of one version differ in nothing, whoever took them; who has something to say of them says it at once.
    true = {
        (kind, origin): Checksum(kind, X, origin) for kind in (SHA256, CHUNKED, "NEW") for origin in ("computed", "s3")
    }
    facts = [
        msgspec.structs.replace(
            one,
            checksums=tuple(true[it.type, it.origin] for it in one.checksums if (it.type, it.origin) in true),
            digest_note=None,
            written_by=one.written_by and ADA,
        )
        for one in facts
    ]
    shuffled = random.sample(facts, len(facts))
    assert with_facts(seen, shuffled) == with_facts(seen, facts)


@given(SEEN, FACTS)
def test_facts_of_a_stored_document_are_all_that_a_fact_can_tell(seen, facts):
    told = with_facts(seen, facts)
    known = facts_of(stored(told))
    if known is None:
        assert not (told.checksums or told.digest_note or told.written_by)
    else:
        assert (known.checksums, known.digest_note, known.written_by) == (
            told.checksums, told.digest_note, told.written_by,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("document", "asked"),
    [
        (large(), True),
        (large(of_s3("A", "CRC64NVME")), True),
        (large(Checksum(SHA256, "x-3", "s3", "COMPOSITE")), True),
        (large(of_s3(X)), False),
        (large(Checksum(CHUNKED, "c", "combined")), False),
        (large(computed(X)), False),
        (large(etag=None), False),
        (large(size=None), False),
        (ObjectDocument("lab", "a", NOW, deleted=True), False),
    ],
    ids=["none", "another kind", "of the parts", "of S3", "combined", "computed", "no etag", "no size", "deleted"],
)
def test_a_digest_is_asked_for_where_there_is_none(document, asked):
    request = digest_request(document)
    assert (request is not None) == asked
    if request:
        assert (request.bucket, request.key, request.event) == ("lab", "a", "hash")
        assert (request.version_id, request.etag, request.size) == ("v1", "abc", 10**9)


def test_a_note_that_there_is_no_digest_is_none_where_there_is_one_whatever_comes_first():
    note, digest = Fact("abc", "v1", digest_note="not read"), Fact("abc", "v1", (computed(X),))
    for told in ([note, digest], [digest, note]):
        document = with_facts(large(), told)
        assert document.digest_note is None and document.checksums == (computed(X),)
    left_out = Fact("abc", "v1", (Checksum(CHUNKED, "c", "computed"),), LEFT_OUT)
    assert with_facts(large(), [left_out]).digest_note == LEFT_OUT
