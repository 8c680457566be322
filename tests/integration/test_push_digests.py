"""Of objects in S3 nothing is read for a package whose digests S3 or the index has; counted at the emulated S3."""

import json
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from bucketdex.hashing import CHUNKED, chunked
from bucketdex.registry.package import Package
from bucketdex.registry.pushing.known_to_index import IndexUnavailableWarning
from bucketdex.registry.storage.s3 import Bucket
from emulated import Aws
from package_registries import HANDLE, MIB, Registries, here

__all__ = ["here"]  # a fixture

DATA = bytes(range(256)) * (9 * MIB // 256)


class Index(HTTPServer):
    """Answers `POST /api/digests` from `known`, with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.known: dict[str, dict[str, Any]] = {}
        self.asked: list[list[dict[str, str]]] = []
        self.status = 200


class Answering(BaseHTTPRequestHandler):
    """One request of the index."""

    server: Index

    def do_POST(self) -> None:
        names = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(names)
        found = [self.server.known[it["key"]] for it in names if it["key"] in self.server.known]
        body = json.dumps({"objects": found}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    server = Index()
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("BUCKETDEX_API_URL", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def put(here: Registries, bucket: Bucket, key: str, **more: Any) -> dict[str, Any]:
    """Put an object of which S3 keeps no SHA-256, and return what the index would know of it."""
    done = here.s3.put_object(Bucket=bucket.name, Key=key, Body=DATA, **more)
    checksums = [{"type": CHUNKED, "value": chunked(DATA), "origin": "computed"}]
    return {"bucket": bucket.name, "key": key, "size": len(DATA), "version_id": done.get("VersionId"),
            "etag": done["ETag"].strip('"'), "checksums": checksums}  # fmt: skip


def reads(aws: Aws, bucket: Bucket) -> int:
    """Return how many bytes of objects under raw/ were read."""
    folder = f"/{bucket.name}/raw/"
    return sum(it["bytes"] for it in aws.requests() if it["path"].startswith(folder) and it["method"] == "GET")


def pushed(bucket: Bucket) -> dict[str, Any]:
    """Push all of raw/ and return the hash of each entry."""
    Package().set_dir("/", f"s3://{bucket.name}/raw/").push(HANDLE, bucket, message="m")
    return {key: entry.hash for key, entry in Package.browse(HANDLE, bucket).walk()}


@pytest.mark.parametrize("versioned", [True, False])
def test_digests_of_the_index_are_taken_and_nothing_is_read(here, aws, index, versioned):
    bucket = here.bucket(versioned=versioned)
    for number in range(3):
        index.known[f"raw/{number} +é"] = put(here, bucket, f"raw/{number} +é")
    found = pushed(bucket)
    assert {(it.type, it.value) for it in found.values()} == {(CHUNKED, chunked(DATA))} and len(found) == 3
    assert reads(aws, bucket) == 0
    assert [len(names) for names in index.asked] == [3]


def test_what_s3_has_digested_is_not_even_asked_for(here, aws, index):
    bucket = here.bucket()
    put(here, bucket, "raw/a", ChecksumAlgorithm="SHA256")
    assert pushed(bucket)["a"].type == "SHA256"
    assert reads(aws, bucket) == 0 and not index.asked


@pytest.mark.parametrize(
    "other",
    [
        {"version_id": "another"},
        {"version_id": None},
        {"etag": "another"},
        {"size": len(DATA) + 1},
        {"checksums": []},
        {"checksums": [{"type": "CRC64NVME", "value": "AAAAAAAAAAA=", "origin": "s3", "scope": "FULL_OBJECT"}]},
        {"checksums": [{"type": "SHA256", "value": "AAAA-2", "origin": "s3", "scope": "COMPOSITE"}]},
        {"key": "raw/another"},
    ],
)
def test_what_the_index_knows_of_another_state_or_of_no_hash_does_not_count(here, aws, index, other):
    bucket = here.bucket()
    index.known["raw/a"] = put(here, bucket, "raw/a") | {"checksums": [
        {"type": CHUNKED, "value": "d3Jvbmc=", "origin": "computed"}]} | other  # fmt: skip
    assert pushed(bucket)["a"].value == chunked(DATA)
    assert reads(aws, bucket) == len(DATA)


@pytest.mark.parametrize("status", [500, 404, 200])
def test_without_an_answer_of_the_index_the_objects_are_read_with_one_warning(here, aws, index, status):
    bucket = here.bucket()
    for key in ("raw/a", "raw/b"):
        put(here, bucket, key)
    index.status = status
    index.known["raw/a"] = {"not": "what is expected"}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        found = pushed(bucket)
    assert {it.value for it in found.values()} == {chunked(DATA)}
    assert reads(aws, bucket) == 2 * len(DATA)
    assert len([it for it in said if it.category is IndexUnavailableWarning]) == 1


def test_the_index_is_asked_for_a_hundred_objects_at_a_time(here, aws, index):
    bucket = here.bucket()
    for number in range(101):
        done = here.s3.put_object(Bucket=bucket.name, Key=f"raw/{number}", Body=b"x")
        checksums = [{"type": CHUNKED, "value": chunked(b"x"), "origin": "computed"}]
        index.known[f"raw/{number}"] = {
            "bucket": bucket.name, "key": f"raw/{number}", "size": 1, "version_id": done["VersionId"],
            "etag": done["ETag"].strip('"'), "checksums": checksums,
        }  # fmt: skip
    assert len(pushed(bucket)) == 101
    assert sorted(map(len, index.asked)) == [1, 100] and reads(aws, bucket) == 0
