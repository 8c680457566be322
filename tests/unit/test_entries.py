"""The documents of a manifest's entries: the quick way and the other say the same, and everything fits the index."""

import json
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.index.ids import object_id
from bucketdex.index.mappings import ENTRY
from bucketdex.index.pairs import MOST_PAIRS, flattened, named
from bucketdex.manifest import Entry
from bucketdex.manifest.layout import physical, pointed_at, s3_uri
from bucketdex.manifest.lines import entry as parsed
from bucketdex.manifest.quick import match
from bucketdex.packages.entry import EntryWriter, reduced

WRITER = EntryWriter("registry", "ab" * 32, 7)
names = st.text(st.sampled_from(string.ascii_letters + './- _%+#?&"\\é🧬\0\ud800'), min_size=1, max_size=12)
addresses = st.one_of(
    st.builds(
        s3_uri, st.sampled_from(["b", "my.b-1"]), names.filter(str.isprintable), st.sampled_from([None, "v.1_x-"])
    ),
    st.sampled_from(["file:///tmp/x", "https://host/x", "s3://", "s3://b", "s3://b/k?versionId=a%2Bb", "s3://b/k#f?x"]),
    names,
)  # fmt: skip
entries = st.fixed_dictionaries({
    "logical_key": names,
    "physical_keys": st.lists(addresses, min_size=1, max_size=2),
    "size": st.one_of(st.integers(-1, 2**70), st.floats(0, 10), st.none()),
    "hash": st.one_of(
        st.none(), st.fixed_dictionaries({"type": st.sampled_from(["SHA256", "é", 'x"']), "value": names})
    ),
    "meta": st.sampled_from([{}, {"a": {"b": 1}}, None, {"é\ud800": "\ud800"}, [1], "text"]),
})  # fmt: skip


def document(line: str) -> tuple[bytes, dict]:
    found = parsed(line.encode())
    assert isinstance(found, Entry)
    identity, text = WRITER.document(found)
    return identity, msgspec.json.decode(text)


@given(entries, st.booleans())
def test_the_quick_way_says_what_the_other_says(entry, ascii_only):
    line = json.dumps(entry, ensure_ascii=ascii_only).encode("utf-8", "replace")
    if not (found := match(line)):
        return
    identity, text = WRITER.plain_document(found)
    assert (identity, msgspec.json.decode(text)) == document(line.decode())


def test_a_line_as_clients_write_it_goes_the_quick_way():
    line = {
        "logical_key": "a/x.csv.gz", "physical_keys": ["s3://b/data/a/x.csv.gz?versionId=v1"], "size": 5,
        "hash": {"type": "SHA256", "value": "ab"}, "meta": {},
    }  # fmt: skip
    found = match(json.dumps(line).encode())
    assert found
    identity, text = WRITER.plain_document(found)
    assert msgspec.json.decode(text) == {
        "bucket": "registry", "top_hash": "ab" * 32, "epoch": 7, "logical_key": "a/x.csv.gz", "name": "x.csv.gz",
        "physical_key": "s3://b/data/a/x.csv.gz?versionId=v1",
        "physical": {"bucket": "b", "key": "data/a/x.csv.gz", "version_id": "v1"},
        "object": object_id("b", "data/a/x.csv.gz"), "size": 5, "hash": {"type": "SHA256", "value": "ab"},
        "extensions": [".gz", ".csv.gz"],
    }  # fmt: skip
    assert identity.decode() == object_id("registry", "ab" * 32 + "/a/x.csv.gz")


@given(entries)
def test_every_document_fits_the_mapping_and_names_its_object(entry):
    _, found = document(json.dumps(entry))
    assert found.keys() <= ENTRY["properties"].keys()
    assert json.dumps(found).encode()
    if where := physical(entry["physical_keys"][0]):
        assert found["object"] == object_id(where.bucket, where.key)


@given(names.filter(str.isprintable), st.one_of(st.none(), names.filter(str.isprintable)))
def test_an_address_is_read_as_it_was_written(key, version):
    assert physical(s3_uri("b", key, version)) == ("b", key, version)


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"user_meta": {"state": "raw", "plate": {"well": "B7"}}, "by": "x"}, ["state=raw", "plate.well=B7", "by=x"]),
        ({"user_meta": {"by": "ada"}, "by": "x"}, ["by=ada", "by=x"]),
        ({"user_meta": "text", "n": 1}, ["user_meta=text", "n=1"]),
    ],
)
def test_metadata_has_the_names_that_were_given(meta, expected):
    line = json.dumps({"logical_key": "a", "physical_keys": ["s3://b/a"], "size": 1, "hash": None, "meta": meta})
    _, told = document(line)
    assert told["metadata"] == expected


@pytest.mark.parametrize("entry", [{"a": "x" * 10_000_000}, {str(n): n for n in range(50_000)}])
def test_metadata_is_bounded_whatever_its_size(entry):
    pairs, whole = flattened("metadata", entry)
    assert len(pairs) <= MOST_PAIRS and len(msgspec.json.encode([pairs, named(pairs)])) < 1_000_000
    assert whole == (len(entry) == 1)


def test_metadata_a_thousand_levels_deep_is_cut():
    deep: dict = {}
    for _ in range(1000):
        deep = {"a": deep}
    pairs, whole = flattened("metadata", {"b": 1, **deep})
    assert [pair.name for pair in pairs] == ["b"] and not whole


def test_values_are_typed():
    pairs, _ = flattened("metadata", {"n": 2.5, "s": "2026-01-02", "t": True, "many": [1, "x"], "none": None})
    told = [(pair.name, pair.keyword, pair.number, pair.date, pair.boolean) for pair in pairs]
    assert told == [
        ("n", "2.5", 2.5, None, None), ("s", "2026-01-02", None, "2026-01-02T00:00:00", None),
        ("t", "true", None, None, True), ("many", "1", 1.0, None, None), ("many", "x", None, None, None),
    ]  # fmt: skip


def test_what_is_refused_goes_reduced():
    _, text = WRITER.document(Entry("k", ["s3://b/k"], 1, None, {"a": 1}))
    bare = msgspec.json.decode(reduced(text, "too odd"))
    assert "metadata" not in bare and "pairs" not in bare and "too odd" in bare["problem"] and "hash" in bare["problem"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"ab" * 32, "ab" * 32), (b"AB" * 32 + b"\r\n", "ab" * 32), (b"ab" * 31, None), (b"", None),
        (b"zz" * 32, None), (b"\xff" * 64, None), (b"ab" * 32 + b" x", None),
    ],
)  # fmt: skip
def test_a_pointer_holds_a_top_hash_and_nothing_else(content, found):
    assert pointed_at(content) == found
