"""Digests of a local file of 1 GB that is in the page cache, beside `hashlib` on memory and the reference client.

One stream of SHA-256 is held against `hashlib` on bytes that are in memory; the chunked hash on all cores against as
many times what one core does of them. Then the memory of the engine that `hash_objects` runs on, over a source of 20 GB
that is made as it is read, in a process of its own.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Figure, median_ratio, spread
from bucketdex.hashing import SHA256, hash_file, hash_files

ROUNDS = 7
BYTES = 1_000_000_000
PIECE = 8 * 1024 * 1024
SOURCE_BYTES = 20_000_000_000
GOAL_STREAM, GOAL_CORES, GOAL_QUILT, GOAL_MEMORY = 0.95, 0.9, 1.8, 256
QUILT = Path(__file__).parent.parent / ".tools/quilt/bin/python"

THEIRS = """
import sys, time
from quilt3 import checksums
from quilt3.data_transfer import FileChecksumTask, calculate_multipart_checksum
from quilt3.util import PhysicalKey
for line in sys.stdin:
    begun = time.perf_counter()
    where = PhysicalKey.from_path(sys.argv[1])
    [told] = calculate_multipart_checksum([FileChecksumTask.create(where, int(sys.argv[2]), checksums.DEFAULT_HASH)])
    print(f"DONE {time.perf_counter() - begun} {told}", flush=True)
"""
ENGINE = """
import json, sys
from bucketdex.hashing import CHUNKED, SHA256, digest, piece
size = int(sys.argv[1])
def fetch(start, length):
    return piece(length)
found = digest(fetch, 0, size, size=size, types=(SHA256, CHUNKED), threads=8)
# `ru_maxrss` is no less than what the process that started this one had, which holds the whole file.
[most] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps(int(most.split()[1]) / 1024))
"""


def seconds(run: Callable[[], object]) -> float:
    """Return how long it takes."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def on_memory(data: memoryview) -> None:
    """Digest the bytes by pieces as long as those that are read: what is in the cache is alike."""
    current = hashlib.sha256()
    for start in range(0, len(data), PIECE):
        current.update(data[start : start + PIECE])
    current.digest()


class Quilt:
    """The reference client in a process that is warm; where it is not installed, nothing."""

    def __init__(self, path: str) -> None:
        silent = {"QUILT_DISABLE_USAGE_METRICS": "1", "QUILT_MINIMIZE_STDOUT": "true"}
        self._process = subprocess.Popen(
            [QUILT, "-W", "ignore", "-c", THEIRS, path, str(BYTES)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | silent,
        )  # fmt: skip

    def seconds(self) -> float:
        """Return how long it takes to hash the file once."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("DONE"):
                return float(line.split()[1])
        raise RuntimeError("the reference client ended")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def run() -> list[Figure]:
    """Measure, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        data = memoryview(os.urandom(PIECE) * (BYTES // PIECE + 1))[:BYTES]
        path.write_bytes(data)
        files = [(path, BYTES)]
        quilt = Quilt(str(path)) if QUILT.exists() else None
        taken: dict[str, list[float]] = {name: [] for name in ("memory", "stream", "chunked", "quilt")}
        for number in range(ROUNDS + 1):
            once = {
                "memory": seconds(lambda: on_memory(data)),
                "stream": seconds(lambda: hash_file(path, SHA256)),
                "chunked": seconds(lambda: hash_files(files)),
                "quilt": quilt.seconds() if quilt else float("nan"),
            }
            for name, value in once.items() if number else ():  # the first round warms up
                taken[name].append(value)
        if quilt:
            quilt.end()
    return [*_figures(taken, with_quilt=quilt is not None), _memory()]


def _figures(taken: dict[str, list[float]], *, with_quilt: bool) -> list[Figure]:
    cores = os.cpu_count() or 1
    rates = {name: f"{name}: {spread([BYTES / 1e6 / it for it in values])} MB/s" for name, values in taken.items()}
    stream = median_ratio(taken["memory"], taken["stream"])
    chunked = median_ratio(taken["memory"], taken["chunked"]) / cores
    figures = [
        Figure(
            "SHA-256 of a local file of 1 GB, one stream, against hashlib on memory",
            f"{stream:.2f}", f">= {GOAL_STREAM}", stream >= GOAL_STREAM, (rates["memory"], rates["stream"]),
        ),
        Figure(
            f"sha2-256-chunked of the same file on {cores} cores, against as many times one core on memory",
            f"{chunked:.2f}", f">= {GOAL_CORES}", chunked >= GOAL_CORES, (rates["memory"], rates["chunked"]),
        ),
    ]  # fmt: skip
    if with_quilt:
        theirs = median_ratio(taken["quilt"], taken["chunked"])
        figures.append(
            Figure(
                "the same, times as fast as the reference client",
                f"{theirs:.2f}",
                f">= {GOAL_QUILT}",
                theirs >= GOAL_QUILT,
                (rates["quilt"], rates["chunked"]),
            )
        )
    return figures


def _memory() -> Figure:
    command = [sys.executable, "-c", ENGINE, str(SOURCE_BYTES)]
    megabytes = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return Figure(
        f"memory of the engine over {SOURCE_BYTES / 1e9:.0f} GB, SHA-256 and chunked, 8 readers",
        f"{megabytes:.0f} MB", f"<= {GOAL_MEMORY} MB", megabytes <= GOAL_MEMORY,
    )  # fmt: skip
