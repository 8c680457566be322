"""Manifests that packages are read from: cut off, senseless, old, odd, and whatever else they may hold."""

import json
import tracemalloc
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex import Package
from bucketdex.manifest import Hash, verify
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.loading import UnverifiedWarning
from bucketdex.registry.tree import MOST_LEVELS

HANDLE = "lab/plates"


@pytest.fixture
def registry(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_REGISTRY", str(tmp_path / "registry"))
    return tmp_path / "registry"


def keys(package):
    return [key for key, _ in package.walk()]


def manifest_path(registry, top_hash):
    return registry / ".quilt/packages" / top_hash


LINES = [
    {"version": "v0", "message": None},
    {"logical_key": "a/", "meta": {"n": 1}},
    {"logical_key": "a/b", "physical_keys": ["s3://b/k"], "size": 1, "hash": {"type": "x", "value": "0"}, "meta": {}},
    {"logical_key": "c", "physical_keys": ["s3://b/l"], "size": 2, "hash": None, "meta": {"x": [1]}},
]  # fmt: skip


def registered(registry, text: str) -> str:
    name = verify(lambda: [text.encode()]).top_hash or "0" * 64
    manifest_path(registry, name).parent.mkdir(parents=True, exist_ok=True)
    manifest_path(registry, name).write_text(text)
    return name


def browse(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedWarning)
        return Package.browse(HANDLE, top_hash=name)


def test_a_manifest_that_is_cut_off_is_refused_by_its_line(registry):
    text = "".join(json.dumps(line) + "\n" for line in LINES)
    ends = [number for number in range(1, len(text)) if text[number - 1] != "\n" and text[number] != "\n"]
    for end in ends[:: max(1, len(ends) // 40)]:
        name = registered(registry, text[:end])
        line = text[:end].count("\n") + 1
        with pytest.raises(PackageError, match=f"line {line}: .* cut off or damaged"):
            Package.browse(HANDLE, top_hash=name)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ([LINES[2]], "line 5: there is another entry 'a/b'"),
        ([LINES[2] | {"logical_key": "c/d"}], "line 5: 'c' on the way to 'c' is a file"),
        ([LINES[2] | {"logical_key": "a"}], "line 5: there is another entry 'a'"),
        (["x"], "line 5: not a JSON object"),
        ([LINES[2] | {"size": "1"}], "line 5: the size is '1'"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused_by_its_line(registry, more, reason):
    name = registered(registry, "".join(json.dumps(line) + "\n" for line in LINES + more))
    with pytest.raises(PackageError, match=reason):
        browse(name)


def test_a_manifest_that_lost_its_last_lines_is_told(registry, tmp_path):
    (tmp_path / "f").write_text("f")
    name = Package().set("f", tmp_path / "f").set("g", tmp_path / "f").build(HANDLE)
    path = manifest_path(registry, name)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.warns(UnverifiedWarning, match=r"has the top hash .* its end is missing"):
        found = Package.browse(HANDLE)
    assert found.origin and not found.origin.verified


@pytest.mark.parametrize("odd", [["../x", "/abs", "a//b", "con.txt", "back\\slash", "dir/..", "e/"], [""], ["\0", "a"]])
def test_what_old_manifests_hold_is_read_though_it_could_not_be_set(registry, odd):
    lines = [LINES[0], *(LINES[2] | {"logical_key": key} for key in odd)]
    name = registered(registry, "\n".join(json.dumps(line) for line in lines))
    found = browse(name)
    assert sorted(keys(found)) == sorted(odd) == sorted(keys(found.filter(lambda *_: True)))


def test_files_whose_names_lead_out_of_a_folder_are_not_fetched(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_STATE", str(tmp_path / "state"))
    address = (tmp_path / "f").as_uri()
    (tmp_path / "f").write_text("f")
    lines = [LINES[0], LINES[2] | {"logical_key": "../out", "physical_keys": [address]}]
    found = browse(registered(registry, "\n".join(json.dumps(line) for line in lines)))
    with pytest.raises(PackageError, match=r"\.\./out.*a part of it is empty, \. or \.\."):
        found.fetch(tmp_path / "to")
    assert not (tmp_path / "out").exists()


NAME = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
    lambda name: name not in {".", ".."}
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3), max_leaves=5,
)  # fmt: skip
META = st.dictionaries(NAME, JSON, max_size=3)
ENTRIES = st.dictionaries(st.lists(NAME, min_size=1, max_size=3).map("/".join), st.none() | META, max_size=8)


@given(ENTRIES, META, st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
def test_a_round_trip_keeps_all(tmp_path_factory, entries, meta, message):
    registry = tmp_path_factory.mktemp("registry")
    package = Package().set_meta(meta)
    for number, (key, own) in enumerate(entries.items()):
        entry = Entry(f"s3://b/{number}?versionId=v", number, Hash("SHA256", f"{number:064x}"))
        try:
            package.set(key, entry, own)
        except PackageError:  # a file where there is a directory, or the reverse
            continue
        if "/" in key and own:
            package[key.rpartition("/")[0]].set_meta(own)
    top_hash = package.build(HANDLE, registry, message=message)
    found = Package.browse(HANDLE, registry)
    assert found.top_hash == top_hash and found.message == message and found.meta == meta
    assert list(found.walk()) == list(package.walk())
    assert list(found.directory.metadata()) == list(package.directory.metadata())
    assert found.build(HANDLE, registry, message=message) == top_hash and found.diff(package) == ([], [], [])


def test_a_key_with_more_levels_than_any_has_is_refused_by_its_line(registry):
    def named(levels: int, first: str = "d") -> str:
        line = LINES[2] | {"logical_key": "/".join([first] + ["d"] * levels)}
        return registered(registry, json.dumps(LINES[0]) + "\n" + json.dumps(line) + "\n")

    assert keys(browse(named(MOST_LEVELS)))[0].count("/") == MOST_LEVELS
    with pytest.raises(PackageError, match=r"line 2: 'd/d.*deeper than"):
        browse(named(MOST_LEVELS + 1))
    name = named(MOST_LEVELS, "n" * 100_000)
    tracemalloc.start()
    try:
        browse(name)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000  # the path is not held once for each level
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("meta", ["1" * 5000, '{"a":' * 100_000 + "1" + "}" * 100_000])
def test_metadata_that_python_cannot_read_are_told_with_their_entry(registry, meta):
    lines = [json.dumps(LINES[0]), *(json.dumps(LINES[2] | {"logical_key": key, "meta": 0}) for key in "ab")]
    name = registered(registry, "\n".join(lines).replace('"meta": 0', f'"meta": {{"n": {meta}}}'))
    with pytest.raises(PackageError, match=r"(entry 'a'|line 2)"):
        browse(name)
