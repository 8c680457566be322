"""Manifests: how fast one is verified and made into documents, how much of OpenSearch's speed is left, how much memory.

The manifest is made as the reference client writes it: lines of some 366 bytes, in the order of the tree, without
metadata. All but the way into OpenSearch runs in one process on one core.
"""

import hashlib
import http.client
import json
import os
import random
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path

import msgspec

from benchmarks.bulk_writer import server
from benchmarks.measure import Cost, Figure, alternated, cost, spread
from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.index import versioned
from bucketdex.index.mappings import entries_index
from bucketdex.manifest import Entry, Header, read, top_hash, verify
from bucketdex.packages.ahead import ahead
from bucketdex.packages.entry import EntryWriter
from bucketdex.packages.loading import chunks

ENTRIES, ROUNDS = 200_000, 7
TO_OPENSEARCH, OPENSEARCH_ROUNDS, WARM_UP = 40_000, 10, 2
LONG, SHORT = 5_000_000, 50_000
MEGABYTES = 256
PIECE = 1024 * 1024
OURS, RAW = "bucketdex-bench-a", "bucketdex-bench-b"


def line(number: int) -> bytes:
    """Return the line of an entry."""
    key = f"annotations/batch_{number // 1000:05}/captions_train2017_{number:08}.json"
    entry = {
        "logical_key": key,
        "physical_keys": [f"s3://quilt-ml-data/data/raw/{key}?versionId=UtzkAN8FP4irtroeN9bfYP1yKzX7ko3G"],
        "size": 91_865_115 + number,
        "hash": {"type": "SHA256", "value": hashlib.sha256(key.encode()).hexdigest()},
        "meta": {},
    }
    return json.dumps(entry).encode() + b"\n"


def pieces(entries: int) -> Iterator[bytes]:
    """Yield a manifest, about a megabyte at a time; it is never whole in memory."""
    yield json.dumps({"version": "v0", "message": "benchmark"}).encode() + b"\n"
    for numbers in batched(range(entries), PIECE // len(line(0))):
        yield b"".join(map(line, numbers))


def documents(manifest: Callable[[], Iterator[bytes]]) -> int:
    """Verify a manifest, make the documents of its entries, and return how many there are."""
    found = verify(manifest)
    if not found.verified:
        raise RuntimeError(f"the benchmark's own manifest is faulty: {found.problems}")
    writer = EntryWriter("registry", found.top_hash or "", 1)
    return sum(len(chunk.documents) for chunk in chunks(lambda _: manifest(), writer, 0))


def speeds() -> list[Figure]:
    """Measure the work of one core, beside decoding and encoding the same lines and nothing else."""
    content = list(pieces(ENTRIES))
    lines = b"".join(content).splitlines()[1:]
    parsed = [found.said for found in read(content) if isinstance(found.said, Entry)]
    header = Header({"version": "v0"})
    costs = alternated(
        {
            "documents": lambda: documents(lambda: iter(content)),
            "top hash": lambda: top_hash(header, lambda: parsed),
            "json": lambda: [json.dumps(json.loads(it)) for it in lines],
            "msgspec": lambda: [msgspec.json.encode(msgspec.json.decode(it)) for it in lines],
        },
        ROUNDS,
    )
    rates = {name: [ENTRIES / it.cpu for it in of_one] for name, of_one in costs.items()}
    best = {name: max(of_one) for name, of_one in rates.items()}
    beside = tuple(
        f"decoding and encoding the same lines by {name}: {spread(rates[name], 1000)} thousand/s; "
        f"ours takes {best[name] / best['documents']:.2f} times as long"
        for name in ("json", "msgspec")
    )
    return [
        _rate("manifest -> bulk documents, top hash verified, entries/s", rates["documents"], 150_000, beside),
        _rate("top hash of parsed entries, entries/s", rates["top hash"], 600_000, ()),
    ]


def _rate(what: str, rates: list[float], goal: int, details: tuple[str, ...]) -> Figure:
    told = f"median and range of {len(rates)} rounds: {spread(rates, 1000)} thousand/s"
    median = sorted(rates)[len(rates) // 2]
    return Figure(what, f"{median:,.0f}", f">= {goal:,}", median >= goal, (told, *details))


def into_opensearch() -> Figure:
    """Measure the whole way, from the manifest's bytes to the last answer, against bodies that were made before."""
    cores = os.cpu_count() or 1
    content = list(pieces(TO_OPENSEARCH))
    with server(1 if cores > 1 else None) as url:
        client = clients.opensearch(OpenSearchSettings(url, "none"))
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        bodies = [
            b"".join(
                b'{"index":{"_index":"%b","version":1,"version_type":"external_gte","_id":"%b"}}\n%b\n'
                % (RAW.encode(), *document)
                for document in chunk.documents
            )
            for chunk in chunks(lambda _: iter(content), EntryWriter("registry", "0" * 64, 1), 0)
        ]

        def ours() -> None:
            found = verify(lambda: iter(content))
            writer = EntryWriter("registry", found.top_hash or "", 1)
            for chunk in ahead(chunks(lambda _: iter(content), writer, 0)):
                if versioned.put(client, OURS, 1, chunk.documents):
                    raise RuntimeError("an entry was refused")

        def raw() -> None:
            for body in bodies:
                connection.request("POST", "/_bulk?filter_path=errors", body, {"Content-Type": "application/x-ndjson"})
                if b'"errors":false' not in connection.getresponse().read():
                    raise RuntimeError("the raw client met an error")

        costs: dict[str, list[Cost]] = {"ours": [], "raw": []}
        order = random.Random(1)
        for number in range(-WARM_UP, OPENSEARCH_ROUNDS):
            for name, run in order.sample([("ours", ours), ("raw", raw)], 2):
                index = OURS if name == "ours" else RAW
                client.indices.delete(index=index, ignore_unavailable=True)
                client.indices.create(index=index, body=entries_index(1, 0))
                took = cost(run)
                if number >= 0:
                    costs[name].append(took)
    ratio = sum(it.wall for it in costs["raw"]) / sum(it.wall for it in costs["ours"])
    rates = {name: [TO_OPENSEARCH / it.wall for it in of_one] for name, of_one in costs.items()}
    return Figure(
        "entries/s from a manifest into OpenSearch, verified : ready-made bulk bodies",
        f"{ratio:.3f}",
        ">= 0.9",
        ratio >= 0.9,
        tuple(f"{name}: {spread(of_one, 1000)} thousand entries/s" for name, of_one in rates.items()),
    )


def memory() -> Figure:
    """Measure the most memory that a process of its own takes, for a long manifest and for a short one."""
    found = {entries: _megabytes(entries) for entries in (LONG, SHORT)}
    return Figure(
        f"memory for {LONG:,} entries, MB",
        f"{found[LONG]:.0f}",
        f"<= {MEGABYTES}",
        found[LONG] <= MEGABYTES,
        (f"for {SHORT:,} entries: {found[SHORT]:.0f} MB",),
    )


def _megabytes(entries: int) -> float:
    command = [sys.executable, "-m", __spec__.name, str(entries)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _peak_megabytes() -> float:
    """Return the most memory that this process has had; what Linux tells by `getrusage` is its parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(kilobytes) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024  # in bytes on macOS


def run() -> list[Figure]:
    """Measure, and return the figures."""
    return [*speeds(), into_opensearch(), memory()]


if __name__ == "__main__":
    documents(lambda: pieces(int(sys.argv[1])))
    print(_peak_megabytes())
