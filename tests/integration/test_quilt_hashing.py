"""Our hashes of files are those of the reference client."""

import hashlib
import json
import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import parts
from bucketdex.digests.kept import is_plain_sha256
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
from digest_requests import World

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


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA1", "CRC32", "CRC32C", "CRC64NVME"])
def test_objects_uploaded_with_any_checksum_have_the_hashes_of_the_reference_client(aws, tmp_path, algorithm):
    """Twenty with each, single and in parts: whatever S3 keeps of them, and whether they are read or not."""
    some = random.Random(algorithm)
    singles = [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, *(some.randrange(3 * MIB) for _ in range(5))]
    multiparts = [8 * MIB + 1, 16 * MIB - 1, 16 * MIB, *(some.randrange(8 * MIB, 20 * MIB) for _ in range(7))]
    world = World(aws)
    made_of = {"single": made(folder(tmp_path, "s"), singles), "parts": made(folder(tmp_path, "p"), multiparts)}
    chunk_parts = [8 * MIB] * 5 + [5 * MIB] * 5
    hints = [world.put(path[1:], Path(path).read_bytes(), ChecksumAlgorithm=algorithm) for path, _ in made_of["single"]]
    hints += [
        world.upload(path[1:], Path(path).read_bytes(), part, ChecksumAlgorithm=algorithm)
        for (path, _), part in zip(made_of["parts"], chunk_parts, strict=True)
    ]
    outcomes = [world.ask(hint) for hint in hints]
    assert outcomes.count("known") == (15 if algorithm == "SHA256" else 0)  # all but those of five in parts of 5 MiB
    files = [*made_of["single"], *made_of["parts"]]
    expected = theirs(files)["values"][CHUNKED]
    for outcome, fact, (path, size), chunked in zip(outcomes, world.facts, files, expected, strict=True):
        plain = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        told = {it.type: it.value for it in fact.checksums if it.type == CHUNKED or is_plain_sha256(it)}
        assert told and told.get(CHUNKED, chunked) == chunked and told.get("SHA256", plain) == plain
        assert world.reads(path[1:]) == (size if outcome == "hashed" else 0)


def folder(parent: Path, name: str) -> Path:
    made_here = parent / name
    made_here.mkdir()
    return made_here
