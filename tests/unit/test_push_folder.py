"""Pushes and builds into a folder: what a revision relies on is not put over, whoever else writes."""

import os
import threading
import warnings
from pathlib import Path

import pytest

from bucketdex import Package
from bucketdex.manifest import Hash
from bucketdex.registry import revisions
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.foreign import Foreign
from bucketdex.registry.making.recording import KeptManifestWarning, put_manifest
from bucketdex.registry.pushing.folder_copies import FolderCopies
from bucketdex.registry.storage import storage_of

HANDLE = "lab/plates"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BUCKETDEX_STATE", str(tmp_path / "state"))


@pytest.fixture
def registry(tmp_path: Path):
    return storage_of(tmp_path / "registry")


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "f").write_text(text)
    return path


@pytest.mark.parametrize("links", [True, False])
def test_two_pushes_at_once_both_keep_their_bytes(registry, tmp_path, monkeypatch, links):
    both, waited = threading.Barrier(2), set()
    key = FolderCopies._key

    def together(self, source, value):
        found = key(self, source, value)
        if source.path not in waited:
            waited.add(source.path)
            both.wait(10)
        return found

    def refused(*_):
        raise OSError(1, "no links here")

    monkeypatch.setattr(FolderCopies, "_key", together)
    if not links:
        monkeypatch.setattr(os, "link", refused)
    pushed: dict[str, str] = {}

    def push(text: str) -> None:
        made = Package().set_dir("/", folder(tmp_path / text, text))
        pushed[text] = made.push(HANDLE, registry, message=text, force=True).top_hash

    threads = [threading.Thread(target=push, args=(text,)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {*pushed} == {"one", "two"}
    for text, top_hash in pushed.items():
        assert Package.browse(HANDLE, registry, top_hash)["f"].get_bytes() == text.encode()


def test_a_build_does_not_take_the_data_of_a_pushed_revision(registry, tmp_path):
    data = folder(tmp_path / "data", "one")
    pushed = Package().set_dir("/", data).push(HANDLE, registry, message="m").top_hash
    with pytest.warns(KeptManifestWarning, match=r"names better places .* stays as it is"):
        assert Package().set_dir("/", data).build(HANDLE, registry, message="m") == pushed
    (data / "f").write_text("two")
    assert Package.browse(HANDLE, registry, pushed)["f"].get_bytes() == b"one"


def test_a_push_takes_the_place_of_a_build(registry, tmp_path):
    data = folder(tmp_path / "data", "one")
    built = Package().set_dir("/", data).build(HANDLE, registry, message="m")
    told = Package().set_dir("/", data).push(HANDLE, registry, message="m")
    assert told.top_hash == built and told.uploaded == 1 and not told.unchanged
    (data / "f").write_text("two")
    assert Package.browse(HANDLE, registry, built)["f"].get_bytes() == b"one"


OWN, FOREIGN, LATEST, DISK = "{registry}/f", "s3://b/f?versionId=v", "s3://b/f", "file:///elsewhere/f"


@pytest.mark.parametrize(
    ("there", "new", "outcome", "forced"),
    [
        (OWN, OWN, "same", "same"),
        (OWN, FOREIGN, "kept", "written"),
        (OWN, DISK, "kept", "kept"),
        (FOREIGN, DISK, "kept", "kept"),
        (FOREIGN, LATEST, "kept", "written"),
        (FOREIGN, "s3://b/f?versionId=w", "written", "written"),
        (FOREIGN, OWN, "written", "written"),
        (LATEST, FOREIGN, "written", "written"),
        (DISK, LATEST, "written", "written"),
        (DISK, "file:///elsewhere/g", "written", "written"),
    ],
)
def test_a_manifest_gives_way_only_to_one_that_serves_as_well(registry, there, new, outcome, forced):
    def manifest(address: str) -> tuple[str, bytes]:
        from bucketdex.registry.making.building import manifest_of

        address = address.format(registry=registry.uri)
        package = Package().set("f", Entry(address, 1, Hash("SHA256", "0" * 64)))
        return package.top_hash, b"".join(manifest_of(package.header(), package.directory))

    found, old = manifest(there)
    assert manifest(new)[0] == found
    for force, expected in ((False, outcome), (True, forced)):
        registry.write(f".quilt/packages/{found}", old)
        assert put_manifest(registry, found, manifest(new)[1], force=force) == expected
        held = registry.read(f".quilt/packages/{found}")
        assert held == (manifest(new)[1] if expected == "written" else old)
    registry.write(f".quilt/packages/{found}", old[:-1] + b"x")  # damaged: whatever is right is better
    assert put_manifest(registry, found, manifest(new)[1]) == "written"


def test_a_file_of_another_machine_is_not_built_into_one_of_this(registry, tmp_path):
    data = folder(tmp_path / "data", "secret")
    address = Foreign((data / "f").as_uri())
    package = Package().set("f", Entry(address, 6, Hash("OTHER", "x")))  # as a manifest in a bucket has it
    for made in (package, package.filter(lambda *_: True), Package().set("g", package["f"])):
        with pytest.raises(PackageError, match="on the disk of who pushed"):
            made.build(HANDLE, registry, message="m")
    assert revisions.latest(registry, HANDLE) is None


def test_junk_in_latest_is_pushed_over_by_force_only(registry, tmp_path):
    data = folder(tmp_path / "data", "one")
    Package().set_dir("/", data).push(HANDLE, registry, message="m")
    registry.write(f".quilt/named_packages/{HANDLE}/latest", b"junk")
    with pytest.raises(PackageError, match="should hold a top hash"):
        Package().set_dir("/", data).push(HANDLE, registry, message="m2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = Package().set_dir("/", data).push(HANDLE, registry, message="m2", force=True)
    assert revisions.resolve(registry, HANDLE) == told.top_hash
