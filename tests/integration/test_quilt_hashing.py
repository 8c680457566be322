"""Our hashes of files are those of the reference client."""

import json
import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import parts
from bucketdex.hashing import (
    CHUNKED,
    CRC64NVME,
    algorithms,
    chunk_bytes,
    hash_file,
    hash_files,
    hash_open,
    is_verifiable,
)

pytestmark = parts.requires("quilt")
MIB, GIB = 1024**2, 1024**3
BORDERS = [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB - 1, 16 * MIB, 16 * MIB + 1]
SIZES = [0, 1, 8 * MIB, 8 * MIB * 10_000, 8 * MIB * 10_000 + 1, 160 * GIB, 5000 * GIB, 16 * MIB * 10_000, 16 * MIB * 10_000 + 1]  # fmt: skip # noqa: E501
FEW = 3  # chunks of a file, before they are doubled
BORDERS_OF_FEW = [24 * MIB - 1, 24 * MIB, 24 * MIB + 1, 32 * MIB, 48 * MIB - 1, 48 * MIB, 48 * MIB + 1, 64 * MIB + 1]
TYPES = tuple(filter(is_verifiable, (CHUNKED, CRC64NVME)))
THEIRS = """
import json, sys
from quilt3 import checksums
from quilt3.data_transfer import FileChecksumTask, calculate_multipart_checksum
from quilt3.util import PhysicalKey
asked = json.load(sys.stdin)
checksums.CHECKSUM_MAX_PARTS = asked["most"] or checksums.CHECKSUM_MAX_PARTS
def values(type_):
    return calculate_multipart_checksum(
        [FileChecksumTask.create(PhysicalKey.from_path(path), size, type_) for path, size in asked["files"]]
    )
print(json.dumps({
    "default": checksums.DEFAULT_HASH, "values": {type_: values(type_) for type_ in asked["types"]},
    "chunks": [checksums.get_checksum_chunksize(size) for size in asked["sizes"]],
}))
"""


def theirs(files: Sequence[tuple[str, int]], most: int = 0) -> dict[str, Any]:
    command = [parts.QUILT / "bin/python", "-W", "ignore", "-c", THEIRS]
    asked = json.dumps({"files": files, "sizes": SIZES, "types": TYPES, "most": most})
    silent = os.environ | {"QUILT_DISABLE_USAGE_METRICS": "1", "QUILT_MINIMIZE_STDOUT": "1"}
    answer = subprocess.run(command, input=asked, env=silent, capture_output=True, text=True, check=True, timeout=120)
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def made(folder: Path, sizes: Sequence[int], seed: int = 1) -> list[tuple[str, int]]:
    """Files of these sizes, whose bytes are all different."""
    bytes_ = random.Random(seed)
    listed = []
    for size in sizes:
        path = folder / str(size)
        path.write_bytes(bytes_.randbytes(size))
        listed.append((str(path), size))
    return listed


def ours(files: Sequence[tuple[str, int]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {type_: [] for type_ in TYPES}
    for path, _ in files:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            values = hash_open(file, TYPES).values
        for type_ in TYPES:
            found[type_].append(values[type_])
    return found


def test_they_are_those_of_the_reference_client_around_each_border(tmp_path):
    listed = made(tmp_path, BORDERS)
    told = theirs(listed)
    assert told["default"] == CHUNKED
    assert told["chunks"] == [chunk_bytes(size) for size in SIZES]
    assert told["values"][CHUNKED] == hash_files(listed) == [hash_file(path) for path, _ in listed]
    assert told["values"] == ours(listed)


def test_they_are_those_of_the_reference_client_for_any_size(tmp_path):
    sizes = random.Random(6)
    near = [8 * MIB * sizes.randrange(1, 5) + sizes.randrange(-40, 40) for _ in range(8)]
    listed = made(tmp_path, [*near, *(int(2 ** sizes.uniform(0, 25)) for _ in range(24))])
    told = theirs(listed)
    assert told["values"][CHUNKED] == hash_files(listed)
    assert told["values"] == ours(listed)


def test_they_are_those_of_the_reference_client_where_chunks_are_doubled(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(algorithms, "MOST_CHUNKS", FEW)
    listed = made(tmp_path, BORDERS_OF_FEW)
    told = theirs(listed, FEW)
    assert told["values"][CHUNKED] == hash_files(listed)
    assert told["values"] == ours(listed)
