"""What follows from the checksums that S3 keeps, what contradicts them, and what a bucket's setting lets be read."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.changes import Checksum
from bucketdex.control import Hashing
from bucketdex.digests import claims, kept, policy
from bucketdex.digests.ledger import identity
from bucketdex.digests.ranges import LEAST_BYTES, MOST_RANGES, huge
from bucketdex.hashing import CHUNKED, chunk_bytes, chunked

MIB = 1024 * 1024
DATA = hashlib.shake_128(b"kept").digest(17 * MIB)


def sha(data: bytes) -> str:
    return b64encode(hashlib.sha256(data).digest()).decode()


class S3:
    """Answers HEAD and GetObjectAttributes of one object that was uploaded in parts."""

    def __init__(self, headers: dict[str, str], parts: Sequence[bytes] = (), page: int = 1000, **more: Any) -> None:
        self.parts, self.page, self.more, self.asked = parts, page, more, 0
        self.size = sum(map(len, parts)) if parts else len(DATA)
        self.headers = {f"x-amz-checksum-{name}": value for name, value in headers.items()}

    def head_object(self, **wanted: Any) -> dict[str, Any]:
        assert wanted["ChecksumMode"] == "ENABLED"
        told = {"ETag": '"e"', "ContentLength": self.size, "VersionId": "v"}
        return told | {"ResponseMetadata": {"HTTPHeaders": self.headers}} | self.more.get("head", {})

    def get_object_attributes(self, **wanted: Any) -> dict[str, Any]:
        self.asked += 1
        if error := self.more.get("error"):
            raise ClientError({"Error": {"Code": error}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "x")  # type: ignore[typeddict-item]
        after = wanted["PartNumberMarker"]
        told = [
            {"PartNumber": number, "Size": len(part), "ChecksumSHA256": sha(part)}
            for number, part in enumerate(self.parts, 1)
        ]
        page = told[after : after + self.page]
        return {
            "ETag": self.more.get("etag", "e"),
            "ObjectParts": {"Parts": page, "IsTruncated": after + self.page < len(told)},
        }


def found(s3: S3) -> dict[tuple[str, str], str]:
    return {(one.type, one.origin): one.value for one in kept.look(s3, "b", "k").checksums}


def composite(parts: list[bytes]) -> dict[str, str]:
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return {"sha256": f"{sha(digests)}-{len(parts)}", "type": "COMPOSITE"}


def cut(length: int) -> list[bytes]:
    return [DATA[start : start + length] for start in range(0, len(DATA), length)]


def test_a_sha256_of_the_full_object_is_the_digest():
    s3 = S3({"sha256": sha(DATA), "type": "FULL_OBJECT"})
    assert found(s3) == {("SHA256", "s3"): hashlib.sha256(DATA).hexdigest()} and s3.asked == 0


def test_of_one_chunk_the_chunked_hash_follows_too():
    s3 = S3({"sha256": sha(b"abc"), "type": "FULL_OBJECT"}, [b"abc"])
    assert found(s3)[CHUNKED, "combined"] == chunked(b"abc")


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_parts_as_long_as_chunks_make_the_chunked_hash(page):
    parts = cut(8 * MIB)
    s3 = S3(composite(parts), parts, page)
    assert found(s3)[CHUNKED, "combined"] == chunked(DATA)
    assert found(s3)["SHA256", "s3"] == composite(parts)["sha256"]


@pytest.mark.parametrize("length", [5 * MIB, 6 * MIB, 9 * MIB, 16 * MIB])
def test_other_parts_make_nothing(length):
    parts = cut(length)
    assert not kept.has_digest(kept.look(S3(composite(parts), parts), "b", "k").checksums)


def test_the_only_part_is_the_object():
    s3 = S3(composite([DATA]), [DATA])
    assert found(s3)["SHA256", "combined"] == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("more", [{"error": "AccessDenied"}, {"etag": "another"}, {"error": "NotImplemented"}])
def test_nothing_follows_where_the_parts_are_not_told(more):
    parts = cut(8 * MIB)
    assert found(S3(composite(parts), parts, **more)).keys() == {("SHA256", "s3")}


def test_nothing_follows_from_parts_that_are_not_those_of_the_checksum():
    parts = cut(8 * MIB)
    assert found(S3(composite(parts[::-1]), parts)).keys() == {("SHA256", "s3")}


@pytest.mark.parametrize("scope", [{}, {"type": "SOMETHING_NEW"}])
def test_nothing_follows_where_s3_does_not_say_of_what_it_is(scope):
    seen = kept.look(S3({"sha256": sha(DATA)} | scope), "b", "k")
    assert not kept.has_digest(seen.checksums) and seen.checksums[0].value == sha(DATA)


def test_types_that_nobody_knows_are_kept_as_they_are():
    seen = kept.look(S3({"xxh3": "AAA=", "crc32c": "BBB=", "type": "FULL_OBJECT"}), "b", "k")
    assert seen.checksums == (
        Checksum("XXH3", "AAA=", "s3", "FULL_OBJECT"),
        Checksum("CRC32C", "BBB=", "s3", "FULL_OBJECT"),
    )


@pytest.mark.parametrize(
    ("head", "archived"),
    [
        ({}, False),
        ({"StorageClass": "GLACIER"}, True),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'}, True),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="false", expiry-date="x"'}, False),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, True),
        ({"StorageClass": "GLACIER_IR"}, False),
    ],
)
def test_what_is_archived_is_told_by_class_and_restore(head, archived):
    assert kept.look(S3({}, head=head), "b", "k").archived is archived


def test_an_object_without_versions_is_pinned_by_its_etag():
    seen = kept.look(S3({}, head={"VersionId": "null"}), "b", "k")
    assert seen.pinned() == {"Bucket": "b", "Key": "k", "IfMatch": '"e"'}
    assert kept.look(S3({}), "b", "k").pinned() == {"Bucket": "b", "Key": "k", "VersionId": "v"}


FULL = {"scope": "FULL_OBJECT"}


def test_what_contradicts_s3_is_kept_and_said_and_what_agrees_is_not_said_twice():
    of_s3 = (Checksum("CRC32", "a", "s3", **FULL), Checksum("SHA1", "b", "s3", **FULL))
    made = claims.computed(of_s3, {"SHA256": "x", CHUNKED: "y", "CRC32": "a", "SHA1": "c"})
    assert {one.type for one in made} == {"SHA256", CHUNKED, "SHA1"}
    assert claims.contradiction([*of_s3, *made]) == "its bytes have the SHA1 c, S3 says b"


def test_a_composite_checksum_is_no_claim_about_the_bytes():
    of_s3 = (Checksum("SHA256", "a-2", "s3", "COMPOSITE"), Checksum("CRC32", "b", "s3"))
    assert claims.to_compute(of_s3) == frozenset()
    assert (
        claims.contradiction([*of_s3, Checksum("SHA256", "x", "computed"), Checksum("CRC32", "y", "computed")]) is None
    )


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        (Hashing(), None),
        (Hashing(mode="kept"), "--hash read"),
        (Hashing(prefixes=("raw/", "x/")), None),
        (Hashing(prefixes=("x/",)), "x/"),
        (Hashing(without=("raw/tmp", "raw/k")), "raw/k"),
        (Hashing(largest=100), None),
        (Hashing(largest=99), "--hash-largest"),
        (Hashing(storage_classes=("STANDARD",)), None),
        (Hashing(storage_classes=("STANDARD_IA",)), "STANDARD"),
    ],
)
def test_the_setting_of_a_bucket_says_what_is_read(setting, word):
    said = policy.refusal(setting, "raw/k", 100, "STANDARD", archived=False)
    assert said is None if word is None else word in str(said)


@pytest.mark.parametrize("storage_class", ["STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "A_CLASS_TO_COME"])
def test_what_costs_a_fee_is_read_only_where_that_is_said(storage_class):
    assert "charge" in str(policy.refusal(Hashing(), "k", 1, storage_class, archived=False))
    assert policy.refusal(Hashing(storage_classes=(storage_class,)), "k", 1, storage_class, archived=False) is None


def test_archived_objects_are_never_read():
    wanted = Hashing(storage_classes=("GLACIER",))
    assert "restored" in str(policy.refusal(wanted, "k", 1, "GLACIER", archived=True))
    assert policy.refusal(wanted, "k", 1, "GLACIER", archived=False) is None


@given(st.integers(0, 50 * 10**12), st.sampled_from([0, 1, MIB, 5 * MIB, 10**10]))
def test_ranges_are_whole_chunks_and_at_most_a_thousand(size, wanted):
    it = huge(kept.Seen("b", "k", "v", "e", size), wanted, 0)
    assert it.range_bytes % chunk_bytes(size) == 0
    assert -(-size // it.range_bytes) <= MOST_RANGES
    assert wanted or it.range_bytes >= LEAST_BYTES


def test_the_id_in_the_ledger_is_of_all_four_parts():
    ids = {
        identity("b", "k", "v", "e"), identity("bk", "", "v", "e"), identity("b", "kv", "", "e"),
        identity("b", "k", "v", "f"), identity("b", "k", "w", "e"),
    }  # fmt: skip
    assert len(ids) == 5
    assert identity("b", "k", None, "e") == identity("b", "k", "null", "e")
