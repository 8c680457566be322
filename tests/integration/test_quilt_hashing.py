"""Our hashes of files are those of the reference client."""

import json
import os
import subprocess

import parts
from bucketdex.hashing import CHUNKED, chunk_bytes, hash_file, hash_files

pytestmark = parts.requires("quilt")
MIB, GIB = 1024**2, 1024**3
BORDERS = [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB, 16 * MIB + 1]
SIZES = [0, 1, 8 * MIB, 8 * MIB * 10_000, 8 * MIB * 10_000 + 1, 160 * GIB, 5000 * GIB, 16 * MIB * 10_000, 16 * MIB * 10_000 + 1]  # fmt: skip # noqa: E501
THEIRS = """
import json, sys
from quilt3 import Package, checksums
from quilt3.data_transfer import FileChecksumTask, calculate_multipart_checksum
from quilt3.util import PhysicalKey
asked = json.load(sys.stdin)
tasks = [FileChecksumTask.create(PhysicalKey.from_path(path), size, checksums.DEFAULT_HASH) for path, size in asked["files"]]
print(json.dumps({
    "default": checksums.DEFAULT_HASH, "values": calculate_multipart_checksum(tasks),
    "chunks": [checksums.get_checksum_chunksize(size) for size in asked["sizes"]],
}))
"""  # noqa: E501


def test_they_are_those_of_the_reference_client_around_each_border(tmp_path):
    listed = []
    for size in BORDERS:
        path = tmp_path / str(size)
        with path.open("wb") as file:  # sparse
            file.truncate(size)
            if size:
                file.write(b"begin")
                file.truncate(size)
        listed.append((str(path), size))
    command = [parts.QUILT / "bin/python", "-W", "ignore", "-c", THEIRS]
    asked = json.dumps({"files": listed, "sizes": SIZES})
    silent = os.environ | {"QUILT_DISABLE_USAGE_METRICS": "1", "QUILT_MINIMIZE_STDOUT": "1"}
    answer = subprocess.run(command, input=asked, env=silent, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(answer.stdout)
    assert told["default"] == CHUNKED
    assert told["chunks"] == [chunk_bytes(size) for size in SIZES]
    assert told["values"] == hash_files(listed) == [hash_file(path) for path, _ in listed]
