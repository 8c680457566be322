"""Digests find objects and entries, and the objects with the same bytes, in a real OpenSearch."""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from opensearchpy import OpenSearch

from bucketdex.hashing import CHUNKED, chunked
from bucketdex.index import writer
from bucketdex.index.generations import ENTRIES_ALIAS, NOT_DELETED, OBJECTS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.mappings import entries_index, objects_index
from bucketdex.searching.answering import search
from bucketdex.searching.duplicates import duplicates, known
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer

OBJECTS, ENTRIES = (f"{it}-test-of-digests" for it in (OBJECTS_ALIAS, ENTRIES_ALIAS))
LAB, BOTH = Viewer(frozenset({"lab"})), Viewer(frozenset({"lab", "vault"}))
DATA = b"b5"  # its chunked hash has a `+` and a `/`
SHA, CHUNKS = hashlib.sha256(DATA).hexdigest(), chunked(DATA)
LIE = "f" * 64
COMPOSITE = f"{CHUNKS}-1"
MANY = 130


def test_the_data_have_what_is_hard_to_find():
    assert {"+", "/"} <= set(CHUNKS)


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    hidden = {"filter": NOT_DELETED}
    index.indices.create(index=OBJECTS, body=objects_index(1, 0) | {"aliases": {OBJECTS_ALIAS: hidden}})
    index.indices.create(index=ENTRIES, body=entries_index(1, 0) | {"aliases": {ENTRIES_ALIAS: {}}})
    put(index, "lab", "read", sha(SHA), {"type": CHUNKED, "value": CHUNKS, "origin": "computed"})
    put(index, "lab", "kept", {"type": "SHA256", "value": SHA, "origin": "s3", "scope": "FULL_OBJECT"})
    put(index, "lab", "parts", {"type": "SHA256", "value": COMPOSITE, "origin": "s3", "scope": "COMPOSITE"},
        {"type": CHUNKED, "value": CHUNKS, "origin": "combined"})  # fmt: skip
    put(index, "vault", "copy", sha(SHA))
    put(index, "lab", "longer", sha(SHA), size=3)
    put(index, "lab", "gone", sha(SHA), deleted=True)
    put(index, "lab", "other", sha("a" * 64))
    put(index, "lab", "liar", sha("a" * 64), {"type": "SHA256", "value": LIE, "origin": "s3", "scope": "FULL_OBJECT"})
    for key in ("crc/1", "crc/2"):
        put(index, "lab", key, {"type": "CRC32", "value": "AAAAAA==", "origin": "s3", "scope": "FULL_OBJECT"})
    for key in ("composite/1", "composite/2"):
        put(index, "lab", key, {"type": "SHA256", "value": "XYZ=-3", "origin": "s3", "scope": "COMPOSITE"})
    for number in range(MANY):
        put(index, "lab", f"many/{number:03}", sha("c" * 64))
    for logical_key, type_, value in (("plain.bin", "SHA256", SHA), ("chunked.bin", CHUNKED, CHUNKS)):
        document = {"bucket": "lab", "top_hash": "ab12" * 16, "logical_key": logical_key, "size": len(DATA),
                    "hash": {"type": type_, "value": value}}  # fmt: skip
        store(index, ENTRIES, "lab", logical_key, document)
    index.indices.refresh(index=f"{OBJECTS},{ENTRIES}")
    yield index
    index.indices.delete(index=f"{OBJECTS},{ENTRIES}")


def sha(value: str) -> dict[str, str]:
    return {"type": "SHA256", "value": value, "origin": "computed"}


def put(index: OpenSearch, bucket: str, key: str, *checksums: dict[str, str], **more: Any) -> None:
    told = {"bucket": bucket, "key": key, "name": key, "size": len(DATA), "etag": "e", "version_id": "v"}
    store(index, OBJECTS, bucket, key, told | {"checksums": checksums} | more)


def store(index: OpenSearch, into: str, bucket: str, key: str, document: dict[str, Any]) -> None:
    write = writer.Write(into, object_id(bucket, key), msgspec.json.encode(document))
    assert writer.write(index, [write]) == [writer.Result(writer.DONE)]


def found(corpus: OpenSearch, text: str, kind: str = "object") -> set[str]:
    hits = search(corpus, LAB, Question(text, 50, (), (kind,))).hits  # type: ignore[arg-type]  # a kind
    return {hit.key if kind == "object" else hit.logical_key for hit in hits}  # type: ignore[union-attr]  # as asked


def test_a_sha256_finds_objects_and_entries_in_each_of_its_forms(corpus):
    for text in (SHA, SHA.upper(), f"sha256:{SHA}", f"SHA256:{SHA.upper()}"):
        assert found(corpus, text) == {"read", "kept", "longer"}, text
        assert found(corpus, text, "entry") == {"plain.bin"}, text


def test_a_chunked_hash_finds_objects_and_entries_whatever_base64_is_made_of(corpus):
    for text in (CHUNKS, f"{CHUNKED}:{CHUNKS}", f"SHA2-256-Chunked:{CHUNKS}"):
        assert found(corpus, text) == {"read", "parts"}, text
        assert found(corpus, text, "entry") == {"chunked.bin"}, text
    assert found(corpus, CHUNKS.lower()) == found(corpus, CHUNKS.replace("+", " ")) == set()


def test_a_type_finds_only_values_of_that_type(corpus):
    for text in (f"sha256:{CHUNKS}", f"{CHUNKED}:{SHA}", f"crc32:{SHA}", f"sha1:{CHUNKS}"):
        assert found(corpus, text) == found(corpus, text, "entry") == set(), text
    assert found(corpus, f"sha256:{COMPOSITE}") == {"parts"}
    assert found(corpus, "crc32:AAAAAA==") == {"crc/1", "crc/2"}


def keys(corpus: OpenSearch, key: str, viewer: Viewer = LAB) -> list[str]:
    return [it.key for it in duplicates(corpus, viewer, "lab", key).objects]


def test_the_objects_with_the_same_bytes_are_those_with_a_digest_in_common(corpus):
    assert keys(corpus, "read") == ["kept", "parts"]
    assert keys(corpus, "kept") == ["read"]
    assert keys(corpus, "parts") == ["read"]


def test_in_other_buckets_only_those_that_the_viewer_may_see(corpus):
    assert keys(corpus, "kept", BOTH) == ["read", "copy"]
    assert duplicates(corpus, LAB, "vault", "copy").digests == {}
    assert duplicates(corpus, LAB, "lab", "kept").total == 1


@pytest.mark.parametrize("key", ["crc/1", "composite/1", "gone", "unknown"])
def test_without_a_digest_an_object_has_no_duplicates(corpus, key):
    told = duplicates(corpus, LAB, "lab", key)
    assert (told.total, told.digests, told.objects) == (0, {}, [])


def test_what_s3_says_falsely_makes_no_duplicate(corpus):
    told = duplicates(corpus, LAB, "lab", "liar")
    assert told.digests == {"SHA256": "a" * 64} and [it.key for it in told.objects] == ["other"]


def test_of_many_the_first_hundred_are_told_and_all_are_counted(corpus):
    told = duplicates(corpus, LAB, "lab", "many/000")
    assert told.total == MANY - 1 and [it.key for it in told.objects] == [f"many/{it:03}" for it in range(1, 101)]


def test_what_is_known_of_objects_is_told_only_of_buckets_that_the_viewer_may_see(corpus):
    names = [("lab", "read"), ("vault", "copy"), ("lab", "gone"), ("lab", "unknown")]
    assert [it.key for it in known(corpus, LAB, names)] == ["read"]
    [told] = known(corpus, BOTH, names[1:2])
    assert (told.version_id, told.etag, told.size, told.checksums[0].value) == ("v", "e", len(DATA), SHA)
