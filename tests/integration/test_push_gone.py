"""Pushes into an S3 where something was deleted, or put over, since an earlier push: it is looked at, not believed."""

from pathlib import Path

import pytest

from bucketdex.manifest.layout import physical
from bucketdex.registry import revisions
from bucketdex.registry.making.recording import KeptManifestWarning
from bucketdex.registry.package import Package
from bucketdex.registry.pushing import journal, push
from bucketdex.registry.pushing.copy import copy_package
from bucketdex.registry.storage.s3 import Bucket
from package_registries import HANDLE, Registries, contents, data, forget_clients, here, of

__all__ = ["data", "here"]  # fixtures


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "f").write_text("AAAA")
    return folder


def interrupted(folder: Path, bucket: Bucket) -> None:
    """Push a folder, and be interrupted before the manifest is written."""

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(push, "_manifest", interrupt)
        with pytest.raises(KeyboardInterrupt):
            of(folder).push(HANDLE, bucket, message="m")


def delete_versions(here: Registries, bucket: Bucket, prefix: str) -> None:
    for it in here.s3.list_object_versions(Bucket=bucket.name, Prefix=prefix)["Versions"]:
        here.s3.delete_object(Bucket=bucket.name, Key=it["Key"], VersionId=it["VersionId"])


@pytest.mark.parametrize("gone", [f"{HANDLE}/", f"{HANDLE}/1", f"{HANDLE}/large"])
def test_what_was_deleted_after_an_interruption_is_put_again(here, data, tmp_path, gone):
    bucket = here.bucket()
    interrupted(data, bucket)
    here.s3.put_object(Bucket=bucket.name, Key=f"{HANDLE}/2.txt", Body=b"another version, but the first is there")
    delete_versions(here, bucket, gone)
    told = of(data).push(HANDLE, bucket, message="m")
    deleted = sum(f"{HANDLE}/{key}".startswith(gone) for key in contents(data))
    assert (told.uploaded, told.skipped) == (deleted, 34 - deleted)
    Package.install(HANDLE, bucket, dest=tmp_path / "there")
    assert contents(tmp_path / "there") == contents(data)


def test_a_journal_serves_only_the_s3_that_it_is_of(here, small, monkeypatch):
    bucket = here.bucket()
    one = journal.journal_path(bucket, HANDLE)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    forget_clients()
    from bucketdex.aws import clients

    assert journal.journal_path(Bucket(bucket.name, clients.transfer_s3()), HANDLE) != one


def test_what_no_version_pins_may_have_been_put_over(here, small, tmp_path):
    bucket = here.bucket(versioned=False)
    of(small).push(HANDLE, bucket, message="m")
    (small / "f").write_text("BBBB")
    interrupted(small, bucket)
    (small / "f").write_text("AAAA")
    (small / "g").write_text("new")
    assert of(small).push(HANDLE, bucket, message="m").uploaded == 2
    Package.install(HANDLE, bucket, dest=tmp_path / "there")
    assert contents(tmp_path / "there") == {"f": b"AAAA", "g": b"new"}


@pytest.mark.parametrize("message", ["m", "another"])
def test_force_puts_again_what_was_deleted_since_the_revision_before(here, data, tmp_path, message):
    bucket = here.bucket()
    first = of(data).push(HANDLE, bucket, message="m")
    for key in ("0.txt", "large.bin"):
        where = physical(Package.browse(HANDLE, bucket).get(key))
        here.s3.delete_object(Bucket=bucket.name, Key=where.key, VersionId=where.version_id)
    told = of(data).push(HANDLE, bucket, message=message, force=True)
    assert (told.uploaded, told.skipped, told.unchanged) == (2, 32, False)
    assert (told.top_hash == first.top_hash) == (message == "m")
    Package.install(HANDLE, bucket, dest=tmp_path / "there")
    assert contents(tmp_path / "there") == contents(data)


def test_a_build_of_what_was_pushed_leaves_its_data(here, small, tmp_path):
    source, bucket = here.bucket(), here.bucket()
    pushed = [of(small).push(HANDLE, it, message="m").top_hash for it in (source, bucket)]
    with pytest.warns(KeptManifestWarning):
        assert Package.browse(HANDLE, source).build(HANDLE, bucket, message="m") == pushed[1]
    Package.install(HANDLE, bucket, dest=tmp_path / "there")
    assert contents(tmp_path / "there") == {"f": b"AAAA"}


def test_a_copy_leaves_the_data_that_the_destination_has(here, small):
    source, bucket = here.bucket(), here.bucket()
    pushed = [of(small).push(HANDLE, it, message="m").top_hash for it in (source, bucket)]
    told = copy_package(HANDLE, source, bucket)
    assert told.unchanged and told.top_hash == pushed[0] == pushed[1] and "better places" in told.notes[0]
    assert len(revisions.revisions(bucket, HANDLE)) == 2
    assert Package.browse(HANDLE, bucket).get("f").startswith(bucket.uri)
    copy_package(HANDLE, source, bucket, force=True)
    assert Package.browse(HANDLE, bucket).get("f").startswith(source.uri)
