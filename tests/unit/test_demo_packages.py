"""The demo's files from data packages: real ones of many kinds, and a plan that fits them."""

import importlib.metadata
from collections import Counter

import pytest

from bucketdex.cli.demo.packages import COPIES, PackageMissing, packaged
from bucketdex.cli.demo.plan import plan_for_packages


def test_there_are_hundreds_of_real_files_of_many_kinds():
    kinds = Counter(file.path.suffix for file in packaged())
    assert kinds.total() > 300
    assert {".csv", ".json", ".ipynb", ".png", ".rst"} <= kinds.keys()


def test_keys_are_unique_and_some_are_as_people_make_them():
    keys = [file.key for file in packaged()]
    assert len(keys) == len(set(keys))
    assert all(any(mark in key for key in COPIES) for mark in (" ", "+", "%", "(", "é", "🐧"))


def test_what_the_plan_expects_is_among_the_files():
    plan = plan_for_packages()
    keys = {file.key for file in plan.files}
    for search in (*plan.searches, plan.deletion):
        assert search.expected and set(search.expected) <= keys
    assert plan.overwriting.old.encode() not in plan.overwriting.body()
    assert plan.overwriting.new.encode() in plan.overwriting.body()
    assert plan.overwriting.file.key not in plan.deletion.expected


def test_the_package_is_made_of_the_files_and_says_of_them_what_is_so():
    packaging = plan_for_packages().packaging
    assert {it.logical_key for it in packaging.files} == {"penguins.csv", "penguins-raw.csv"}
    for it in packaging.files:
        assert len(it.file.path.read_text().splitlines()) == 1 + it.metadata["rows"]
    curated = packaging.files[0].file.path.read_text()
    assert all(species in curated for species in packaging.metadata["species"])
    assert {int(line.rpartition(",")[2]) for line in curated.splitlines()[1:]} == set(packaging.metadata["years"])


def test_metadata_is_ascii_as_s3_takes_it():
    assert all(value.isascii() for file in packaged() for value in file.metadata.values())


def test_a_missing_package_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch):
    def absent(name: str) -> importlib.metadata.Distribution:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(PackageMissing, match=r"make setup.*--data FOLDER"):
        packaged()
