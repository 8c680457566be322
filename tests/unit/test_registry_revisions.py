"""Revisions of packages in a registry: named, listed, resolved, deleted."""

import time

import pytest

import bucketdex
from bucketdex import Package
from bucketdex.manifest import Hash
from bucketdex.registry import revisions
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import AbsentError, MovedError, PackageError
from bucketdex.registry.making import recording
from bucketdex.registry.storage import ABSENT, storage_of

HANDLE = "lab/plates"


@pytest.fixture
def registry(tmp_path):
    return storage_of(tmp_path / "registry")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A second passes between two revisions."""
    now = [1_764_000_000.0]

    def tick() -> float:
        now[0] += 1
        return now[0]

    monkeypatch.setattr(time, "time", tick)


def package(number):
    return Package().set("a", Entry("s3://b/a", number, Hash("SHA256", f"{number:064x}")))


def build(registry, number, handle=HANDLE):
    return package(number).build(handle, registry, message=f"number {number}")


def test_packages_and_their_revisions_are_listed(registry):
    hashes = [build(registry, number) for number in range(3)]
    build(registry, 9, "a/z")
    assert list(bucketdex.list_packages(registry)) == ["a/z", HANDLE]
    found = bucketdex.list_package_versions(HANDLE, registry)
    assert [it.top_hash for it in found] == [*hashes, hashes[-1]] and found[-1].revision == "latest"
    revision, top_hash = found[0]
    assert found[0].created and found[0].created.timestamp() == int(revision) and top_hash == hashes[0]
    assert bucketdex.list_package_versions("lab/other", registry) == []
    assert list(bucketdex.list_packages(registry.root / "nothing")) == []


def test_a_revision_is_named_by_latest_its_time_or_how_its_top_hash_begins(registry):
    first, second = build(registry, 1), build(registry, 2)
    when = bucketdex.list_package_versions(HANDLE, registry)[0].revision
    for wanted, top_hash in {
        None: second,
        "latest": second,
        when: first,
        first: first,
        first[:6].upper(): first,
    }.items():
        found = Package.browse(HANDLE, registry, wanted)
        assert found.origin and found.origin.top_hash == top_hash == found.top_hash


@pytest.mark.parametrize("wanted", ["abc", "xyzxyz", "12345", "../../x", "-1"])
def test_what_names_no_revision_is_refused(registry, wanted):
    build(registry, 1)
    with pytest.raises(PackageError, match="is no revision of"):
        Package.browse(HANDLE, registry, wanted)


def test_a_revision_that_is_not_there_is_absent(registry):
    build(registry, 1)
    for wanted in ("0" * 64, "000000", "1700000000"):
        with pytest.raises(AbsentError):
            Package.browse(HANDLE, registry, wanted)
    with pytest.raises(AbsentError, match="there is no package lab/other"):
        Package.browse("lab/other", registry)


def test_the_prefix_of_several_is_ambiguous_unless_only_one_is_of_the_package(registry):
    own = build(registry, 1)
    other = own[:10] + "0" * 54
    registry.write(f".quilt/packages/{other}", b"{}")
    assert revisions.resolve(registry, HANDLE, own[:8]) == own
    registry.write(f".quilt/named_packages/{HANDLE}/1700000000", other.encode())
    with pytest.raises(PackageError, match=r"2 revisions .* give more of the top hash"):
        revisions.resolve(registry, HANDLE, own[:8])
    assert revisions.resolve(registry, HANDLE, own[:11]) == own


def test_a_pointer_may_end_with_a_newline_but_not_be_junk(registry):
    top_hash = build(registry, 1)
    registry.write(f".quilt/named_packages/{HANDLE}/latest", f"{top_hash}\n".encode())
    assert Package.browse(HANDLE, registry).top_hash == top_hash
    registry.write(f".quilt/named_packages/{HANDLE}/latest", b"<html>")
    with pytest.raises(PackageError, match=r"latest should hold a top hash, but holds b'<html>'"):
        Package.browse(HANDLE, registry)


def test_a_deleted_revision_moves_latest_back(registry):
    hashes = [build(registry, number) for number in range(3)]
    bucketdex.delete_package(HANDLE, registry, hashes[2][:8])
    assert Package.browse(HANDLE, registry).top_hash == hashes[1]
    bucketdex.delete_package(HANDLE, registry, hashes[0])
    assert [it.top_hash for it in bucketdex.list_package_versions(HANDLE, registry)] == [hashes[1], hashes[1]]
    bucketdex.delete_package(HANDLE, registry)
    assert list(bucketdex.list_packages(registry)) == []
    assert (registry.root / ".quilt/packages" / hashes[1]).exists()
    for top_hash in (None, hashes[0]):
        with pytest.raises(AbsentError, match="there is no"):
            bucketdex.delete_package(HANDLE, registry, top_hash)


def test_revisions_of_one_second_are_told_apart(registry, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_764_000_000.5)
    hashes = [build(registry, number) for number in (1, 2, 2, 3)]
    found = bucketdex.list_package_versions(HANDLE, registry)
    assert [it.top_hash for it in found] == [hashes[0], hashes[1], hashes[3], hashes[3]]
    assert [it.revision for it in found] == ["1764000000", "1764000001", "1764000002", "latest"]


def test_a_record_that_lost_the_race_leaves_no_pointer(registry):
    first = build(registry, 1)
    with pytest.raises(MovedError):
        recording.record(registry, HANDLE, "1" * 64, [b"{}"], ABSENT)
    assert {it.top_hash for it in bucketdex.list_package_versions(HANDLE, registry)} == {first}
    seen = revisions.latest(registry, HANDLE)
    assert seen and seen.top_hash == first
    recording.record(registry, HANDLE, "1" * 64, [b"{}"], seen.etag)
    assert revisions.resolve(registry, HANDLE) == "1" * 64 and revisions.latest(registry, "lab/other") is None


@pytest.mark.parametrize("older", [0, 1])
def test_a_push_that_happens_during_a_deletion_stays_the_latest(registry, monkeypatch, older):
    hashes = [build(registry, number) for number in range(older + 1)]
    listed = revisions.revisions
    pushed: list[str] = []

    def overtaken(storage, handle):
        found = listed(storage, handle)
        if not pushed:
            pushed.append(build(registry, 7))
        return found

    monkeypatch.setattr(revisions, "revisions", overtaken)
    revisions.delete(registry, HANDLE, hashes[-1])
    assert revisions.resolve(registry, HANDLE) == pushed[0]
    assert {it.top_hash for it in listed(registry, HANDLE)} == {*hashes[:-1], pushed[0]}


def test_files_that_are_no_pointers_block_nothing(registry):
    hashes = [build(registry, number) for number in range(3)]
    at = f".quilt/named_packages/{HANDLE}"
    registry.write(f"{at}/README", b"hello")
    registry.write(f"{at}/backup-of-old-pointer", hashes[0].encode())
    registry.write(f"{at}/1700000000", b"<html>")
    with pytest.warns(revisions.PointerWarning, match=r"1700000000 should hold a top hash.*left out"):
        found = bucketdex.list_package_versions(HANDLE, registry)
    assert [it.top_hash for it in found] == [*hashes, hashes[2]]
    with pytest.warns(revisions.PointerWarning):
        bucketdex.delete_package(HANDLE, registry, hashes[2])
    assert revisions.resolve(registry, HANDLE) == hashes[1]  # not what the backup names
    registry.write(f"{at}/latest", b"junk")
    with pytest.warns(revisions.PointerWarning):
        bucketdex.delete_package(HANDLE, registry, hashes[0])
    bucketdex.delete_package(HANDLE, registry)
    assert list(bucketdex.list_packages(registry)) == []
