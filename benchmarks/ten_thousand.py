"""10,000 objects written to the local stack by several writers, until the search API finds them all.

Reported, without a goal: the emulated AWS is one Python process, and sets the pace. So it is told where the time goes:
CPU of each process of the stack, and what the handler's own clock says of S3 and OpenSearch.
"""

import random
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.bulk_writer import WORDS
from benchmarks.measure import Figure
from benchmarks.running_stack import BUCKET, REPORT, TIMES, RunningStack, running

OBJECTS, WRITERS = 10_000, 4
LIMIT = 1_200.0  # seconds
MARK = "tenthousand"  # a word that every object holds


def run(objects: int = OBJECTS) -> list[Figure]:
    """Measure, and return the figure."""
    with running() as stack:
        before, log_before = stack.cpu_seconds(), len(stack.function_log())
        own = time.process_time()
        start = time.perf_counter()
        _write_all(stack, objects)
        written = time.perf_counter() - start
        at_end_of_writing = stack.searcher().total(MARK)
        _wait(stack, objects, start)
        found = time.perf_counter() - start
        own = time.process_time() - own
        spent = {name: seconds - before.get(name, 0.0) for name, seconds in stack.cpu_seconds().items()}
        log = stack.function_log()[log_before:]
    spent = {name: seconds for name, seconds in spent.items() if seconds >= 0.5}
    return [
        Figure(
            what=f"{objects:,} objects written -> all found, local stack",
            value=f"{found:.0f} s ({objects / found:.0f} objects/s)",
            details=(
                f"written in {written:.0f} s by {WRITERS} writers ({objects / written:.0f} PUT/s); "
                f"by then {at_end_of_writing:,} were found, the last {found - written:.1f} s later",
                "CPU, seconds: "
                + ", ".join(f"{name} {spent[name]:.0f}" for name in sorted(spent, key=spent.__getitem__, reverse=True))
                + f", the writers {own:.0f}",
                _handler(log),
            ),
        )
    ]


def _write_all(stack: RunningStack, objects: int) -> None:
    local = threading.local()

    def write(number: int) -> None:
        if not hasattr(local, "s3"):
            local.s3 = stack.s3()
        rng = random.Random(number)
        text = f"{MARK} {' '.join(rng.choices(WORDS, k=88))}"[:720]
        key = f"ten/{number // 100:03}/{rng.choice(WORDS)}-{number:05}.txt"
        local.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode(), ContentType="text/plain")

    with ThreadPoolExecutor(WRITERS) as writers:
        for _ in writers.map(write, range(objects)):
            pass


def _wait(stack: RunningStack, objects: int, start: float) -> None:
    searcher = stack.searcher()
    while (total := searcher.total(MARK)) < objects:
        if time.perf_counter() - start > LIMIT:
            raise RuntimeError(f"after {LIMIT:.0f} s only {total:,} of {objects:,} are found")
        time.sleep(0.1)


def _handler(log: str) -> str:
    """Return what the function's log says of its invocations."""
    durations = [float(said) for said in REPORT.findall(log)]
    totals = {"S3Time": 0.0, "OpenSearchTime": 0.0}
    for name, milliseconds in TIMES.findall(log):
        totals[name] += float(milliseconds)
    return (
        f"handler: {len(durations)} invocations of {statistics.median(durations or [0]):.0f} ms in the median, "
        f"{sum(durations) / 1000:.0f} s in all: waiting for S3 {totals['S3Time'] / 1000:.0f} s, "
        f"for OpenSearch {totals['OpenSearchTime'] / 1000:.0f} s"
    )
