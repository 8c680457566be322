"""Installs from an S3: what is there stays, nothing wrong is kept, nothing leaves the folder."""

import json
import warnings

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from bucketdex.cli.main import app
from bucketdex.errors import Transient
from bucketdex.hashing import chunked
from bucketdex.manifest import Hash
from bucketdex.registry.errors import PackageError
from bucketdex.registry.fetching.install import UnverifiedFilesWarning, fetch_all
from bucketdex.registry.making.building import manifest_of
from bucketdex.registry.making.recording import record
from bucketdex.registry.package import Package
from package_registries import HANDLE, contents, data, here, of

__all__ = ["data", "here"]  # fixtures


def test_an_install_fetches_only_what_is_not_there(here, data, tmp_path):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, message="m")
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
    of(data).push(HANDLE, bucket, message="m")
    package = Package.browse(HANDLE, bucket)
    with monkeypatch.context() as patch:
        patch.setattr("bucketdex.registry.fetching.install.do_parts", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch_all(package.walk(), tmp_path / "there")
    assert {*contents(tmp_path / "there")} == {*contents(data)} - {"large.bin", "larger.bin"}
    assert fetch_all(package.walk(), tmp_path / "there").fetched == 2
    assert contents(tmp_path / "there") == contents(data)


@pytest.mark.parametrize("name", ["0.txt", "large.bin"])
@pytest.mark.parametrize("what", ["hash", "size", "gone"])
def test_bytes_that_are_not_the_packages_are_not_kept(here, data, tmp_path, name, what):
    bucket = here.bucket()
    of(data).push(HANDLE, bucket, message="m")
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
    of(data).push(HANDLE, bucket, message="m")
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
    of(data).push(HANDLE, bucket, message="m")
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
    of(data).push(HANDLE, bucket, message="m")
    monkeypatch.setattr(type(bucket.s3._connections), "exchange", lambda *_: None)
    assert fetch_all(Package.browse(HANDLE, bucket).walk(), tmp_path / "there").fetched == 34
    assert contents(tmp_path / "there") == contents(data)
    with pytest.raises(ClientError):
        bucket.s3.put("there-is-none", "k", b"x")


def _interrupt(*_):
    raise KeyboardInterrupt


def test_a_package_of_a_bucket_reads_no_files_of_this_machine(here, data, tmp_path):
    bucket = here.bucket()
    built = of(data)
    record(bucket, HANDLE, built.build(HANDLE, tmp_path / "elsewhere"), manifest_of(built.header(), built.directory))
    with pytest.raises(PackageError, match=r"a file on the disk of who pushed"):
        Package.install(HANDLE, bucket, dest=tmp_path / "there")
    assert not (tmp_path / "there").exists()
    browsed = Package.browse(HANDLE, bucket)
    key, entry = next(browsed.walk())
    told = CliRunner().invoke(app, ["package", "browse", HANDLE, "--registry", bucket.uri, "--json", "--recursive"])
    assert json.loads(told.stdout)["items"][0]["physical_key"] == entry.physical_key
    entry.hash = None
    for read in (
        entry.get_bytes,
        lambda: browsed.push(HANDLE, bucket),
        lambda: browsed.fetch(tmp_path / "there"),
        lambda: browsed.filter(lambda *_: True).push("other/handle", tmp_path / "registry"),
        lambda: Package().set("x", browsed[key]).push("other/handle", bucket),
    ):
        with pytest.raises(PackageError, match=r"a file on the disk of who pushed"):
            read()
