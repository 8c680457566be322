"""Pushes into an S3: nothing moves twice, nothing half done shows, no other's revision is lost."""

import re
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bucketdex.cli.main import app
from bucketdex.hashing import SHA256, chunked
from bucketdex.manifest import Hash
from bucketdex.manifest.layout import pointer_key
from bucketdex.registry import revisions
from bucketdex.registry.errors import AbsentError, MovedError, PackageError
from bucketdex.registry.package import Package
from bucketdex.registry.pushing import journal
from bucketdex.registry.pushing.copy import copy_package
from bucketdex.registry.storage import storage_of
from emulated import Aws
from package_registries import HANDLE, contents, data, here, keys, of

__all__ = ["data", "here"]  # fixtures


def test_what_is_pushed_can_be_installed_byte_by_byte(here, data, tmp_path):
    bucket = here.bucket()
    pushed = of(data).set_meta({"plate": 7}).push(HANDLE, bucket, message="first")
    assert (pushed.uploaded, pushed.skipped, pushed.unchanged) == (34, 0, False)
    assert pushed.bytes == sum(map(len, contents(data).values()))
    installed = Package.install(HANDLE, bucket, dest=tmp_path / "there")
    assert contents(tmp_path / "there") == contents(data)
    assert installed.top_hash == pushed.top_hash and installed.meta == {"plate": 7}
    assert Path(installed["ü b/日本+%.txt"].get()).read_text() == "names"
    assert all("?versionId=" in entry.physical_key for _, entry in Package.browse(HANDLE, bucket).walk())
    assert not journal.journal_path(bucket, HANDLE).exists()


def test_pushing_the_same_again_writes_nothing(here, data):
    bucket = here.bucket()
    package = of(data)
    first = package.push(HANDLE, bucket, message="m")
    before = here.s3.list_object_versions(Bucket=bucket.name)["Versions"]
    for again in (package, of(data)):
        told = again.push(HANDLE, bucket, message="m")
        assert told.unchanged and told.top_hash == first.top_hash and told.skipped + told.referred == 34
        assert again.top_hash == told.top_hash and not again.diff(Package.browse(HANDLE, bucket))[1]
    assert len(here.s3.list_object_versions(Bucket=bucket.name)["Versions"]) == len(before)


def test_pushing_again_from_the_same_object_moves_its_parent_on(here, data):
    bucket = here.bucket()
    package = of(data)
    hashes = [package.push(HANDLE, bucket, message="one").top_hash]
    for number in range(3):
        (data / "0.txt").write_text(f"changed {number}")
        package.set("0.txt", data / "0.txt")
        told = package.push(HANDLE, bucket, message="next")
        assert (told.uploaded, told.referred) == (1, 33)
        hashes.append(told.top_hash)
    assert [it.top_hash for it in revisions.revisions(bucket, HANDLE)][:-1] == hashes
    assert revisions.latest(bucket, HANDLE).top_hash == hashes[-1]


def test_a_push_that_lost_a_race_fails_and_names_the_safe_ways(here, data):
    bucket = here.bucket()
    mine = of(data)
    mine.push(HANDLE, bucket, message="one")
    theirs = Package.browse(HANDLE, bucket)
    newer = theirs.set_meta({"theirs": 1}).push(HANDLE, bucket, message="two").top_hash
    with pytest.raises(MovedError, match=r"newer revision.*Browse.*another name.*force"):
        mine.push(HANDLE, bucket, message="three")
    assert revisions.latest(bucket, HANDLE).top_hash == newer
    assert len(revisions.revisions(bucket, HANDLE)) == 3
    forced = mine.push(HANDLE, bucket, message="three", force=True)
    assert revisions.latest(bucket, HANDLE).top_hash == forced.top_hash


def test_a_race_at_the_last_moment_is_lost_too(here, data, monkeypatch):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, message="one")
    write = type(bucket).write

    def overtaken(self, key, content, *, if_etag=None):
        if key == pointer_key(HANDLE) and if_etag is not None:
            write(self, key, b"f" * 64)
        return write(self, key, content, if_etag=if_etag)

    monkeypatch.setattr(type(bucket), "write", overtaken)
    with pytest.raises(MovedError, match="newer revision"):
        of(data).set_meta({"late": 1}).push(HANDLE, bucket, message="two")
    assert revisions.latest(bucket, HANDLE).top_hash == "f" * 64
    assert len(revisions.revisions(bucket, HANDLE)) == 2  # no pointer to what lost is left
    write(bucket, pointer_key(HANDLE), b"e" * 64)
    told = CliRunner().invoke(app, ["package", "push", HANDLE, f"{data}/", "--registry", bucket.uri])
    assert told.exit_code == 1
    look = rf"diff {HANDLE}@e{{12}} {HANDLE} --registry {bucket.uri}\. Then push again .* --force"
    assert re.search(look, " ".join(told.stderr.split())), told.stderr


def test_many_pushes_at_once_leave_one_chain(here, tmp_path):
    """Each that says it was pushed is a revision, the latest is one of them, and no other is lost without a word."""
    bucket = here.bucket()
    outcomes: list[str] = []

    def push(number: int) -> None:
        folder = tmp_path / f"of-{number}"
        folder.mkdir()
        (folder / "a").write_text(str(number))
        try:
            outcomes.append(of(folder).push(HANDLE, bucket, message="race").top_hash)
        except MovedError:
            outcomes.append("")

    threads = [threading.Thread(target=push, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = {it for it in outcomes if it}
    told = revisions.revisions(bucket, HANDLE)
    assert len(outcomes) == 5 and won == {it.top_hash for it in told}


def test_what_is_in_the_bucket_by_s3s_own_checksum_is_not_put_again(here, data):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, message="m")
    revisions.delete(bucket, HANDLE)  # nothing is known of it but the objects
    told = of(data).push(HANDLE, bucket, message="m")
    assert told.skipped == 34 and told.uploaded == 0


def test_files_that_are_in_s3_are_referred_to_by_their_version(here, data, tmp_path):
    source, bucket = here.bucket(), here.bucket()
    here.s3.put_object(Bucket=source.name, Key="a/ü.txt", Body=b"one")
    here.s3.put_object(Bucket=source.name, Key="a/empty", Body=b"")
    large = (data / "larger.bin").read_bytes()
    here.s3.put_object(Bucket=source.name, Key="a/large", Body=large)
    package = Package().set_dir("/", f"s3://{source.name}/a/")
    package.directory.children["ü.txt"].physical_key = f"s3://{source.name}/a/%C3%BC.txt"  # no version is named
    told = package.push(HANDLE, bucket, message="m")
    assert (told.referred, told.uploaded, told.bytes) == (3, 0, 0)
    here.s3.put_object(Bucket=source.name, Key="a/ü.txt", Body=b"two")
    found = Package.browse(HANDLE, bucket)
    assert found["ü.txt"].get_bytes() == b"one" and found["large"].hash.value == chunked(large)
    assert keys(here.s3, bucket.name) == []
    Package.install(HANDLE, bucket, dest=tmp_path / "there")
    assert contents(tmp_path / "there") == {"ü.txt": b"one", "empty": b"", "large": large}


@pytest.mark.parametrize("versioned", [True, False])
def test_they_are_copied_only_when_asked(here, data, versioned):
    source, bucket = here.bucket(versioned=versioned), here.bucket()
    large = (data / "larger.bin").read_bytes()
    for key, body in (("a/s", b"one"), ("a/empty", b""), ("a/large", large)):
        here.s3.put_object(Bucket=source.name, Key=key, Body=body)
    told = Package().set_dir("/", f"s3://{source.name}/a/").push(HANDLE, bucket, message="m", copy=True)
    assert (told.copied, told.bytes) == (3, len(large) + 3)
    found = Package.browse(HANDLE, bucket)
    assert {entry.physical_key.split("?")[0] for _, entry in found.walk()} == {
        f"{bucket.uri}/{HANDLE}/{name}" for name in ("s", "empty", "large")
    }
    assert found["large"].hash.value == chunked(large) and found["s"].get_bytes() == b"one"


def test_a_package_is_copied_between_registries_with_its_top_hash(here, data, tmp_path):
    one, two, folder = here.bucket(), here.bucket(), storage_of(tmp_path / "registry")
    pushed = of(data).set_meta({"a": 1}).push(HANDLE, one, message="m")
    assert copy_package(HANDLE, one, two).top_hash == pushed.top_hash
    assert copy_package(HANDLE, one, folder).top_hash == pushed.top_hash
    told = copy_package(HANDLE, one, two, copy=True)
    assert (told.copied, told.top_hash, told.unchanged) == (34, pushed.top_hash, False)
    assert Package.browse(HANDLE, two)["0.txt"].physical_key.startswith(two.uri)


def test_a_folder_as_registry_keeps_the_bytes_of_each_revision(here, data, tmp_path):
    registry = storage_of(tmp_path / "registry")
    first = of(data).push(HANDLE, registry, message="one")
    assert of(data).push(HANDLE, registry, message="one").unchanged
    (data / "0.txt").write_text("new bytes")
    second = of(data).push(HANDLE, registry, message="two")
    assert (first.uploaded, second.uploaded, second.skipped) == (34, 1, 33)
    assert Package.browse(HANDLE, registry, first.top_hash)["0.txt"].get_bytes() == b"file 0"
    assert Package.browse(HANDLE, registry)["0.txt"].get_bytes() == b"new bytes"
    Package.install(HANDLE, registry, dest=tmp_path / "there")
    assert contents(tmp_path / "there") == contents(data)


def test_a_file_that_changed_since_its_entry_was_made_is_not_pushed(here, data, tmp_path):
    bucket = here.bucket()
    package = of(data)
    package.build(HANDLE, tmp_path / "registry", message="m")  # now the entries have hashes
    (data / "0.txt").write_text("file X")
    with pytest.raises(PackageError, match=r"0\.txt.*has changed since"):
        package.push(HANDLE, bucket, message="m")
    (data / "0.txt").unlink()
    with pytest.raises(PackageError, match=r"0\.txt.*No such file"):
        package.push(HANDLE, bucket, message="m")
    assert revisions.latest(bucket, HANDLE) is None


def test_hashes_of_older_clients_are_kept(here, data):
    """What an older client pushed with SHA256 keeps its top hash when the same bytes are pushed again."""
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, message="m")
    import hashlib

    old = Package.browse(HANDLE, bucket)
    for _, entry in old.walk():
        entry.hash = Hash(SHA256, hashlib.sha256(entry.get_bytes()).hexdigest())
    told = old.push(HANDLE, bucket, message="m")
    assert not told.unchanged
    again = of(data).delete("large.bin").delete("larger.bin")
    for name in ("large.bin", "larger.bin"):
        again.set(name, old[name])
    assert again.push(HANDLE, bucket, message="m").top_hash == told.top_hash


def test_a_bucket_without_versions_is_told_of(here, data):
    told = of(data).push(HANDLE, here.bucket(versioned=False), message="m")
    assert "versioning" in told.notes[0]


def test_s3_that_refuses_is_told_with_the_file(here, data, aws: Aws):
    bucket = here.bucket()
    path = f"/{bucket.name}/{HANDLE}/5.txt"
    aws.fail({"method": "PUT", "path": path, "status": 403, "code": "AccessDenied"})
    try:
        with pytest.raises(PackageError, match=r"5\.txt cannot be put .* may not"):
            of(data).push(HANDLE, bucket, message="m")
    finally:
        aws.fail()
    with pytest.raises(AbsentError, match="no bucket"):
        of(data).push(HANDLE, storage_of("s3://there-is-none"), message="m")
    with pytest.raises(AbsentError, match="no bucket there-is-none"):
        Package.browse(HANDLE, "s3://there-is-none")
