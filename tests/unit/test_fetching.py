"""Files fetched into a folder, whatever the manifest says of them."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from bucketdex.hashing import SHA256, digest_of
from bucketdex.manifest import Hash
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.fetching.downloads import SCRATCH
from bucketdex.registry.fetching.install import fetch_all
from bucketdex.registry.fetching.names import NamesError, choose
from bucketdex.registry.package import Package

DATA = b"data"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKETDEX_STATE", str(tmp_path / "state"))


@pytest.fixture
def source(tmp_path: Path) -> Entry:
    path = tmp_path / "source"
    path.write_bytes(DATA)
    return Entry(path.as_uri(), len(DATA), Hash(SHA256, digest_of(SHA256, DATA)))


class Bucket:
    """As much of S3 as a large object needs; it is longer than its entry says."""

    size = 20_000_000

    def get_object(self, **asked: str) -> dict[str, Any]:
        first, last = map(int, asked["Range"].removeprefix("bytes=").split("-"))
        return {"Body": io.BytesIO(bytes(last - first + 1))}

    def head_object(self, **_: str) -> dict[str, Any]:
        return {"ContentLength": self.size, "ETag": '"e"'}


def test_a_part_of_a_large_object_is_not_taken_for_all_of_it(tmp_path: Path) -> None:
    s3: Any = Bucket()
    entry = Entry("s3://b/k?versionId=v", 9_000_000, Hash("of tomorrow", "x"))
    with pytest.raises(PackageError, match="has 20000000 bytes, its entry says 9000000"):
        fetch_all([("big", entry)], tmp_path / "dest", s3=s3)
    assert list((tmp_path / "dest").iterdir()) == []
    entry.size = Bucket.size
    assert fetch_all([("big", entry)], tmp_path / "dest", s3=s3).unverified == ["big"]


def test_hex_in_capitals_is_the_same_hash(tmp_path: Path, source: Entry) -> None:
    assert source.hash
    source.hash = Hash(SHA256, source.hash.value.upper())
    assert source.get_bytes() == DATA
    assert fetch_all([("a", source)], tmp_path / "dest").fetched == 1
    package = Package()
    package.directory.put("a", source)
    assert package.verify(tmp_path / "dest")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a").write_bytes(DATA)
    assert fetch_all([("a", source)], tmp_path / "other").kept == 1


@pytest.mark.parametrize("size", [-1, 2**63, 10**400, float("inf"), float("nan"), 1.5])
def test_a_size_that_no_file_has_is_refused(tmp_path: Path, size: float) -> None:
    with pytest.raises(PackageError, match="the manifest is damaged"):
        fetch_all([("a", Entry("s3://b/k?versionId=v", size, None))], tmp_path / "dest")


def test_nothing_is_made_behind_a_link_that_leads_out(tmp_path: Path, source: Entry) -> None:
    outside, dest = tmp_path / "outside", tmp_path / "dest"
    outside.mkdir()
    dest.mkdir()
    (dest / "link").symlink_to(outside)
    with pytest.raises(PackageError, match="is a link that leads out"):
        fetch_all([("link/new/deep/f", source)], dest)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("key", [SCRATCH, f"{SCRATCH}/1-2-3", f"{SCRATCH.upper()}/a"])
def test_a_file_may_have_the_name_of_the_scratch_folder(tmp_path: Path, source: Entry, key: str) -> None:
    dest = tmp_path / "dest"
    fetch_all([(key, source), (f"{SCRATCH}1", source)], dest)
    assert (dest / key).read_bytes() == (dest / f"{SCRATCH}1").read_bytes() == DATA
    fetch_all([("b", source)], dest)  # now it is there, and of no package
    assert (dest / "b").read_bytes() == (dest / key).read_bytes() == DATA


def test_files_are_made_within_the_folder_and_others_are_left_alone(tmp_path: Path, source: Entry) -> None:
    dest, outside = tmp_path / "dest", tmp_path / "outside"
    outside.mkdir()
    (dest / f"{SCRATCH}1").mkdir(parents=True)
    (dest / SCRATCH).symlink_to(outside)
    old = [dest / f"{SCRATCH}1" / name for name in ("1-2-3", "notes.txt")]
    for path in old:
        path.touch()
        os.utime(path, (0, 0))
    os.utime(outside, (0, 0))
    fetch_all([("a", source)], dest)
    assert [path.exists() for path in old] == [False, True]
    assert outside.stat().st_mtime == 0  # nothing was there for a while either


def test_names_that_windows_cannot_have_are_told_with_what_can_be_done(tmp_path: Path) -> None:
    with pytest.raises(NamesError) as refused:
        choose(["a:b", "c"], tmp_path, "portable")
    if os.name != "nt":
        assert refused.value.told("--names {}") == (
            "1 file has a name that Windows cannot have: 'a:b'. Nothing was fetched. "
            "--names here installs it on this machine, --names skip leaves it out"
        )
    with pytest.raises(
        NamesError, match=r"2 files of the package .*Nothing was fetched. names=\"skip\" leaves them out$"
    ):
        choose(["a:b", "../c"], tmp_path, "here" if os.name == "nt" else "portable")
