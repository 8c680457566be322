"""Many worlds, one after another or in several processes, and what came of them all."""

import gc
import multiprocessing
import queue
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from simulation.contents import scaled_down
from simulation.schedule import Trace
from simulation.world import Result, World

WORLDS_BETWEEN_COLLECTIONS = 50


@dataclass
class Summary:
    """What came of many worlds."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, result: Result) -> None:
        """Count a world."""
        self.counts += result.counts
        if result.violations:
            self.failures.append(result)

    def __str__(self) -> str:
        told = ("deliveries", "worlds", "invocations", "conflicts", "crashes", "timeouts", "retries",
                "deliveries returned", "documents written", "tombstones written", "documents judged")  # fmt: skip
        counted = ", ".join(f"{self.counts[name]:,} {name}" for name in told)
        return f"seed {self.seed}: {counted}; {len(self.failures)} failures; {self.seconds:.0f} s"


def run_world(seed: int, number: int, trace: Trace | None = None) -> Result:
    """Run one world."""
    with scaled_down():
        return World(seed, number, trace).run()


def worlds(seed: int, deliveries: int, first: int = 0, step: int = 1) -> Iterator[Result]:
    """Run worlds until they have had so many deliveries."""
    done, number = 0, first
    collecting = gc.isenabled()
    gc.disable()  # a world is small, and its cycles go all at once
    try:
        while done < deliveries:
            result = run_world(seed, number)
            done += result.counts["deliveries"]
            if number // step % WORLDS_BETWEEN_COLLECTIONS == 0:
                gc.collect()
            yield result
            number += step
    finally:
        if collecting:
            gc.enable()


def simulate(seed: int, deliveries: int) -> Summary:
    """Run worlds in this process."""
    summary = Summary(seed)
    start = time.monotonic()
    for result in worlds(seed, deliveries):
        summary.add(result)
    summary.seconds = time.monotonic() - start
    return summary


def simulate_in_processes(seed: int, deliveries: int, processes: int) -> Iterator[Summary]:
    """Run worlds in several processes; yield the summary so far again and again."""
    summary = Summary(seed)
    start = time.monotonic()
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[Result] = context.Queue(maxsize=1000)
    workers = [
        context.Process(target=_work, args=(results, seed, -(-deliveries // processes), first, processes), daemon=True)
        for first in range(processes)
    ]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers) or not results.empty():
        with suppress(queue.Empty):
            summary.add(results.get(timeout=0.2))
            summary.seconds = time.monotonic() - start
            yield summary
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a process of the simulation broke off")


def _work(results: "multiprocessing.Queue[Result]", seed: int, deliveries: int, first: int, step: int) -> None:
    for result in worlds(seed, deliveries, first, step):
        results.put(result)
