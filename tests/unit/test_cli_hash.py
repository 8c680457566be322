"""`bucketdex hash`: as `sha256sum` prints and checks, with the kinds that packages and S3 use."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bucketdex.cli.hash.checking import Expected, escaped, expected
from bucketdex.cli.hash.command import _object
from bucketdex.cli.main import app
from bucketdex.hashing import CHUNKED, chunked

runner = CliRunner()
NAMES = ["a.txt", "b c.txt", "ü 🧬.bin", "back\\slash", "new\nline"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(NAMES):
        Path(name).write_bytes(name.encode() * number)
    return tmp_path


def run(*arguments: str, code: int = 0, given: bytes | None = None) -> str:
    done = runner.invoke(app, ["hash", *arguments], input=given)
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def test_each_kind_is_printed_for_programs(here):
    told = [json.loads(line) for line in run("--json", *NAMES).splitlines()]
    assert [it["path"] for it in told] == NAMES
    for number, it in enumerate(told):
        data = NAMES[number].encode() * number
        assert it["size"] == len(data)
        assert (it["SHA256"], it[CHUNKED]) == (hashlib.sha256(data).hexdigest(), chunked(data))
        assert it.keys() == {"path", "size", "SHA256", CHUNKED, "CRC64NVME"}


def test_standard_input_is_hashed(here):
    assert hashlib.sha256(b"words\0\xff").hexdigest() in run("-", given=b"words\0\xff")


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_hashed(here):
    Path("folder").mkdir()
    done = runner.invoke(app, ["hash", "absent", "folder", "a.txt"])
    assert done.exit_code == 1 and "a.txt" in done.stdout
    assert "absent" in done.stderr and "folder" in done.stderr


@pytest.mark.parametrize("options", [[], ["--tag"], ["--binary"]])
def test_what_sha256sum_wrote_is_checked(here, options):
    made = subprocess.run(["sha256sum", *options, *NAMES], capture_output=True, check=True).stdout
    Path("SUMS").write_bytes(made)
    assert run("--check", "SUMS").count(": OK") == len(NAMES)
    Path("b c.txt").write_text("other")
    said = run("--check", "SUMS", "--quiet", code=1)
    assert said.splitlines() == ["b c.txt: FAILED (has another SHA256)"]


def test_what_it_wrote_itself_is_checked_in_all_kinds(here):
    lines = run("--json", *NAMES)
    Path("digests").write_text(lines)
    assert run("--check", "digests", "--quiet") == ""
    for kind in ("SHA256", CHUNKED, "CRC64NVME"):
        told = json.loads(lines.splitlines()[0]) | {kind: "other"}
        [said] = run("--check", "-", "--json", given=json.dumps(told).encode(), code=1).splitlines()
        assert json.loads(said) == {"path": "a.txt", "ok": False, "problem": f"has another {kind}"}


def test_a_file_that_is_gone_failed(here):
    Path("SUMS").write_text(f"{'0' * 64}  absent\n")
    assert "absent: FAILED" in run("--check", "SUMS", code=1)


def test_lines_that_say_nothing_are_told_and_passed_over(here):
    sums = hashlib.sha256(b"").hexdigest()
    Path("SUMS").write_bytes(b"# comment\n\njunk \xff\n" + f"{sums}  a.txt\r\n".encode())
    done = runner.invoke(app, ["hash", "--check", "SUMS"])
    assert done.exit_code == 0 and "a.txt: OK" in done.stdout and "line 3" in done.stderr
    Path("SUMS").write_text("junk\n")
    assert "no line is a digest" in runner.invoke(app, ["hash", "--check", "SUMS"]).output


@pytest.mark.parametrize("arguments", [[], ["a.txt", "--check", "SUMS"], ["--check", "SUMS", "--no-read"]])
def test_what_cannot_be_meant_is_a_mistake(here, arguments):
    Path("SUMS").write_text(f"{'0' * 64}  a.txt\n")
    run(*arguments, code=2)


@pytest.mark.skipif(os.name != "posix", reason="it needs a fifo")
def test_a_pipe_is_read_to_its_end(here):
    os.mkfifo("pipe")
    writer = subprocess.Popen(["sh", "-c", "printf words > pipe"])
    assert hashlib.sha256(b"words").hexdigest() in run("pipe")
    writer.wait()


@given(st.text(min_size=1).filter(lambda name: "\0" not in name))
def test_names_survive_being_written_as_sha256sum_does(path):
    shown, before = escaped(path)
    [found] = expected(f"{before}{'a' * 64}  {shown}\n")
    assert found == Expected(path, {"SHA256": "a" * 64})


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="it needs /proc")
def test_a_file_that_says_that_it_has_no_bytes_is_read_all_the_same(here):
    [told] = map(json.loads, run("--json", "/proc/cpuinfo").splitlines())
    data = Path("/proc/cpuinfo").read_bytes()
    assert (told["size"], told["SHA256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_a_name_that_json_cannot_say_does_not_keep_the_others_from_being_hashed(here):
    name = os.fsdecode(b"bad\xff.txt")
    try:
        Path(name).write_bytes(b"words")
    except OSError:
        pytest.skip("this file system takes no such names")
    done = runner.invoke(app, ["hash", "--json", name, "a.txt"])
    assert done.exit_code == 1 and json.loads(done.stdout)["path"] == "a.txt"
    assert "its name is not UTF-8" in done.stderr and "fault" not in done.stderr
    Path("SUMS").write_bytes(hashlib.sha256(b"words").hexdigest().encode() + b"  bad\xff.txt\n")
    assert json.loads(run("--check", "SUMS", "--json"))["ok"]


def test_what_cannot_be_computed_here_is_not_compared_but_said_where_there_is_nothing_else(here, monkeypatch):
    lines = run("--json", "b c.txt")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "CRC64NVME" not in run("b c.txt")
    assert run("--check", "-", given=lines.encode()) == "b c.txt: OK\n"
    only = json.dumps({"path": "b c.txt", "CRC64NVME": json.loads(lines)["CRC64NVME"]})
    assert "CRC64NVME cannot be computed here: install awscrt" in run("--check", "-", given=only.encode(), code=1)


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("s3://b/a%20b+c", ("b", "a%20b+c", None)),
        ("s3://b/a%20b+c?versionId=v%2F1", ("b", "a%20b+c", "v/1")),
        ("s3://b/a#b?versionId=v", ("b", "a#b", "v")),
        ("s3://b/a?versionId=x?versionId=v", ("b", "a?versionId=x", "v")),
    ],
)
def test_an_address_names_the_key_as_it_is(address, named):
    assert tuple(_object(address)) == named


def test_a_list_with_a_byte_order_mark_is_read_from_its_first_line(here):
    Path("SUMS").write_bytes(b"\xef\xbb\xbf" + f"{hashlib.sha256(b'').hexdigest()}  a.txt\n".encode())
    assert run("--check", "SUMS") == "a.txt: OK\n"
