"""Logical keys, `.quiltignore`, and metadata from paths."""

import fnmatch
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bucketdex.registry.errors import PackageError
from bucketdex.registry.logical_keys import checked, fault, fault_on_disk
from bucketdex.registry.making.ignoring import ignored_by
from bucketdex.registry.making.path_patterns import taker


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/..", "a/../b", ".", "./a", "a\0b", "a\\b", "..\\a", "\ud800"]
)
def test_no_file_can_have_this_logical_key(key):
    assert fault(key) and fault_on_disk(key)
    with pytest.raises(PackageError, match="cannot be a logical key"):
        checked(key)


@pytest.mark.parametrize("key", ["a", "a/b", ".hidden", "..a", "a b", "é/🧬", "2020-01-01T00:00:00.csv", "a~", "-"])
def test_a_file_can_have_this_logical_key(key):
    assert fault(key) is None and checked(key) == key


@pytest.mark.parametrize("name", ["a:b", "aux", "AUX.txt", "con.tar.gz", "com1", "a.", "a ", "a?", "a*", "a|b", "a\tb"])
def test_windows_has_no_file_of_this_name(name):
    assert fault_on_disk(f"x/{name}", windows=True) and fault_on_disk(f"{name}/x", windows=True)
    assert fault_on_disk(name, windows=False) is None


def test_a_name_can_be_too_long_for_a_disk():
    assert fault_on_disk("x/" + "é" * 128) and fault_on_disk("é" * 127) is None


def reference(rules: list[str], path: str) -> bool:
    """As the reference client filters a folder that is the root of the disk."""
    file = PurePosixPath("/", path)
    for rule in rules:
        if fnmatch.fnmatch(str(file), f"*/{rule}"):
            return True
        for folder in list(file.parents)[:-1]:
            if fnmatch.fnmatch(f"{folder}/", f"*/{rule}") or fnmatch.fnmatch(str(folder), f"*/{rule}"):
                return True
    return False


NAMES = st.sampled_from(["a", "b", "ab", "a.log", ".git", "build", "é"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
RULES = st.sampled_from(["*.log", "a", "a/", "build/", "a/b", "a/*", "?", "[ab]b", ".git", "*/", "a*", "b/a/"])


@given(st.lists(RULES, max_size=3), PATHS)
@example(["build/"], "a/build/b")
@example(["build/"], "a/build")
@example(["a/*"], "b/a/b/ab")
def test_quiltignore_ignores_what_the_reference_client_ignores(rules, path):
    assert ignored_by("\n".join(rules))(path) == reference(rules, path)


def test_an_empty_quiltignore_ignores_nothing():
    assert not ignored_by("\n\n")("a") and not ignored_by("")("a/b")


def test_metadata_are_taken_from_a_path_with_their_types():
    take = taker("plate{plate:int}/well{well}.tif")
    assert take("plate7/wellB3.tif") == {"plate": 7, "well": "B3"}
    assert take("plate7/wellB3.png") is None and take("x/plate7/wellB3.tif") is None
    assert take("plateX/wellB3.tif") is None and take("plate7/sub/wellB3.tif") is None
    assert taker("{at:float}m.csv")("-1.5e3m.csv") == {"at": -1500.0}
    assert taker("{:path}/{sample}_R{read:int}.fastq.gz")("x/y/S1_A_R2.fastq.gz") == {"sample": "S1_A", "read": 2}
    assert taker("{above:path}/{}.txt")("a/b/c.txt") == {"above": "a/b"}
    assert taker("{{{name}}}.txt")("{x}.txt") == {"name": "x"}
    assert taker("a.c{n:int}+")("a.c1+") == {"n": 1} and taker("a.c{n:int}+")("abc1+") is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("plate{plate:int", "brace"), ("{plate:date}", "int"), ("{a b}", "no name"), ("{a}{a}", "twice"),
        ("plain.txt", "names nothing"), ("{}", "names nothing"), ("{a!r}", "has to be"), ("{a[0]}", "no name"),
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_read_says_why(pattern, reason):
    with pytest.raises(PackageError, match=reason):
        taker(pattern)


@given(st.integers(-(10**20), 10**20), st.text(st.characters(exclude_characters="/"), min_size=1))
def test_what_stands_in_a_path_comes_back(number, name):
    assert taker("{name}-{number:int}")(f"{name}-{number}") == {"name": name, "number": number} or "-" in name[-1:]
