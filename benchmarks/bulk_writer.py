"""Documents/s into a real OpenSearch: our bulk writer, against ready-made bodies of the same documents.

Ours encodes each document, makes the bulk lines, sends them under the lock that `create` is, and reads what became of
each. The raw client sends bytes that were made before, and asks of the answer only whether there was any error. Client
and server have a core each, every round starts with empty indexes, and the two take turns
at each request.
"""

import contextlib
import http.client
import os
import random
import socket
import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.measure import Cost, Figure, cost
from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.changes import Checksum
from bucketdex.index import writer
from bucketdex.index.ids import object_id
from bucketdex.index.mappings import objects_index
from bucketdex.local import guard, opensearch
from bucketdex.objects.document import ObjectDocument

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

GOAL = 0.9
OURS, RAW = "bucketdex-bench-a", "bucketdex-bench-b"  # names of one length
DOCUMENTS, ROUNDS, WARM_UP = 16_000, 30, 3  # the first rounds make the server's compiler warm
CHUNKS = (100, 2_000)  # a batch of single events, and one of backfill messages
# For throughput, not for a quick start; see bucketdex/local/opensearch.py.
JAVA = "-XX:TieredStopAtLevel=4 -Xms2g -Xmx2g"
WORDS = (
    "sample", "counts", "gene", "library", "depth", "batch", "control", "treated", "replicate", "normalised",
    "quality", "score", "read", "mapped", "alignment", "reference", "genome", "region", "variant", "cohort", "study",
    "protocol", "instrument", "channel", "exposure", "wavelength", "intensity", "temperature", "pressure", "humidity",
    "station", "sensor", "interval", "baseline", "threshold", "estimate", "residual", "variance", "model",
)  # fmt: skip


def documents(count: int, rng: random.Random) -> list[ObjectDocument]:
    """Return documents as they are made of small text objects in a versioned bucket."""
    when = datetime(2025, 11, 24, 10, tzinfo=UTC)
    found = []
    for number in range(count):
        name = f"{rng.choice(WORDS)}-{number:05}.counts.txt"
        text = " ".join(rng.choices(WORDS, k=90))[:720]
        document = ObjectDocument(
            bucket="benchmark-bucket", key=f"projects/{rng.choice(WORDS)}-2025/batch_{number // 100:03}/{name}",
            observed_at=when, name=name, extensions=(".txt", ".counts.txt"), size=720, modified=when,
            version_id="UtzkAN8FP4irtroeN9bfYP1yKzX7ko3G", etag=f"{rng.getrandbits(128):032x}",
            storage_class="STANDARD", content_type="text/plain", encryption={"type": "AES256"},
            checksums=(
                Checksum("CRC64NVME", "AAAAAAAAAAA=", "s3", "FULL_OBJECT"),
                Checksum("SHA256", f"{rng.getrandbits(256):064x}", "computed"),
            ),
            content=text, content_from="utf-8 text",
        )  # fmt: skip
        found.append(document)
    return found


@contextlib.contextmanager
def server(core: int | None) -> Iterator[str]:
    """Run an OpenSearch on one core and yield its URL."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        # The command reads it from our environment.
        os.environ["BUCKETDEX_OPENSEARCH_JAVA_OPTS"] = JAVA
        log = Path(folder) / "opensearch.log"
        ours = _pin(core)  # what is started inherits it
        process = guard.start(opensearch.command(opensearch.assemble(), Path(folder) / "data", port), log)
        _pin(None if ours is None else min(ours - {core}, default=core))
        try:
            url = f"http://127.0.0.1:{port}"
            opensearch.wait_until_usable(lambda: process.poll() is None, url, log=log)
            yield url
        finally:
            guard.stop(process)
            if ours:
                os.sched_setaffinity(0, ours)


def _pin(core: int | None) -> set[int] | None:
    """Keep this process to a core; return those that it had, or None where it cannot be done (macOS)."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        return None
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    return before


def our_requests(client: "OpenSearch", found: list[ObjectDocument], chunk: int) -> list[Callable[[], None]]:
    """Return what writes each chunk as the handler does, from the documents to what became of them."""
    ids = [object_id(document.bucket, document.key) for document in found]

    def write(some: tuple[tuple[str, ObjectDocument], ...]) -> None:
        results = writer.write(client, [writer.Write(OURS, id_, msgspec.json.encode(it)) for id_, it in some])
        if any(result.status != writer.DONE for result in results):
            raise RuntimeError(f"not all was written: {set(results)}")

    return [partial(write, some) for some in batched(zip(ids, found, strict=True), chunk, strict=True)]


def raw_requests(url: str, found: list[ObjectDocument], chunk: int) -> list[Callable[[], None]]:
    """Return what sends each chunk as a body that is made now."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))

    def send(body: bytes) -> None:
        connection.request("POST", "/_bulk", body, {"Content-Type": "application/x-ndjson"})
        if b'"errors":false' not in connection.getresponse().read():
            raise RuntimeError("the raw client met an error")

    return [
        partial(
            send,
            b"".join(
                b'{"create":{"_index":"%b","_id":"%b"}}\n%b\n'
                % (RAW.encode(), object_id(it.bucket, it.key).encode(), msgspec.json.encode(it))
                for it in some
            ),
        )
        for some in batched(found, chunk, strict=True)
    ]


def measure(url: str, chunk: int, rounds: int) -> dict[str, list[Cost]]:
    """Return what each request of each cost; they take turns at every one, as the machine changes its mood quickly."""
    client = clients.opensearch(OpenSearchSettings(url, "none"))
    found = documents(DOCUMENTS, random.Random(chunk))
    requests = list(zip(our_requests(client, found, chunk), raw_requests(url, found, chunk), strict=True))
    costs: dict[str, list[Cost]] = {"ours": [], "raw": []}
    order = random.Random(1)  # by chance, since refreshes come every second: a fixed pattern could fall into step
    for number in range(-WARM_UP, rounds):
        for index in (OURS, RAW):
            client.indices.delete(index=index, ignore_unavailable=True)
            client.indices.create(index=index, body=objects_index(1, 0))
        for ours, raw in requests:
            for name, send in order.sample([("ours", ours), ("raw", raw)], 2):
                took = cost(send)
                if number >= 0:
                    costs[name].append(took)
    return costs


def run(rounds: int = ROUNDS) -> list[Figure]:
    """Measure, and return a figure for each size of bulk requests."""
    cores = os.cpu_count() or 1
    with server(1 if cores > 1 else None) as url:
        found = {chunk: measure(url, chunk, rounds) for chunk in CHUNKS}
    return [_figure(chunk, costs) for chunk, costs in found.items()]


def _figure(chunk: int, costs: dict[str, list[Cost]]) -> Figure:
    ratio = sum(c.wall for c in costs["raw"]) / sum(c.wall for c in costs["ours"])
    # Merges and refreshes fall into some requests, of either side, and double their time: medians leave them out.
    medians = statistics.median(c.wall for c in costs["raw"]) / statistics.median(c.wall for c in costs["ours"])
    return Figure(
        what=f"documents/s through our bulk writer : ready-made bodies, {chunk} documents a request",
        value=f"{ratio:.3f}",
        goal=f">= {GOAL}",
        met=ratio >= GOAL,
        details=(
            f"by the total time of {len(costs['raw'])} requests each; by their medians {medians:.3f}",
            *(
                f"{name}: {chunk * len(of_one) / sum(c.wall for c in of_one):,.0f} documents/s, "
                f"{statistics.median(c.cpu for c in of_one) / chunk * 1e6:.1f} us of the client's CPU a document"
                for name, of_one in costs.items()
            ),
        ),
    )
