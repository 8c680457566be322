"""Many worlds, one after another or in several processes, and what came of them all."""

import gc
import multiprocessing
import queue
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from simulation.contents import scaled_down
from simulation.packages.world import World as PackagesWorld
from simulation.schedule import Trace
from simulation.trail.world import World as TrailWorld
from simulation.verdict import Result
from simulation.world import World as ObjectsWorld

WORLDS_BETWEEN_COLLECTIONS = 50
Kind = Literal["objects", "packages", "trail"]
OBJECTS: Kind = "objects"
PACKAGES: Kind = "packages"
TRAIL: Kind = "trail"
KINDS = (OBJECTS, PACKAGES, TRAIL)


@dataclass
class Summary:
    """What came of many worlds."""

    seed: int
    of: Kind = OBJECTS
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, result: Result) -> None:
        """Count a world."""
        self.counts += result.counts
        if result.violations:
            self.failures.append(result)

    def violations(self) -> str:
        """Return what was violated, and how to see it again; empty if nothing was."""
        return "".join(
            f"\nseed {self.seed} world {result.number}: {violation.kind}: {violation.about}"
            f"\n  replay it: PYTHONPATH=tests .venv/bin/python -m simulation --of {self.of} --seed {self.seed}"
            f" --world {result.number}"
            for result in self.failures
            for violation in result.violations[:3]
        )

    def __str__(self) -> str:
        told = ("deliveries", "worlds", "invocations", "conflicts", "crashes", "timeouts", "retries",
                "deliveries returned", "documents written",
                "tombstones written", "entries written", "documents judged", "entries judged")  # fmt: skip
        counted = ", ".join(f"{self.counts[name]:,} {name}" for name in told if name in self.counts)
        return f"{self.of}, seed {self.seed}: {counted}; {len(self.failures)} failures; {self.seconds:.0f} s"


def run_world(seed: int, number: int, trace: Trace | None = None, of: Kind = OBJECTS) -> Result:
    """Run one world."""
    if of == PACKAGES:
        return PackagesWorld(seed, number, trace).run()
    with scaled_down():
        return (TrailWorld if of == TRAIL else ObjectsWorld)(seed, number, trace).run()


def worlds(seed: int, deliveries: int, first: int = 0, step: int = 1, of: Kind = OBJECTS) -> Iterator[Result]:
    """Run worlds until they have had so many deliveries."""
    done, number = 0, first
    collecting = gc.isenabled()
    gc.disable()  # a world is small, and its cycles go all at once
    try:
        while done < deliveries:
            result = run_world(seed, number, of=of)
            done += result.counts["deliveries"]
            if number // step % WORLDS_BETWEEN_COLLECTIONS == 0:
                gc.collect()
            yield result
            number += step
    finally:
        if collecting:
            gc.enable()


def simulate(seed: int, deliveries: int, of: Kind = OBJECTS) -> Summary:
    """Run worlds in this process."""
    summary = Summary(seed, of)
    start = time.monotonic()
    for result in worlds(seed, deliveries, of=of):
        summary.add(result)
    summary.seconds = time.monotonic() - start
    return summary


def simulate_in_processes(seed: int, deliveries: int, processes: int, of: Kind = OBJECTS) -> Iterator[Summary]:
    """Run worlds in several processes; yield the summary so far again and again."""
    summary = Summary(seed, of)
    start = time.monotonic()
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[Result] = context.Queue(maxsize=1000)
    workers = [
        context.Process(
            target=_work, args=(results, seed, -(-deliveries // processes), first, processes, of), daemon=True
        )
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


def _work(
    results: "multiprocessing.Queue[Result]", seed: int, deliveries: int, first: int, step: int, of: Kind
) -> None:
    for result in worlds(seed, deliveries, first, step, of):
        results.put(result)
