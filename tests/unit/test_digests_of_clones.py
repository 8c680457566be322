"""Nothing follows, and nothing fails, where a clone of S3 tells of parts otherwise than S3 does."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.changes import Checksum
from bucketdex.digests import kept
from bucketdex.errors import Transient
from bucketdex.hashing import CHUNKED
from bucketdex.registry.pushing.references import hash_of

CHUNK = 8 * 1024 * 1024
DIGESTS = [hashlib.sha256(bytes([number])).digest() for number in range(3)]
WHOLE = b64encode(hashlib.sha256(b"".join(DIGESTS)).digest()).decode()
PARTS = [
    {"PartNumber": number, "Size": size, "ChecksumSHA256": b64encode(digest).decode()}
    for number, (size, digest) in enumerate(zip((CHUNK, CHUNK, 5), DIGESTS, strict=True), 1)
]


class Clone:
    """Tells of an object of three parts by HEAD, and of its parts as a test has it."""

    def __init__(self, answer: Callable[[int], dict[str, Any]], headers: dict[str, str] | None = None) -> None:
        self.answer, self.asked = answer, 0
        self.headers = headers or {"x-amz-checksum-sha256": f"{WHOLE}-3", "x-amz-checksum-type": "COMPOSITE"}

    def head_object(self, **_: Any) -> dict[str, Any]:
        told = {"ETag": '"e"', "ContentLength": 2 * CHUNK + 5}
        return told | {"ResponseMetadata": {"HTTPHeaders": self.headers}}

    def get_object_attributes(self, **wanted: Any) -> dict[str, Any]:
        self.asked += 1
        assert self.asked < 10, "it asks for ever"
        return self.answer(wanted["PartNumberMarker"])


def page(*parts: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"ETag": "e", "ObjectParts": {"Parts": list(parts), "IsTruncated": more}}


def types(clone: Clone) -> set[tuple[str, str]]:
    return {(it.type, it.origin) for it in kept.look(clone, "b", "k").checksums}


def refusing(code: str, status: int) -> Callable[[int], dict[str, Any]]:
    def refuse(_: int) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "x")  # type: ignore[typeddict-item]  # as boto3 does

    return refuse


def garbage(_: int) -> dict[str, Any]:
    raise ResponseParserError("no XML")


def test_parts_that_are_told_page_by_page_make_the_chunked_hash():
    clone = Clone(lambda after: page(PARTS[after], more=after < 2))
    assert (CHUNKED, "combined") in types(clone) and clone.asked == 3


@pytest.mark.parametrize(
    "answer",
    [
        refusing("NotImplemented", 501),
        refusing("AccessDenied", 403),
        refusing("MethodNotAllowed", 405),
        garbage,
        lambda _: {},
        lambda _: page(),
        lambda _: page(PARTS[0], more=True),  # the marker is not heeded
        lambda _: page(*PARTS[:2]),
        lambda _: page(*({**part, "ChecksumSHA256": ""} for part in PARTS)),
    ],
)
def test_a_clone_that_does_not_tell_of_parts_is_no_failure(answer):
    assert types(Clone(answer)) == {("SHA256", "s3")}


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("InternalError", 500), ("TooManyRequests", 429)])
def test_what_may_be_told_later_is_asked_for_again(code, status):
    with pytest.raises(Transient):
        types(Clone(refusing(code, status)))


def test_no_more_parts_are_asked_for_than_may_be_chunks():
    clone = Clone(lambda _: page({**PARTS[0], "Size": CHUNK - 1}, more=True))
    assert types(clone) == {("SHA256", "s3")} and clone.asked == 1


@given(st.text(max_size=60), st.sampled_from(["FULL_OBJECT", "COMPOSITE", "", "NEW"]))
def test_whatever_a_header_says_it_is_kept_and_is_a_digest_only_in_its_form(value, scope):
    headers = {"x-amz-checksum-sha256": value} | ({"x-amz-checksum-type": scope} if scope else {})
    [told] = kept.from_headers(headers)
    assert (told.type, told.origin, told.scope) == ("SHA256", "s3", scope or None)
    if not kept.has_digest([told]):
        assert told.value == value and hash_of([told]) is None


@given(st.binary(min_size=32, max_size=32))
def test_a_sha256_of_the_full_object_is_in_hex(digest):
    headers = {"x-amz-checksum-sha256": b64encode(digest).decode(), "x-amz-checksum-type": "FULL_OBJECT"}
    told = kept.from_headers(headers)
    assert told == (Checksum("SHA256", digest.hex(), "s3", "FULL_OBJECT"),) and kept.has_digest(told)


def test_an_entry_gets_what_its_bytes_have_not_what_s3_says_of_them():
    told = [Checksum("SHA256", "b" * 64, "s3", "FULL_OBJECT"), Checksum("SHA256", "a" * 64, "computed")]
    found = hash_of(told)
    assert found is not None and found.value == "a" * 64
