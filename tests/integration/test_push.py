"""Pushes and installs against an S3: nothing moves twice, nothing half done shows, nothing wrong is kept."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from bucketdex.errors import Transient
from bucketdex.hashing import SHA256, chunked
from bucketdex.manifest import Hash
from bucketdex.manifest.layout import pointer_key
from bucketdex.registry import journal, revisions
from bucketdex.registry.copy import copy_package
from bucketdex.registry.errors import AbsentError, MovedError, PackageError
from bucketdex.registry.install import UnverifiedFilesWarning, fetch_all
from bucketdex.registry.package import Package
from bucketdex.registry.storage import storage_of
from emulated import Aws
from package_registries import Registries, forget_clients, registries

MIB = 1024 * 1024
HANDLE = "lab/plates"


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registries]:
    yield registries(aws, monkeypatch, tmp_path / "state")
    forget_clients()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with small files, an empty one, names that are not ASCII, and two files that go by parts."""
    folder = tmp_path / "data"
    (folder / "ü b").mkdir(parents=True)
    for number in range(30):
        (folder / f"{number}.txt").write_text(f"file {number}")
    (folder / "ü b/日本+%.txt").write_text("names")
    (folder / "empty").write_bytes(b"")
    (folder / "large.bin").write_bytes(b"0123456789abcdef" * (9 * MIB // 16))
    (folder / "larger.bin").write_bytes(b"fedcba9876543210" * (17 * MIB // 16))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def of(folder: Path) -> Package:
    return Package().set_dir("/", folder)


def keys(here: Registries, bucket: str) -> list[str]:
    """Every version of every object of the packages' data."""
    found = here.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    return [it["Key"] for page in found for it in page.get("Versions", []) if not it["Key"].startswith(".quilt/")]


def test_what_is_pushed_can_be_installed_byte_by_byte(here, data, tmp_path):
    bucket = here.bucket()
    pushed = of(data).set_meta({"plate": 7}).push(HANDLE, bucket, "first")
    assert (pushed.uploaded, pushed.skipped, pushed.unchanged) == (34, 0, False)
    assert pushed.bytes == sum(map(len, contents(data).values()))
    installed = Package.install(HANDLE, bucket, tmp_path / "there")
    assert contents(tmp_path / "there") == contents(data)
    assert installed.top_hash == pushed.top_hash and installed.meta == {"plate": 7}
    assert Path(installed["ü b/日本+%.txt"].get()).read_text() == "names"
    assert all("?versionId=" in entry.physical_key for _, entry in Package.browse(HANDLE, bucket).walk())
    assert not journal.journal_path(bucket.uri, HANDLE).exists()


def test_pushing_the_same_again_writes_nothing(here, data):
    bucket = here.bucket()
    package = of(data)
    first = package.push(HANDLE, bucket, "m")
    before = here.s3.list_object_versions(Bucket=bucket.name)["Versions"]
    for again in (package, of(data)):
        told = again.push(HANDLE, bucket, "m")
        assert told.unchanged and told.top_hash == first.top_hash and told.skipped == 34
    assert len(here.s3.list_object_versions(Bucket=bucket.name)["Versions"]) == len(before)


def test_pushing_again_from_the_same_object_moves_its_parent_on(here, data):
    bucket = here.bucket()
    package = of(data)
    hashes = [package.push(HANDLE, bucket, "one").top_hash]
    for number in range(3):
        (data / "0.txt").write_text(f"changed {number}")
        package.set("0.txt", data / "0.txt")
        told = package.push(HANDLE, bucket, "next")
        assert (told.uploaded, told.skipped) == (1, 33)
        hashes.append(told.top_hash)
    assert [it.top_hash for it in revisions.revisions(bucket, HANDLE)][:-1] == hashes
    assert revisions.latest(bucket, HANDLE).top_hash == hashes[-1]


def test_a_push_that_lost_a_race_fails_and_names_the_safe_ways(here, data):
    bucket = here.bucket()
    mine = of(data)
    mine.push(HANDLE, bucket, "one")
    theirs = Package.browse(HANDLE, bucket)
    newer = theirs.set_meta({"theirs": 1}).push(HANDLE, bucket, "two").top_hash
    with pytest.raises(MovedError, match=r"newer revision.*Browse.*another name.*force"):
        mine.push(HANDLE, bucket, "three")
    assert revisions.latest(bucket, HANDLE).top_hash == newer
    assert len(revisions.revisions(bucket, HANDLE)) == 3
    forced = mine.push(HANDLE, bucket, "three", force=True)
    assert revisions.latest(bucket, HANDLE).top_hash == forced.top_hash


def test_a_race_at_the_last_moment_is_lost_too(here, data, monkeypatch):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "one")
    write = type(bucket).write

    def overtaken(self, key, content, *, if_etag=None):
        if key == pointer_key(HANDLE) and if_etag is not None:
            write(self, key, b"f" * 64)
        return write(self, key, content, if_etag=if_etag)

    monkeypatch.setattr(type(bucket), "write", overtaken)
    with pytest.raises(MovedError, match="newer revision"):
        of(data).set_meta({"late": 1}).push(HANDLE, bucket, "two")
    assert revisions.latest(bucket, HANDLE).top_hash == "f" * 64
    assert len(revisions.revisions(bucket, HANDLE)) == 2  # no pointer to what lost is left


def test_many_pushes_at_once_leave_one_chain(here, tmp_path):
    """Each that says it was pushed is a revision, the latest is one of them, and no other is lost without a word."""
    bucket = here.bucket()
    outcomes: list[str] = []

    def push(number: int) -> None:
        folder = tmp_path / f"of-{number}"
        folder.mkdir()
        (folder / "a").write_text(str(number))
        try:
            outcomes.append(of(folder).push(HANDLE, bucket, "race").top_hash)
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


@pytest.mark.parametrize("last", ["12.txt", "larger.bin"])
def test_an_interrupted_push_goes_on_with_the_rest(here, data, last, monkeypatch):
    bucket = here.bucket()
    s3 = bucket.s3
    put, upload_part = s3.put, s3._s3.upload_part
    parts: list[int] = []

    def broken(name, key, *rest):
        if key.endswith(last):
            raise KeyboardInterrupt
        return put(name, key, *rest)

    def broken_part(**wanted):
        if wanted["Key"].endswith(last) and wanted["PartNumber"] == 3:
            raise KeyboardInterrupt
        parts.append(wanted["PartNumber"])
        return upload_part(**wanted)

    monkeypatch.setattr("bucketdex.registry.parts.THREADS", 1)
    with monkeypatch.context() as patch:
        patch.setattr(s3, "put", broken, raising=False)
        patch.setattr(s3, "upload_part", broken_part, raising=False)
        with pytest.raises(KeyboardInterrupt):
            of(data).push(HANDLE, bucket, "m")
    account = journal.read(journal.journal_path(bucket.uri, HANDLE))
    assert last in account.missing and len(account.landed) + len(account.missing) == 34
    assert revisions.latest(bucket, HANDLE) is None
    assert (last in account.parts) == (last == "larger.bin")
    landed = len(account.landed)

    parts.clear()
    monkeypatch.setattr(
        s3, "upload_part", broken_part if last == "12.txt" else _counting(upload_part, parts), raising=False
    )
    told = of(data).push(HANDLE, bucket, "m")
    assert (told.skipped, told.uploaded) == (landed, 34 - landed)
    if last == "larger.bin":
        assert parts == [3]  # the others were there
    assert sorted(keys(here, bucket.name)) == sorted(f"{HANDLE}/{key}" for key in contents(data))
    assert not journal.journal_path(bucket.uri, HANDLE).exists()


def _counting(upload_part, parts):
    def counted(**wanted):
        parts.append(wanted["PartNumber"])
        return upload_part(**wanted)

    return counted


def test_what_changed_after_an_interruption_is_put_again(here, data, monkeypatch):
    bucket = here.bucket()
    with monkeypatch.context() as patch:
        patch.setattr("bucketdex.registry.placing.do_parts", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            of(data).push(HANDLE, bucket, "m")
    (data / "3.txt").write_text("file X")  # as long as before
    told = of(data).push(HANDLE, bucket, "m")
    assert told.uploaded == 3
    assert Package.browse(HANDLE, bucket)["3.txt"].get_bytes() == b"file X"


def _interrupt(*_):
    raise KeyboardInterrupt


def test_what_is_in_the_bucket_by_s3s_own_checksum_is_not_put_again(here, data):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    revisions.delete(bucket, HANDLE)  # nothing is known of it but the objects
    told = of(data).push(HANDLE, bucket, "m")
    assert told.skipped == 34 and told.uploaded == 0


def test_files_that_are_in_s3_are_referred_to_by_their_version(here, data, tmp_path):
    source, bucket = here.bucket(), here.bucket()
    here.s3.put_object(Bucket=source.name, Key="a/ü.txt", Body=b"one")
    here.s3.put_object(Bucket=source.name, Key="a/empty", Body=b"")
    large = (data / "larger.bin").read_bytes()
    here.s3.put_object(Bucket=source.name, Key="a/large", Body=large)
    package = Package().set_dir("/", f"s3://{source.name}/a/")
    package.directory.children["ü.txt"].physical_key = f"s3://{source.name}/a/%C3%BC.txt"  # no version is named
    told = package.push(HANDLE, bucket, "m")
    assert (told.referred, told.uploaded, told.bytes) == (3, 0, 0)
    here.s3.put_object(Bucket=source.name, Key="a/ü.txt", Body=b"two")
    found = Package.browse(HANDLE, bucket)
    assert found["ü.txt"].get_bytes() == b"one" and found["large"].hash.value == chunked(large)
    assert keys(here, bucket.name) == []
    Package.install(HANDLE, bucket, tmp_path / "there")
    assert contents(tmp_path / "there") == {"ü.txt": b"one", "empty": b"", "large": large}


@pytest.mark.parametrize("versioned", [True, False])
def test_they_are_copied_only_when_asked(here, data, versioned):
    source, bucket = here.bucket(versioned=versioned), here.bucket()
    large = (data / "larger.bin").read_bytes()
    for key, body in (("a/s", b"one"), ("a/empty", b""), ("a/large", large)):
        here.s3.put_object(Bucket=source.name, Key=key, Body=body)
    told = Package().set_dir("/", f"s3://{source.name}/a/").push(HANDLE, bucket, "m", copy=True)
    assert (told.copied, told.bytes) == (3, len(large) + 3)
    found = Package.browse(HANDLE, bucket)
    assert {entry.physical_key.split("?")[0] for _, entry in found.walk()} == {
        f"{bucket.uri}/{HANDLE}/{name}" for name in ("s", "empty", "large")
    }
    assert found["large"].hash.value == chunked(large) and found["s"].get_bytes() == b"one"


def test_a_package_is_copied_between_registries_with_its_top_hash(here, data, tmp_path):
    one, two, folder = here.bucket(), here.bucket(), storage_of(tmp_path / "registry")
    pushed = of(data).set_meta({"a": 1}).push(HANDLE, one, "m")
    assert copy_package(HANDLE, one, two).top_hash == pushed.top_hash
    assert copy_package(HANDLE, one, folder).top_hash == pushed.top_hash
    told = copy_package(HANDLE, one, two, copy=True)
    assert (told.copied, told.top_hash, told.unchanged) == (34, pushed.top_hash, False)
    assert Package.browse(HANDLE, two)["0.txt"].physical_key.startswith(two.uri)


def test_a_folder_as_registry_keeps_the_bytes_of_each_revision(here, data, tmp_path):
    registry = storage_of(tmp_path / "registry")
    first = of(data).push(HANDLE, registry, "one")
    assert of(data).push(HANDLE, registry, "one").unchanged
    (data / "0.txt").write_text("new bytes")
    second = of(data).push(HANDLE, registry, "two")
    assert (first.uploaded, second.uploaded, second.skipped) == (34, 1, 33)
    assert Package.browse(HANDLE, registry, first.top_hash)["0.txt"].get_bytes() == b"file 0"
    assert Package.browse(HANDLE, registry)["0.txt"].get_bytes() == b"new bytes"
    Package.install(HANDLE, registry, tmp_path / "there")
    assert contents(tmp_path / "there") == contents(data)


def test_a_file_that_changed_since_its_entry_was_made_is_not_pushed(here, data, tmp_path):
    bucket = here.bucket()
    package = of(data)
    package.build(HANDLE, "m", tmp_path / "registry")  # now the entries have hashes
    (data / "0.txt").write_text("file X")
    with pytest.raises(PackageError, match=r"0\.txt.*has changed since"):
        package.push(HANDLE, bucket, "m")
    (data / "0.txt").unlink()
    with pytest.raises(PackageError, match=r"0\.txt.*No such file"):
        package.push(HANDLE, bucket, "m")
    assert revisions.latest(bucket, HANDLE) is None


def test_hashes_of_older_clients_are_kept(here, data):
    """What an older client pushed with SHA256 keeps its top hash when the same bytes are pushed again."""
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    import hashlib

    old = Package.browse(HANDLE, bucket)
    for _, entry in old.walk():
        entry.hash = Hash(SHA256, hashlib.sha256(entry.get_bytes()).hexdigest())
    told = old.push(HANDLE, bucket, "m")
    assert not told.unchanged
    again = of(data).delete("large.bin").delete("larger.bin")
    for name in ("large.bin", "larger.bin"):
        again.set(name, old[name])
    assert again.push(HANDLE, bucket, "m").top_hash == told.top_hash


def test_a_bucket_without_versions_is_told_of(here, data):
    told = of(data).push(HANDLE, here.bucket(versioned=False), "m")
    assert "versioning" in told.notes[0]


def test_s3_that_refuses_is_told_with_the_file(here, data, aws: Aws):
    bucket = here.bucket()
    path = f"/{bucket.name}/{HANDLE}/5.txt"
    aws.fail({"method": "PUT", "path": path, "status": 403, "code": "AccessDenied"})
    try:
        with pytest.raises(PackageError, match=r"5\.txt cannot be put .* may not"):
            of(data).push(HANDLE, bucket, "m")
    finally:
        aws.fail()
    with pytest.raises(AbsentError, match="no bucket"):
        of(data).push(HANDLE, storage_of("s3://there-is-none"), "m")


def test_an_install_fetches_only_what_is_not_there(here, data, tmp_path):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    package = Package.browse(HANDLE, bucket)
    there = tmp_path / "there"
    assert fetch_all(package.walk(), there).fetched == 34
    assert fetch_all(package.walk(), there).kept == 34
    (there / "0.txt").write_text("damage")  # another time and the same length
    (there / "1.txt").unlink()
    (there / "large.bin").write_bytes(b"x")
    told = fetch_all(package.walk(), there)
    assert (told.fetched, told.kept) == (3, 31) and contents(there) == contents(data)
    for path in (tmp_path / "state/installs").iterdir():
        path.unlink()
    assert fetch_all(package.walk(), there).kept == 34  # by their bytes


def test_an_interrupted_install_goes_on(here, data, tmp_path, monkeypatch):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    package = Package.browse(HANDLE, bucket)
    with monkeypatch.context() as patch:
        patch.setattr("bucketdex.registry.install.do_parts", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch_all(package.walk(), tmp_path / "there")
    assert {*contents(tmp_path / "there")} == {*contents(data)} - {"large.bin", "larger.bin"}
    assert fetch_all(package.walk(), tmp_path / "there").fetched == 2
    assert contents(tmp_path / "there") == contents(data)


@pytest.mark.parametrize("name", ["0.txt", "large.bin"])
@pytest.mark.parametrize("what", ["hash", "size", "gone"])
def test_bytes_that_are_not_the_packages_are_not_kept(here, data, tmp_path, name, what):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    package = Package.browse(HANDLE, bucket)
    entry = package[name]
    if what == "hash":
        entry.hash = Hash(entry.hash.type, chunked(b"other"))
    elif what == "size":
        entry.size += 1
    else:
        entry.physical_key = entry.physical_key.replace(name, "none")
    with pytest.raises((PackageError, Transient), match=name.replace(".", r"\.")):
        fetch_all(package.walk(), tmp_path / "there")
    assert name not in contents(tmp_path / "there")


def test_hashes_of_unknown_types_are_told_as_not_verified(here, data, tmp_path):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    package = Package.browse(HANDLE, bucket)
    package["0.txt"].hash = Hash("blake3", "ab")
    package["large.bin"].hash = Hash("blake3", "ab")
    assert sorted(fetch_all(package.walk(), tmp_path / "there").unverified) == ["0.txt", "large.bin"]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        package.fetch(tmp_path / "elsewhere")
    assert [it.category for it in told] == [UnverifiedFilesWarning]


def test_a_link_does_not_lead_an_install_out_of_its_folder(here, data, tmp_path):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    package = Package.browse(HANDLE, bucket)
    outside, there = tmp_path / "outside", tmp_path / "there"
    outside.mkdir()
    there.mkdir()
    (there / "ü b").symlink_to(outside)
    (outside / "target").write_text("mine")
    (there / "0.txt").symlink_to(outside / "target")
    with pytest.raises(PackageError, match="leads out of"):
        fetch_all(package.walk(), there)
    assert {it.name for it in outside.iterdir()} == {"target"}
    (there / "ü b").unlink()
    fetch_all(package.walk(), there)
    assert (outside / "target").read_text() == "mine" and contents(there) == contents(data)


def test_the_client_is_told_where_s3_is_silent(here, data, tmp_path, monkeypatch):
    """What the quick way cannot do is done by boto3, which says why not."""
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, "m")
    monkeypatch.setattr(type(bucket.s3._connections), "exchange", lambda *_: None)
    assert fetch_all(Package.browse(HANDLE, bucket).walk(), tmp_path / "there").fetched == 34
    assert contents(tmp_path / "there") == contents(data)
    with pytest.raises(ClientError):
        bucket.s3.put("there-is-none", "k", b"x")


def command(here: Registries, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run bucketdex as people do."""
    program = [sys.executable, "-m", "bucketdex", "package", *arguments]
    done = subprocess.run(program, env=os.environ | here.environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


def test_the_commands_push_tell_and_install(here, data, tmp_path):
    bucket = here.bucket()
    where = ("--registry", bucket.uri)
    push = ("push", HANDLE, "--dir", str(data), *where, "-m", "first", "--meta", '{"plate": 7}', "--json")
    told = json.loads(command(here, *push, "--meta-from", "{number:int}.txt").stdout)
    assert told["uploaded"] == 34 and not told["unchanged"]
    assert json.loads(command(here, *push, "--meta-from", "{number:int}.txt").stdout)["unchanged"]
    assert Package.browse(HANDLE, bucket)["7.txt"].meta == {"number": 7}
    assert json.loads(command(here, "status", HANDLE, *where, "--json").stdout)["interrupted"] is False

    there = tmp_path / "there"
    installed = command(here, "install", f"{HANDLE}@{told['top_hash'][:8]}", str(there), "ü b", "0.txt", *where)
    assert "2 files fetched" in installed.stdout and {*contents(there)} == {"ü b/日本+%.txt", "0.txt"}
    told = json.loads(command(here, "install", HANDLE, str(there), *where, "--json").stdout)
    assert (told["fetched"], told["kept"]) == (32, 2) and contents(there) == contents(data)

    (data / "0.txt").write_text("changed")
    assert "1 uploaded" in command(here, "push", HANDLE, str(data), *where).stdout
    (there / "con.txt").write_text("x")
    command(here, "push", "lab/odd", str(there / "con.txt"), *where)
    refused = command(here, "install", "lab/odd", str(tmp_path / "odd"), *where, code=1)
    assert "Windows has no files named 'con.txt'" in refused.stderr and "skip" in refused.stderr
    command(here, "install", "lab/odd", str(tmp_path / "odd"), *where, "--names", "here")
    assert contents(tmp_path / "odd") == {"con.txt": b"x"}


def test_after_ctrl_c_the_status_tells_what_landed(here, data, aws: Aws):
    """The process is ended by the signal itself, in the middle of the uploads."""
    bucket = here.bucket()
    for number in range(400):
        (data / f"more-{number}.txt").write_text(str(number))
    program = [sys.executable, "-m", "bucketdex", "package", "push", HANDLE, str(data), "--registry", bucket.uri]
    process = subprocess.Popen(program, env=os.environ | here.environment, stderr=subprocess.PIPE, text=True)
    book = journal.journal_path(bucket.uri, HANDLE)
    deadline = time.monotonic() + 60
    while not ((account := journal.read(book)) and len(account.landed) > 20):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "package status" in said

    told = json.loads(command(here, "status", HANDLE, "--registry", bucket.uri, "--json").stdout)
    assert told["interrupted"] and told["latest"] is None and not told["moved"]
    assert 20 < told["landed"] < 434 and told["landed"] + len(told["missing"]) == 434
    assert "has not ended" in command(here, "status", HANDLE, "--registry", bucket.uri).stdout
    pushed = json.loads(command(here, "push", HANDLE, str(data), "--registry", bucket.uri, "--json").stdout)
    assert pushed["skipped"] == told["landed"] and pushed["uploaded"] == len(told["missing"])
    assert len(keys(here, bucket.name)) == 434
