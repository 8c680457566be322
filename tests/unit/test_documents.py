"""What S3 says of an object, as its document."""

from base64 import b64encode
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.changes.hint import Hint
from bucketdex.hashing import CHUNKED, SHA256, digest_of, is_verifiable
from bucketdex.index.ids import object_id
from bucketdex.index.names import extensions
from bucketdex.index.pairs import typed
from bucketdex.index.refusal import without_refused
from bucketdex.objects.document import decoded, object_document
from bucketdex.objects.facts import with_facts
from bucketdex.objects.observe import WHOLE_BYTES, Observation
from bucketdex.objects.preparing import EMPTY
from bucketdex.objects.text import EXCERPT_BYTES, excerpt

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def seen(body: bytes = b"hello", headers: dict[str, str] | None = None, **more: object) -> Observation:
    answer = {
        "ContentLength": len(body),
        "ETag": '"abc"',
        "VersionId": "v1",
        "LastModified": NOW,
        "Metadata": {},
        "ResponseMetadata": {"HTTPHeaders": headers or {}},
    } | more
    return Observation(NOW, answer=answer, size=len(body), body=body, whole=True, tags={})


def document(observation: Observation, key: str = "a/b.txt"):
    return object_document(Hint("bucket", key), observation)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("counts.csv.gz", (".gz", ".csv.gz")),
        ("RNAseq_sample-042.counts.csv.gz", (".gz", ".csv.gz")),
        ("README", ()),
        (".gitignore", ()),
        ("photo.JPG", (".jpg",)),
        ("v1.2.txt", (".txt",)),
        ("ends.with.", ()),
        ("a.verylongextension", ()),
    ],
)
def test_extensions_are_told_shortest_first(name, expected):
    assert extensions(name) == expected


def digests(told, origin="computed"):
    return {it.type: it.value for it in told.checksums if it.origin == origin}


@pytest.mark.parametrize("body", [b"", b"hello", b"a" * WHOLE_BYTES], ids=["empty", "small", "one chunk"])
def test_an_object_that_was_read_whole_has_its_digests(body):
    assert digests(document(seen(body))) == {SHA256: digest_of(SHA256, body), CHUNKED: digest_of(CHUNKED, body)}


def test_an_object_of_which_the_head_was_read_has_none():
    answer = {"ContentRange": f"bytes 0-9/{WHOLE_BYTES + 1}", "ETag": '"abc"', "ResponseMetadata": {"HTTPHeaders": {}}}
    large = Observation(NOW, answer=answer, size=WHOLE_BYTES + 1, body=b"x" * 10, whole=False, tags={})
    assert document(large).checksums == ()


def test_checksums_are_kept_as_s3_has_them():
    headers = {
        "x-amz-checksum-crc64nvme": "AAAAAAAAAAA=",
        "x-amz-checksum-type": "FULL_OBJECT",
        "x-amz-checksum-new": "x",
    }
    found = {c.type: (c.value, c.scope) for c in document(seen(headers=headers)).checksums if c.origin == "s3"}
    assert found == {"CRC64NVME": ("AAAAAAAAAAA=", "FULL_OBJECT"), "NEW": ("x", "FULL_OBJECT")}


def claimed(kind: str, value: str) -> dict[str, str]:
    return {f"x-amz-checksum-{kind.lower()}": value, "x-amz-checksum-type": "FULL_OBJECT"}


@pytest.mark.parametrize("kind", ["SHA256", "SHA1", "CRC32", "CRC32C", "CRC64NVME"])
def test_a_checksum_that_the_bytes_do_not_have_is_a_problem_and_both_are_kept(kind):
    if not is_verifiable(kind):
        pytest.skip(f"{kind} cannot be computed here")
    right, wrong = (in_base64(kind, body) for body in (b"hello", b"other"))
    told = with_facts(document(seen(headers=claimed(kind, wrong))), [])
    assert digests(told)[kind] == digest_of(kind, b"hello") and digests(told, "s3")[kind] == digest_of(kind, b"other")
    assert kind in (told.problem or "")
    assert with_facts(document(seen(headers=claimed(kind, right))), []).problem is None


def in_base64(kind: str, body: bytes) -> str:
    value = digest_of(kind, body)
    return b64encode(bytes.fromhex(value)).decode() if kind == SHA256 else value


def test_a_checksum_of_a_kind_that_is_not_known_is_kept_and_not_judged():
    told = with_facts(document(seen(headers=claimed("NEW", "x"))), [])
    assert digests(told, "s3") == {"NEW": "x"} and told.problem is None


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("plain", "plain"),
        ("=?UTF-8?B?w4XDpGthbg==?=", "Åäkan"),
        ("=?UTF-8?Q?caf=C3=A9?=", "café"),
        ("=?broken?B?", "=?broken?B?"),
        ("=?nonsense-8?B?w4U=?=", "=?nonsense-8?B?w4U=?="),
        ("=?utf-7?Q?+2AA-?=", "=?utf-7?Q?+2AA-?="),
        ("=?unicode_escape?Q?\\ud800?=", "=?unicode_escape?Q?\\ud800?="),
    ],
)
def test_metadata_is_decoded_as_s3_encodes_it(raw, meant):
    assert decoded(raw) == meant


def test_values_are_typed_where_they_read_as_a_type():
    assert typed("metadata", "n", "-4.5e3").number == -4500.0
    assert typed("metadata", "d", "2024-02-29").date == "2024-02-29T00:00:00"
    assert typed("metadata", "d", "2024-02-31").date is None
    assert typed("metadata", "d", "2020-01-01T00:00:00+23:59").date is None
    assert typed("metadata", "n", "٣٤").number is None
    assert typed("metadata", "b", "True").boolean is True
    assert typed("tag", "t", "x1").number is None
    assert typed("tag", "t", "9" * 400).number is None


def test_what_claims_to_be_text_and_is_not_is_indexed_with_a_note():
    told = document(seen(b"\x89PNG\r\n\x1a\n\0\0\0", ContentType="text/csv"))
    assert told.content is None and "claims to be text" in (told.problem or "")
    assert document(seen(b"\x89PNG\r\n\x1a\n\0\0\0", ContentType="image/png"), "a.png").problem is None


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_text_is_found_in_whichever_unicode_it_is_written(text, encoding):
    found = excerpt((text + " words that are plain text").encode(encoding, "ignore"))
    controls = sum(1 for c in text if c < " " and c not in "\t\n\r\f\x1b")
    if encoding == "utf-8" and ("\0" in text or text.startswith("\ufeff")):
        return
    if controls <= 0.01 * len(text) and "\ufeff" not in text and "\0" not in text:
        assert found and found[0] == (text + " words that are plain text").encode("utf-8", "ignore").decode()


def test_a_character_cut_in_half_at_the_end_of_the_excerpt_is_left_out():
    found = excerpt(("a" * (EXCERPT_BYTES - 1) + "é" * 10).encode())
    assert found and found[0] == "a" * (EXCERPT_BYTES - 1)
    assert excerpt(b"ends badly \xc3") is None


@given(st.binary(max_size=400))
def test_no_bytes_break_the_text_reader(body):
    found = excerpt(body)
    assert found is None or msgspec.json.encode(found[0])


def test_a_refused_part_is_left_out_and_named():
    told = document(seen(ContentType="text/plain"))
    reason = "failed to parse field [pairs.number] of type [double]"
    once = without_refused(told, [reason], EMPTY)
    assert once.pairs == () and once.content == "hello" and "indexed without pairs" in (once.problem or "")
    everything = without_refused(told, [reason, "some other reason"], EMPTY)
    assert everything.content is None and everything.size == 5


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
def test_ids_are_short_and_differ_with_the_key(one, other):
    assert len(object_id("bucket", one)) == 32
    assert (object_id("bucket", one) == object_id("bucket", other)) == (one == other)
    assert object_id("bucket", one) != object_id("bucket-2", one)
