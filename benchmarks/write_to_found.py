"""From the answer to a write until the search API finds the object, on the local stack, one object at a time.

On the way the document's appearance in the index is watched too, which divides the time into what comes before the
write into OpenSearch (notification, queue, the poller's window of a second, handler) and what comes after (refresh).
"""

import random
import time

from benchmarks.measure import Figure, percentile, spread
from benchmarks.running_stack import BUCKET, RunningStack, running
from bucketdex.index.ids import object_id

GOALS = {50: 2.0, 99: 5.0}  # percentile -> seconds
WRITES = 80
LOOK_AGAIN = 0.02
LIMIT = 60.0
ALPHABET = "bcdfghjklmnpqrstvwxz"


def run(writes: int = WRITES) -> list[Figure]:
    """Measure, and return the figures."""
    with running() as stack:
        _one(stack, 0, random.Random(0))  # starts the functions
        rng = random.Random(1)
        times = []
        for number in range(1, writes + 1):
            time.sleep(rng.random())  # so that writes fall anywhere between two refreshes
            times.append(_one(stack, number, rng))
    put, written, found = (list(part) for part in zip(*times, strict=True))
    after = [total - until for total, until in zip(found, written, strict=True)]
    details = (
        f"{writes} writes; PUT {spread(put, 1e-3)} ms before that",
        f"until the document is written: {spread(written)} s; from there until it is found: {spread(after)} s",
    )
    return [
        Figure(
            what=f"write -> found on the local stack, one object, p{percent}",
            value=f"{percentile(found, percent):.2f} s",
            goal=f"< {goal:.0f} s",
            met=percentile(found, percent) < goal,
            details=details if percent == 50 else (),
        )
        for percent, goal in GOALS.items()
    ]


def _one(stack: RunningStack, number: int, rng: random.Random) -> tuple[float, float, float]:
    """Write an object; return the seconds of the write itself, until its document is there, and until it is found."""
    word = "".join(rng.choices(ALPHABET, k=12))
    key = f"one/{number:03}/{word}.txt"
    searcher = stack.searcher()
    begun = time.perf_counter()
    stack.edges.s3.put_object(Bucket=BUCKET, Key=key, Body=f"The word is {word}.\n".encode() * 30)
    start = time.perf_counter()
    written: float | None = None
    while time.perf_counter() - start < LIMIT:
        if written is None and _is_written(stack, key):
            written = time.perf_counter() - start
        if written is not None and searcher.total(word):
            return start - begun, written, time.perf_counter() - start
        time.sleep(LOOK_AGAIN)
    raise RuntimeError(f"{key} was not found within {LIMIT:.0f} s")


def _is_written(stack: RunningStack, key: str) -> bool:
    # A read by id sees a document before the refresh that makes it searchable.
    [generation] = stack.edges.control.generations("objects")
    return bool(stack.edges.opensearch.exists(index=generation.index, id=object_id(BUCKET, key)))
