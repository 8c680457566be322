"""Pushes that were interrupted, and the commands: what has landed is told and used."""

import json
import os
import signal
import subprocess
import time

import pytest

from bucketdex.registry import revisions
from bucketdex.registry.package import Package
from bucketdex.registry.pushing import journal
from commands import COMMAND
from emulated import Aws
from package_registries import HANDLE, Registries, contents, data, here, keys, of

__all__ = ["data", "here"]  # fixtures


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
            of(data).push(HANDLE, bucket, message="m")
    account = journal.read(journal.journal_path(bucket, HANDLE))
    assert last in account.missing and len(account.landed) + len(account.missing) == 34
    assert revisions.latest(bucket, HANDLE) is None
    assert (last in account.parts) == (last == "larger.bin")
    landed = len(account.landed)

    parts.clear()
    monkeypatch.setattr(
        s3, "upload_part", broken_part if last == "12.txt" else _counting(upload_part, parts), raising=False
    )
    told = of(data).push(HANDLE, bucket, message="m")
    assert (told.skipped, told.uploaded) == (landed, 34 - landed)
    if last == "larger.bin":
        assert parts == [3]  # the others were there
    assert sorted(keys(here.s3, bucket.name)) == sorted(f"{HANDLE}/{key}" for key in contents(data))
    assert not journal.journal_path(bucket, HANDLE).exists()


def _counting(upload_part, parts):
    def counted(**wanted):
        parts.append(wanted["PartNumber"])
        return upload_part(**wanted)

    return counted


def test_what_changed_after_an_interruption_is_put_again(here, data, monkeypatch):
    bucket = here.bucket()
    with monkeypatch.context() as patch:
        patch.setattr("bucketdex.registry.pushing.placing.do_parts", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            of(data).push(HANDLE, bucket, message="m")
    (data / "3.txt").write_text("file X")  # as long as before
    told = of(data).push(HANDLE, bucket, message="m")
    assert told.uploaded == 3
    assert Package.browse(HANDLE, bucket)["3.txt"].get_bytes() == b"file X"


def command(here: Registries, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run bucketdex as people do."""
    program = [COMMAND, "package", *arguments]
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
    assert "a name that Windows cannot have: 'con.txt'" in refused.stderr and "--names skip" in refused.stderr
    command(here, "install", "lab/odd", str(tmp_path / "odd"), *where, "--names", "here")
    assert contents(tmp_path / "odd") == {"con.txt": b"x"}


def test_after_ctrl_c_the_status_tells_what_landed(here, data, aws: Aws):
    """The process is ended by the signal itself, in the middle of the uploads."""
    bucket = here.bucket()
    for number in range(400):
        (data / f"more-{number}.txt").write_text(str(number))
    program = [COMMAND, "package", "push", HANDLE, str(data), "--registry", bucket.uri]
    process = subprocess.Popen(program, env=os.environ | here.environment, stderr=subprocess.PIPE, text=True)
    book = journal.journal_path(bucket, HANDLE)
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
    assert len(keys(here.s3, bucket.name)) == 434


def _interrupt(*_):
    raise KeyboardInterrupt
