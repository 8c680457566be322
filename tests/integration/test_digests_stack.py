"""Digests on the local stack, end to end: from uploads of every kind to what `show` tells and search finds.

The template's times are short, and its ranges too, so that a killed function is waited for and 200 MB are huge.
"""

import hashlib
import os
import re
import shutil
import signal
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from bucketdex.buckets.connect import connect
from bucketdex.hashing import CHUNKED, chunked
from bucketdex.local import stack
from commands import TEMPLATE, Stack, wait_for

MIB = 1024 * 1024
BUCKET = "measured"
# Of HashObjects: a killed one is waited for no longer than a test can.
IMPATIENCE = """
from bucketdex.aws import queues
from bucketdex.digests import edges, ledger
edges.SIGN_SECONDS, ledger.LEASE_SECONDS, queues.FIRST_DELAY_SECONDS = 1.0, 5.0, 3
"""
SLOW_SECONDS = 0.7  # of each ranged read, where a test has to be quicker than the function
KIND = {"SHA256": "ChecksumSHA256", "CRC64NVME": "ChecksumCRC64NVME", "CRC32": "ChecksumCRC32"}


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder, home = tmp_path_factory.mktemp("template"), tmp_path_factory.mktemp("digests")
    (folder / "layers").symlink_to(TEMPLATE.parent / "layers")
    shutil.copytree(TEMPLATE.parent / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    app = folder / "functions/hash_objects/app.py"
    app.write_text(app.read_text() + IMPATIENCE)
    text = TEMPLATE.read_text()
    text, count = re.subn(r"(\n  HashRequests:(?:.*\n)+?      VisibilityTimeout: )5400\b", r"\g<1>10", text)
    assert count == 1
    for name, value in (("HashWholeBytes", 100 * MIB), ("HashRangeBytes", 16 * MIB)):
        text, count = re.subn(rf"({name}:\n(?: {{4}}.*\n)*?    Default: )0\n", rf"\g<1>{value}\n", text)
        assert count == 1, name
    (folder / "template.yaml").write_text(text)
    it = Stack(stack.up(home, folder / "template.yaml"))
    connect(BUCKET, it.edges, lambda: datetime.now(UTC))
    yield it
    stack.down(home, purge=True)
    shutil.rmtree(folder, ignore_errors=True)


def body(size: int, seed: int) -> bytes:
    return hashlib.shake_128(seed.to_bytes(4)).digest(MIB) * (size // MIB) + b"x" * (size % MIB)


def upload(it: Stack, key: str, data: bytes, part: int, **more: str) -> None:
    """Upload in parts of so many bytes."""
    where: dict[str, Any] = {"Bucket": BUCKET, "Key": key}
    begun = it.s3.create_multipart_upload(**where, **more)
    algorithm = {"ChecksumAlgorithm": more["ChecksumAlgorithm"]} if "ChecksumAlgorithm" in more else {}
    parts = []
    for number, start in enumerate(range(0, len(data), part), 1):
        named = {**where, "UploadId": begun["UploadId"], "PartNumber": number}
        done = it.s3.upload_part(**named, Body=data[start : start + part], **algorithm)
        told = {name: done[name] for name in KIND.values() if name in done}
        parts.append({"PartNumber": number, "ETag": done["ETag"], **told})
    it.s3.complete_multipart_upload(**where, UploadId=begun["UploadId"], MultipartUpload={"Parts": parts})


def digests(it: Stack, key: str) -> dict[tuple[str, str], str]:
    """Return what is indexed: (type, origin) -> value."""
    [told] = it.show(BUCKET, key)
    assert told["agrees"]
    return {(one["type"], one["origin"]): one["value"] for one in told["indexed"].get("checksums", [])}


def bytes_read(it: Stack, key: str) -> int:
    """Return how many bytes were read by ranges since the counts began, less the head that is indexed."""
    told = requests.get(f"{it.state.edge_url}/_bucketdex/requests", timeout=10).json()
    of_it = [one for one in told if one["path"] == f"/{BUCKET}/{key}" and one["part"] is None]
    return sum(one["bytes"] for one in of_it if one["method"] == "GET")


def faults(it: Stack, *them: dict[str, Any]) -> None:
    requests.post(f"{it.state.edge_url}/_bucketdex/faults", json=list(them), timeout=10).raise_for_status()


HEAD_BYTES = 70_000  # no more of an object is read for its text


def test_each_upload_gets_its_digests_and_none_is_read_that_s3_has_digested(it):
    small, large, larger = body(3 * MIB, 1), body(20 * MIB + 5, 2), body(24 * MIB, 3)
    sha = {name: hashlib.sha256(data).hexdigest() for name, data in (("s", small), ("l", large), ("xl", larger))}
    it.put(BUCKET, "empty", body=b"")
    it.put(BUCKET, "small", body=small)
    it.put(BUCKET, "plain/large", body=large)
    it.put(BUCKET, "plain/with-sha", body=large, ChecksumAlgorithm="SHA256")
    it.put(BUCKET, "plain/with-crc", body=larger, ChecksumAlgorithm="CRC32")
    upload(it, "parts/of-8-mib", large, 8 * MIB, ChecksumAlgorithm="SHA256")
    upload(it, "parts/of-6-mib", large, 6 * MIB, ChecksumAlgorithm="SHA256")
    upload(it, "parts/one", larger, 24 * MIB, ChecksumAlgorithm="SHA256")
    upload(it, "parts/crc64", larger, 6 * MIB, ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    upload(it, "parts/none", larger, 6 * MIB)
    it.settle()

    nothing = hashlib.sha256(b"").hexdigest()
    assert digests(it, "empty")["SHA256", "computed"] == nothing
    assert digests(it, "small")["SHA256", "computed"] == sha["s"]
    assert digests(it, "small")[CHUNKED, "computed"] == chunked(small)
    for key, name, data in (
        ("plain/large", "l", large), ("plain/with-crc", "xl", larger), ("parts/of-6-mib", "l", large),
        ("parts/crc64", "xl", larger), ("parts/none", "xl", larger),
    ):  # fmt: skip
        found = digests(it, key)
        assert (found["SHA256", "computed"], found[CHUNKED, "computed"]) == (sha[name], chunked(data)), key
        assert len(data) <= bytes_read(it, key) <= len(data) + HEAD_BYTES, key  # once
    assert ("CRC32", "s3") in digests(it, "plain/with-crc") and ("CRC64NVME", "s3") in digests(it, "parts/crc64")
    assert digests(it, "plain/with-sha")["SHA256", "s3"] == sha["l"]
    assert digests(it, "parts/of-8-mib")[CHUNKED, "combined"] == chunked(large)
    assert digests(it, "parts/one")["SHA256", "combined"] == sha["xl"]
    for key in ("plain/with-sha", "parts/of-8-mib", "parts/one"):
        assert bytes_read(it, key) <= HEAD_BYTES, key
        assert not [origin for _, origin in digests(it, key) if origin == "computed"], key

    # Found by each of them, whatever its form.
    for word in (f"sha256:{sha['l']}", sha["l"].upper(), f"{CHUNKED}:{chunked(large)}", chunked(large)):
        [answer] = it.json("search", word, "--kind", "object", "--size", "50")
        keys = {hit["key"] for hit in answer["hits"]}
        assert {"plain/large", "parts/of-6-mib"} <= keys <= {
            "plain/large", "parts/of-6-mib", "plain/with-sha", "parts/of-8-mib",
        }, word  # fmt: skip
    [answer] = it.json("search", "--duplicates-of", f"s3://{BUCKET}/plain/large")
    assert {"plain/with-sha", "parts/of-8-mib", "parts/of-6-mib"} == {one["key"] for one in answer["objects"]}


def test_an_event_that_comes_again_reads_nothing_again(it):
    data = body(9 * MIB, 4)
    it.put(BUCKET, "again", body=data)
    it.settle()
    before = bytes_read(it, "again")
    it.s3.put_object_tagging(Bucket=BUCKET, Key="again", Tagging={"TagSet": [{"Key": "stage", "Value": "raw"}]})
    connect(BUCKET, it.edges, lambda: datetime.now(UTC))  # all keys are looked at again
    it.settle()
    assert digests(it, "again")["SHA256", "computed"] == hashlib.sha256(data).hexdigest()
    assert bytes_read(it, "again") - before <= 2 * HEAD_BYTES


def test_a_huge_object_is_hashed_by_ranges(it):
    data = body(200 * MIB + 3, 5)
    upload(it, "huge", data, 50 * MIB)
    it.settle()
    [told] = it.show(BUCKET, "huge")
    found = digests(it, "huge")
    assert found[CHUNKED, "computed"] == chunked(data)
    assert not [type_ for type_, _ in found if type_ == "SHA256"] and "SHA256" in told["indexed"]["digest_note"]
    assert len(data) <= bytes_read(it, "huge") <= len(data) + HEAD_BYTES


def test_an_object_that_is_overwritten_while_it_is_read_has_the_digest_of_the_new_bytes(it):
    first, second = body(40 * MIB, 6), body(41 * MIB, 7)
    faults(it, {"method": "GET", "path": f"/{BUCKET}/moving", "seconds": SLOW_SECONDS, "ranged": True})
    it.put(BUCKET, "moving", body=first)
    wait_for(lambda: bytes_read(it, "moving") > HEAD_BYTES)
    it.put(BUCKET, "moving", body=second)
    faults(it)
    it.settle()
    assert digests(it, "moving")["SHA256", "computed"] == hashlib.sha256(second).hexdigest()


def test_a_function_that_is_killed_in_the_middle_ends_with_the_right_digest(it):
    data = body(64 * MIB, 8)
    faults(it, {"method": "GET", "path": f"/{BUCKET}/killed", "seconds": SLOW_SECONDS, "ranged": True})
    it.put(BUCKET, "killed", body=data)
    wait_for(lambda: bytes_read(it, "killed") > HEAD_BYTES)
    current = stack.status(Path(it.state.home))
    assert current
    pids = [pid for name, pid in current.processes.items() if name.startswith("HashObjects")]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    faults(it)
    it.settle()  # the message comes back, and finds a lease that nobody renews
    found = digests(it, "killed")
    assert found["SHA256", "computed"] == hashlib.sha256(data).hexdigest()
    assert found[CHUNKED, "computed"] == chunked(data)


def test_what_is_not_wanted_says_so(it):
    data = body(9 * MIB, 9)
    done = it.run("bucket", "set", BUCKET, "--hash", "read", "--hash-without", "scratch/", "--hash-largest", "10MB")
    assert done.returncode == 0, done.stderr
    try:
        it.put(BUCKET, "scratch/a", body=data)
        it.put(BUCKET, "too-large", body=data + data)
        it.put(BUCKET, "scratch/s3-knows", body=data, ChecksumAlgorithm="SHA256")
        it.put(BUCKET, "wanted", body=data)
        it.settle()
        for key, word in (("scratch/a", "scratch/"), ("too-large", "10")):
            [told] = it.show(BUCKET, key)
            assert word in told["indexed"]["digest_note"], told["indexed"]
            assert not [type_ for type_, _ in digests(it, key) if type_ in ("SHA256", CHUNKED)]
            assert bytes_read(it, key) <= HEAD_BYTES
        assert ("SHA256", "s3") in digests(it, "scratch/s3-knows") and ("SHA256", "computed") in digests(it, "wanted")
    finally:
        assert it.run("bucket", "set", BUCKET, "--hash", "read").returncode == 0


def test_s3_says_another_checksum_than_the_bytes_have(it):
    data, other = body(9 * MIB, 10), b64encode(hashlib.sha1(b"other").digest()).decode()
    it.s3.put_object(Bucket=BUCKET, Key="liar", Body=data, ChecksumSHA1=other)
    it.settle()
    [told] = it.show(BUCKET, "liar")
    found = digests(it, "liar")
    assert found["SHA1", "s3"] == other != found["SHA1", "computed"]
    assert found["SHA256", "computed"] == hashlib.sha256(data).hexdigest()
    assert "SHA1" in told["indexed"]["problem"] and other in told["indexed"]["problem"]
