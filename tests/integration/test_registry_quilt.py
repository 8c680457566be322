"""What we build the reference client reads, and the reverse, with equal top hashes."""

import json
import os
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parts
from bucketdex import Package, list_package_versions, list_packages

pytestmark = parts.requires("quilt")
PROGRAM = parts.ROOT / "tests/integration/quilt_registry.py"
HANDLE = "lab/plates"


class Quilt:
    """The reference client, in a process of its own: it takes a second to start."""

    def __init__(self, home) -> None:
        silent = os.environ | {"QUILT_DISABLE_USAGE_METRICS": "1", "HOME": str(home), "XDG_DATA_HOME": str(home)}
        self.process = subprocess.Popen(
            [parts.QUILT / "bin/python", "-W", "ignore", PROGRAM],
            env=silent, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def ask(self, *question: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the reference client ended at {question}"
        return json.loads(line)


@pytest.fixture(scope="module")
def quilt(tmp_path_factory):
    found = Quilt(tmp_path_factory.mktemp("quilt"))
    yield found
    found.process.stdin.close()
    found.process.wait(10)


def told(package: Package) -> dict[str, Any]:
    return {
        "top_hash": package.top_hash,
        "meta": package.meta,
        "message": package.message,
        "directories": {it.logical_key: it.meta for it in package.directory.metadata()},
        "entries": {
            key: [it.physical_key, it.size, {"type": it.hash.type, "value": it.hash.value}, it.meta]
            for key, it in package.walk()
            if it.hash
        },
    }


NAME = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=4).filter(
    lambda name: name not in {".", ".."}
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAME, inner, max_size=2), max_leaves=4,
)  # fmt: skip
META = st.dictionaries(NAME, JSON, max_size=2)
KEYS = st.lists(st.lists(NAME, min_size=1, max_size=3).map("/".join), max_size=6, unique=True).map(
    lambda keys: [key for key in keys if not any(other.startswith(f"{key}/") for other in keys)]
)


@settings(max_examples=40)
@given(st.data(), KEYS, META, st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
def test_each_reads_what_the_other_builds_of_the_same(quilt, tmp_path_factory, data, keys, meta, message):
    folder = tmp_path_factory.mktemp("round")
    files = []
    for number, key in enumerate(keys):
        (folder / str(number)).write_bytes(data.draw(st.binary(max_size=20)))
        files.append((key, str(folder / str(number)), data.draw(st.none() | META)))
    package = Package().set_meta(meta)
    for file in files:
        package.set(*file)
    ours = package.build(HANDLE, folder / "ours", message=message)
    theirs = quilt.ask("build", HANDLE, str(folder / "theirs"), message, meta, [], files)
    assert ours == theirs["top_hash"] and told(package) == theirs
    assert quilt.ask("browse", HANDLE, str(folder / "ours")) == theirs
    found = Package.browse(HANDLE, folder / "theirs")
    assert told(found) == theirs and found.origin and found.origin.verified
    for key in found:
        if "/" not in key and isinstance(inner := found[key], Package):
            inner.set_meta({"of": key})
    assert found.build(HANDLE, folder / "again", message=message) == ours
    assert quilt.ask("browse", HANDLE, str(folder / "again")) == told(found)


FOLDER = ["a.log", "a.txt", "build/x.o", "src/build/y.o", "src/a.log", "src/deep/a.txt", ".git/config", "é b#?%41.txt"]


@pytest.mark.parametrize(
    "rules", [None, "", "*.log", "build/\n.git", "src", "src/*.log", "*/", "?.txt\n\n# a comment", "deep/a.txt", "*"]
)
def test_a_folder_is_taken_as_the_reference_client_takes_it(quilt, tmp_path, rules):
    data = tmp_path / "d"
    for key in FOLDER:
        (data / key).parent.mkdir(parents=True, exist_ok=True)
        (data / key).write_text(key)
    if rules is not None:
        (data / ".quiltignore").write_text(rules)
    theirs = quilt.ask("build", HANDLE, str(tmp_path / "theirs"), "m", {"n": 1}, [("in/it", str(data))], [])
    package = Package().set_dir("in/it", data).set_meta({"n": 1})
    assert package.build(HANDLE, tmp_path / "ours", message="m") == theirs["top_hash"] and told(package) == theirs


@pytest.mark.parametrize("meta", [None, {"n": 1}])
@pytest.mark.parametrize("path", ["/", ".", "in/it"])
def test_the_same_calls_make_the_same_top_hash(quilt, tmp_path, path, meta):
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/e/f").write_text("f")
    theirs = quilt.ask("build", HANDLE, str(tmp_path / "theirs"), None, meta, [(path, str(tmp_path / "d"))], [])
    package = Package().set_dir(path, tmp_path / "d")
    if meta is not None:
        package.set_meta(meta)
    assert package.build(HANDLE, registry=tmp_path / "ours") == theirs["top_hash"] and told(package) == theirs


def test_a_registry_of_the_reference_client_is_ours_too(quilt, tmp_path):
    (tmp_path / "f").write_text("f")
    theirs = [
        quilt.ask("build", HANDLE, str(tmp_path / "r"), m, {}, [], [("f", str(tmp_path / "f"), None)]) for m in "ab"
    ]
    assert list(list_packages(tmp_path / "r")) == [HANDLE]
    assert list_package_versions(HANDLE, tmp_path / "r")[-1].top_hash == theirs[1]["top_hash"]
    assert Package.browse(HANDLE, tmp_path / "r")["f"].get_bytes() == b"f"
