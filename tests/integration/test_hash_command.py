"""`bucketdex hash` of objects: what S3 keeps is taken, with its origin, and only the rest is read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bucketdex.hashing import CHUNKED, CRC64NVME, SHA256, digest_of
from emulated import Aws

COMMAND = Path(sys.executable).with_name("bucketdex")
MIB = 1024 * 1024
KINDS = (SHA256, CHUNKED, CRC64NVME)
SMALL = b"penguins"
WHOLE = bytes(range(251)) * (9 * MIB // 251)
NUMBERS = count(1)

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def s3(aws: Aws) -> Any:
    return aws.client("s3")


@pytest.fixture
def lab(s3: Any) -> str:
    name = f"hashed-{next(NUMBERS)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def run(aws: Aws, tmp_path: Path) -> Run:
    """The command, which finds the emulated S3 in its environment, in an empty folder."""
    env = {name: it for name, it in os.environ.items() if not name.startswith(("AWS_", "BUCKETDEX_"))}
    env |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "BUCKETDEX_HOME": str(tmp_path / "home"),
    }  # fmt: skip

    def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [COMMAND, "hash", *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, input=given, env=env, cwd=tmp_path, timeout=120
        )

    return run


def upload(s3: Any, bucket: str, key: str, part: int, **options: str) -> None:
    """Store `WHOLE` in parts of so many bytes."""
    name = {"Bucket": bucket, "Key": key}
    name["UploadId"] = s3.create_multipart_upload(**name, **options)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, len(WHOLE), part), 1):
        body = WHOLE[start : start + part]
        told = s3.upload_part(**name, PartNumber=number, Body=body, **options)
        sums = {name: it for name, it in told.items() if name.startswith("Checksum")}
        parts.append({"PartNumber": number, "ETag": told["ETag"]} | sums)
    s3.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})


def read(aws: Aws, bucket: str) -> set[str]:
    """Which objects of a bucket were read, even if only in part."""
    gets = [it["path"] for it in aws.requests() if it["method"] == "GET" and it["part"] is None]
    return {path.removeprefix(f"/{bucket}/") for path in gets if path.startswith(f"/{bucket}/")}


@pytest.mark.parametrize("algorithm", ["", "SHA256", "SHA1", "CRC32", "CRC32C", "CRC64NVME"])
def test_the_digests_are_those_of_the_bytes_however_they_were_uploaded(s3, lab, run, algorithm):
    options = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    s3.put_object(Bucket=lab, Key="single", Body=WHOLE, **options)
    s3.put_object(Bucket=lab, Key="empty", Body=b"", **options)
    upload(s3, lab, "chunks", 8 * MIB, **options)
    upload(s3, lab, "other", 5 * MIB, **options)
    keys = ["single", "empty", "chunks", "other"]
    done = run("--json", *(f"s3://{lab}/{key}" for key in keys))
    assert (done.returncode, done.stderr) == (0, "")
    for key, line in zip(keys, done.stdout.splitlines(), strict=True):
        told, data = json.loads(line), b"" if key == "empty" else WHOLE
        assert (told["path"], told["size"]) == (f"s3://{lab}/{key}", len(data))
        assert {kind: told[kind] for kind in KINDS} == {kind: digest_of(kind, data) for kind in KINDS}, key
        assert told["etag"] == s3.head_object(Bucket=lab, Key=key)["ETag"].strip('"')


def test_what_s3_keeps_is_not_read_and_says_so(aws, s3, lab, run):
    s3.put_object(Bucket=lab, Key="kept.txt", Body=SMALL, ChecksumAlgorithm="SHA256")
    upload(s3, lab, "kept-parts", 8 * MIB, ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket=lab, Key="bare.txt", Body=SMALL)
    names = [f"s3://{lab}/{key}" for key in ("kept.txt", "kept-parts", "bare.txt")]
    kept, parts, bare = map(json.loads, run("--json", "--no-read", *names).stdout.splitlines())
    assert kept["origins"] == {SHA256: "s3", CHUNKED: "combined"} and kept[CHUNKED] == digest_of(CHUNKED, SMALL)
    assert parts["origins"] == {CHUNKED: "combined"} and parts[CHUNKED] == digest_of(CHUNKED, WHOLE)
    assert bare["origins"] == {CRC64NVME: "s3"}  # which S3 gives to whatever comes without a checksum
    assert not read(aws, lab)
    shown = run(*names).stdout
    assert f"{kept[SHA256]}  (kept by S3)" in shown and f"{parts[CHUNKED]}  (from what S3 keeps of its parts)" in shown
    assert f"{digest_of(SHA256, SMALL)}  (read)" in shown
    assert "bare.txt" in read(aws, lab)


def test_an_older_version_can_be_named(s3, lab, run):
    s3.put_bucket_versioning(Bucket=lab, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=lab, Key="a b+c.txt", Body=SMALL)["VersionId"]
    new = s3.put_object(Bucket=lab, Key="a b+c.txt", Body=b"others")["VersionId"]
    done = run("--json", f"s3://{lab}/a%20b%2Bc.txt?versionId={old}", f"s3://{lab}/a b+c.txt")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [it["version_id"] for it in told] == [old, new]
    assert [it[SHA256] for it in told] == [digest_of(SHA256, SMALL), digest_of(SHA256, b"others")]


def test_objects_and_files_are_checked_together_and_what_is_not_as_listed_is_named(s3, lab, run, tmp_path):
    (tmp_path / "file.txt").write_bytes(SMALL)
    for key in ("same.txt", "other.txt"):
        s3.put_object(Bucket=lab, Key=key, Body=SMALL)
    names = ["file.txt", f"s3://{lab}/same.txt", f"s3://{lab}/other.txt"]
    listed = run("--json", *names)
    s3.put_object(Bucket=lab, Key="other.txt", Body=b"others")
    checked = run("--check", "-", given=listed.stdout)
    assert checked.stdout.splitlines()[:2] == ["file.txt: OK", f"s3://{lab}/same.txt: OK"]
    assert checked.stdout.splitlines()[2].startswith(f"s3://{lab}/other.txt: FAILED (has another SHA256")
    assert checked.returncode == 1 and "1 of 3 files failed" in checked.stderr


def test_an_object_that_is_not_there_does_not_keep_the_others_from_being_hashed(s3, lab, run):
    s3.put_object(Bucket=lab, Key="there.txt", Body=SMALL)
    done = run(f"s3://{lab}/absent.txt", "s3://", f"s3://{lab}/there.txt")
    assert done.returncode == 1 and digest_of(SHA256, SMALL) in done.stdout
    assert f"s3://{lab}/absent.txt" in done.stderr and "not an object as s3://bucket/key" in done.stderr
    assert "fault of bucketdex" not in done.stderr
