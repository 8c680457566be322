"""A folder as the storage of a registry: whole writes, no way out, the order of S3."""

import os
import threading

import pytest
from botocore import exceptions as botocore

from bucketdex.errors import Transient
from bucketdex.registry.errors import AbsentError, MovedError, PackageError
from bucketdex.registry.storage import ABSENT, address_of, default_registry, locate, storage_of
from bucketdex.registry.storage.local import SCRATCH, LocalFolder
from bucketdex.registry.storage.s3 import Bucket


@pytest.fixture
def folder(tmp_path):
    return LocalFolder(tmp_path / "registry")


def test_what_is_written_can_be_read_in_whole_in_part_and_as_a_stream(folder):
    folder.write("a/b.txt", b"0123456789")
    assert folder.read("a/b.txt") == b"".join(folder.stream("a/b.txt")) == b"0123456789"
    assert folder.read_range("a/b.txt", 2, 3) == b"234" and folder.read_range("a/b.txt", 8, 9) == b"89"
    assert folder.read_range("a/b.txt", 50, 1) == b""
    head = folder.head("a/b.txt")
    assert head and head.size == 10 and head == next(folder.list("a/"))
    assert folder.address("a/b.txt") == (folder.root / "a/b.txt").as_uri()


def test_what_is_not_there_is_said_to_be_absent(folder):
    assert folder.head("x") is None and list(folder.list("")) == [] and list(folder.folders("x/")) == []
    for question in (lambda: folder.read("x"), lambda: folder.read_range("x", 0, 1), lambda: list(folder.stream("x"))):
        with pytest.raises(AbsentError, match="there is no file"):
            question()
    folder.delete("x")


def test_keys_are_listed_in_the_order_of_s3(folder):
    keys = ["a", "a-b", "a.b", "a/b", "a0", "b/c/d", "é", "b/c.d"]
    for key in [k for k in keys if k != "a"]:
        folder.write(key, b"")
    expected = sorted((k for k in keys if k != "a"), key=str.encode)
    assert [it.key for it in folder.list("")] == expected
    assert [it.key for it in folder.list("b/c")] == ["b/c.d", "b/c/d"]
    assert [it.key for it in folder.list("a")] == ["a-b", "a.b", "a/b", "a0"]
    assert list(folder.folders("a")) == [] and list(folder.folders("b/")) == ["c"]


def test_what_is_being_written_is_not_listed(folder):
    (folder.root / SCRATCH).mkdir(parents=True)
    (folder.root / SCRATCH / "half").write_bytes(b"ha")
    assert list(folder.list("")) == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "", "a//b", "./a", "a/.", "a\0b"])
def test_no_key_leads_out_of_the_folder(folder, key):
    for question in (
        lambda: folder.write(key, b"x"), lambda: folder.read(key), lambda: folder.head(key), lambda: folder.delete(key)
    ):  # fmt: skip
        with pytest.raises(PackageError, match="no path inside"):
            question()


def test_nothing_is_written_or_deleted_through_a_link_that_leads_out(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"kept")
    folder.write("own", b"")
    (folder.root / "link").symlink_to(outside)
    for question in (lambda: folder.write("link/x", b"x"), lambda: folder.delete("link/kept")):
        with pytest.raises(PackageError, match="leads out"):
            question()
    assert [it.name for it in outside.iterdir()] == ["kept"]


def test_a_write_that_fails_leaves_what_was_there(folder, monkeypatch):
    folder.write("a", b"before")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PackageError, match="No space left"):
        folder.write("a", b"after")
    assert folder.read("a") == b"before" and list((folder.root / SCRATCH).iterdir()) == []


def test_a_conditional_write_succeeds_only_on_what_was_seen(folder):
    seen = folder.write("latest", b"1", if_etag=ABSENT).etag
    with pytest.raises(MovedError):
        folder.write("latest", b"2", if_etag=ABSENT)
    newer = folder.write("latest", b"2", if_etag=seen).etag
    with pytest.raises(MovedError, match="read it again"):
        folder.write("latest", b"3", if_etag=seen)
    assert newer != seen and folder.read("latest") == b"2"
    folder.delete("latest")
    with pytest.raises(MovedError):
        folder.write("latest", b"3", if_etag=newer)


def test_of_many_conditional_writes_at_once_one_succeeds(folder):
    seen = folder.write("latest", b"").etag
    won: list[int] = []

    def write(number: int) -> None:
        try:
            folder.write("latest", str(number).encode(), if_etag=seen)
        except MovedError:
            return
        won.append(number)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(won) == 1 and folder.read("latest") == str(won[0]).encode()


def test_a_deletion_takes_the_folders_that_are_empty_then(folder):
    folder.write("a/b/c", b"")
    folder.write("a/d", b"")
    folder.delete("a/b/c")
    assert not (folder.root / "a/b").exists() and (folder.root / "a/d").exists()


def test_a_registry_is_named_by_a_bucket_or_a_folder(tmp_path):
    assert storage_of(tmp_path).uri == storage_of(tmp_path.as_uri()).uri == storage_of(str(tmp_path)).uri
    assert storage_of("s3://my-data", s3=object()).uri == "s3://my-data"  # type: ignore[arg-type]
    for wrong in ("s3://", "s3://my-data/prefix", "https://my-data", "file://host/x", "a\0b"):
        with pytest.raises(PackageError):
            storage_of(wrong)


def test_a_physical_key_is_located_as_the_reference_client_reads_it(tmp_path):
    found = locate("s3://b/a%20b/%23.txt?versionId=v%2B1", s3=object())  # type: ignore[arg-type]
    assert (found.key, found.version_id) == ("a b/#.txt", "v+1")
    assert str(found) == "s3://b/a%20b/%23.txt?versionId=v%2B1"
    path = tmp_path / "a b#?é.txt"
    path.write_bytes(b"here")
    assert locate(address_of(path)).read() == b"here" and str(locate(address_of(path))) == path.as_uri()


def test_the_default_registry_is_the_users_or_the_one_that_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("BUCKETDEX_REGISTRY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert default_registry() == str(tmp_path / "bucketdex/packages")
    monkeypatch.setenv("BUCKETDEX_REGISTRY", "s3://my-data")
    assert default_registry() == "s3://my-data"


@pytest.mark.parametrize(
    ("error", "told", "said"),
    [
        (botocore.NoCredentialsError(), PackageError, "no credentials.* to read s3://b/k .*set AWS_PROFILE"),
        (botocore.UnauthorizedSSOTokenError(), PackageError, "no credentials.*log in"),
        (botocore.EndpointConnectionError(endpoint_url="x"), Transient, "does not answer.*s3://b/k.*later"),
        (botocore.ReadTimeoutError(endpoint_url="x"), Transient, "does not answer"),
        (botocore.ParamValidationError(report="Invalid bucket name"), PackageError, "s3://b/k: .*Invalid bucket name"),
    ],
)
def test_what_boto3_cannot_ask_is_told_as_what_it_means(error, told, said):
    class S3:
        def head_object(self, **_):
            raise error

        get_object = head_object

    bucket = Bucket("b", S3())
    for ask in (bucket.head, bucket.read, lambda key: bucket.read_range(key, 0, 1)):
        with pytest.raises(told, match=said):
            ask("k")
