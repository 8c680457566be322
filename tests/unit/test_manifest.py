"""The manifest of a package: read, verified, written."""

import gzip
import hashlib
import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.manifest import Entry, Hash, Header, LineFault, Metadata, read, top_hash, verify, write
from bucketdex.manifest.reader import LONGEST_LINE, MOST_FAULTS

COCO = {  # as it stands in a real manifest
    "logical_key": "annotations/captions_train2017.json",
    "physical_keys": [
        "s3://quilt-ml-data/data/raw/annotations/captions_train2017.json?versionId=UtzkAN8FP4irtroeN9bfYP1yKzX7ko3G"
    ],
    "size": 91865115,
    "hash": {"type": "SHA256", "value": "4b62086319480e0739ef390d04084515defb9c213ff13605a036061e33314317"},
    "meta": {},
}
HEADER = {"version": "v0"}


def line(key: str, **more: Any) -> dict[str, Any]:
    return {"logical_key": key, "physical_keys": ["s3://b/k"], "size": 1, "hash": COCO["hash"], "meta": {}} | more


def manifest(*lines: Any) -> bytes:
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines).encode()


def said(content: bytes) -> list[Any]:
    return [found.said for found in read([content])]


def problems(*lines: Any, expected: str | None = None) -> list[str]:
    content = manifest(*lines)
    found = verify(lambda: [content], expected)
    assert found.verified == (not found.problems)
    return found.problems


def test_a_real_entry_is_read_and_has_the_top_hash_that_its_definition_says():
    content = manifest(HEADER, COCO)
    header, entry = said(content)
    assert isinstance(header, Header) and isinstance(entry, Entry)
    assert (entry.logical_key, entry.size, entry.hash.type, entry.metadata) == (
        "annotations/captions_train2017.json",
        91865115,
        "SHA256",
        {},
    )
    parts = [HEADER, {name: value for name, value in COCO.items() if name != "physical_keys"}]
    canonical = "".join(json.dumps(part, sort_keys=True, separators=(",", ":")) for part in parts)
    expected = hashlib.sha256(canonical.encode()).hexdigest()
    found = verify(lambda: [content], expected)
    assert found.verified and found.top_hash == expected and (found.entries, found.total_bytes) == (1, 91865115)


def test_the_header_says_what_it_says():
    header = {"version": "v0", "message": "first", "user_meta": None, "workflow": {"id": "alpha"}, "top_hash": "old"}
    [found] = said(manifest(header))
    assert (found.message, found.user_meta, found.workflow) == ("first", {}, {"id": "alpha"})
    del header["top_hash"]
    assert top_hash(found, list) == verify(lambda: [manifest(header)]).top_hash


def test_unknown_fields_and_unknown_hash_types_are_kept():
    content = manifest(HEADER, line("a", hash={"type": "BLAKE9", "value": "x"}, colour="red"))
    found = list(read([content]))[1]
    assert found.said.hash == Hash("BLAKE9", "x") and json.loads(found.raw)["colour"] == "red"
    assert content[found.offset :].startswith(found.raw)


def test_metadata_of_a_directory_is_no_entry_and_not_part_of_the_top_hash():
    directory = {"logical_key": "a/", "meta": {"x": 1}}
    assert said(manifest(HEADER, directory, line("a/b")))[1] == Metadata("a/", {"x": 1})
    assert verify(lambda: [manifest(HEADER, directory, line("a/b"))]).top_hash == (
        verify(lambda: [manifest(HEADER, line("a/b"))]).top_hash
    )


@given(st.permutations(["a", "a-b", "a b", "ab/c", "ab/c-d", "b", "é", "🧬/x", "\ud7ff", "\uffff", "Z", "c\0d", "c/d"]))
def test_the_order_of_the_entries_does_not_matter(keys):
    entries = [Entry(key, ["s3://b/k"], 1, Hash("SHA256", "00")) for key in keys]
    in_tree_order = sorted(entries, key=lambda entry: entry.logical_key.split("/"))
    assert top_hash(Header(HEADER), lambda: entries) == top_hash(Header(HEADER), lambda: in_tree_order)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "line 1: the manifest is empty"),
        ([COCO], "line 1: the header is missing"),
        ([{"version": "v9"}], "line 1: the version is 'v9'"),
        (["[1]"], "line 1: the header is not a JSON object"),
        ([HEADER, "not JSON"], "line 2: not JSON"),
        ([HEADER, line("a"), "[]"], "line 3: not a JSON object"),
        ([HEADER, '{"logical_key": "a", "physi'], "line 2: not JSON"),
        ([HEADER, line("a", size="3")], "line 2: the size is '3', not a number"),
        ([HEADER, line("a", size=-3)], "line 2: the size of 'a' is -3"),
        ([HEADER, line("a", size=None)], "line 2: the size of 'a' is None"),
        ([HEADER, line("a", hash=None)], "line 2: 'a' has no hash"),
        ([HEADER, line("a", hash="x")], "line 2: the hash is 'x'"),
        ([HEADER, line(7)], "line 2: the logical key is 7"),
        ([HEADER, line("")], "line 2: the logical key '' is no path"),
        ([HEADER, line("/a")], "line 2: the logical key '/a' is no path"),
        ([HEADER, line("a\0")], "line 2: the logical key 'a\\x00' is no path"),
        ([HEADER, line("a/../../b")], "line 2: the logical key 'a/../../b' leads out"),
        ([HEADER, line("a"), line("a")], "two entries have the logical key 'a'"),
        ([HEADER, line("b"), line("a"), line("b")], "two entries have the logical key 'b'"),
        ([HEADER, line("a"), line("a/b")], "'a' is a file and, in 'a/b', a directory"),
        ([HEADER, line("b"), line("a/b"), line("a")], "'a' is a file and, in 'a/b', a directory"),
        ([HEADER, '{"logical_key": "a", "meta": ' + "[" * 100_000], "line 2: "),
    ],
)
def test_each_fault_is_named_with_its_line(lines, problem):
    assert any(found.startswith(problem) for found in problems(*lines)), problems(*lines)


def test_a_manifest_whose_name_is_not_its_top_hash_is_not_verified():
    assert "its name says 0000" in problems(HEADER, line("a"), expected="0000")[0]


def test_faulty_lines_cost_their_neighbours_nothing():
    found = verify(lambda: [manifest(HEADER, line("a"), "not JSON", line("b"))])
    assert found.entries == 2 and found.top_hash is None and not found.verified


@pytest.mark.parametrize("end", [1, 10, 30])
def test_a_manifest_that_breaks_off_is_told(end):
    content = gzip.compress(manifest(HEADER, *(line(f"{number:03}") for number in range(100))))
    assert verify(lambda: [content]).verified
    assert "gzip" in verify(lambda: [content[:-end]]).problems[-1]


def test_a_line_that_never_ends_is_not_read_into_memory():
    tracemalloc.start()
    found = list(read(b" " * 2**20 for _ in range(LONGEST_LINE // 2**20 * 4)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(found[-1].said, LineFault) and "longer than" in str(found[-1].said)
    assert peak < 4 * LONGEST_LINE


@pytest.mark.parametrize(
    ("content", "fault"), [(b" ", "200 times"), (b"\n", "lines cannot be read"), (b"{}\n" * 9, "lines cannot")]
)
def test_what_unpacks_to_a_thousand_times_its_size_ends_soon(content, fault):
    packed = gzip.compress(content * (2**25 // len(content)))
    tracemalloc.start()
    found = list(read([packed]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fault in str(found[-1].said) and len(found) <= MOST_FAULTS + 2
    assert peak < 4 * LONGEST_LINE


def test_gzip_that_unpacks_to_more_than_any_manifest_ends():
    line = b'{"logical_key": "' + b"a" * 10_000 + b'", "physical_keys": ["x"], "size": 1, "hash": null, "meta": {}}\n'
    found = list(read([gzip.compress(b'{"version": "v0"}\n' + line * 5_000)]))
    assert "200 times its size" in str(found[-1].said)


@given(st.data())
def test_however_the_bytes_are_cut_the_lines_are_the_same(data):
    content = manifest(HEADER, line("a", meta={"é": "🧬"}), {"logical_key": "b/", "meta": 1}, line("b/c"))
    packed = data.draw(st.booleans())
    stream = gzip.compress(content) if packed else content
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [found.raw for found in read(pieces)] == content.splitlines()


METADATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text("ab-é/", min_size=1, max_size=5).filter(lambda k: "/" not in k), METADATA, max_size=6))
def test_what_is_written_is_read_with_the_same_top_hash(found):
    header = Header({"version": "v0", "message": "é", "user_meta": {"n": 1}})
    entries = [Entry(key, ["s3://b/k"], 2**60, Hash("SHA256", "00"), meta) for key, meta in found.items()]
    lines = list(write(header, [Metadata("d/", {"x": 1})], entries))
    verification = verify(lambda: lines)
    assert verification.top_hash == top_hash(header, lambda: entries) and verification.verified
    assert [each.said.metadata for each in read(lines) if isinstance(each.said, Entry)] == list(found.values())


def test_metadata_that_json_cannot_hold_is_refused_when_written():
    with pytest.raises(ValueError, match="JSON"):
        list(write(Header(HEADER), [], [Entry("a", ["s3://b/k"], 1, None, {"x": float("nan")})]))


def test_metadata_is_kept_as_it_stands_until_it_is_asked_for():
    [_, entry] = said(manifest(HEADER, line("a", meta={"x": 2**70})))
    assert isinstance(entry.meta, msgspec.Raw) and entry.metadata == {"x": 2**70}
