"""How the benchmarks measure: alternated rounds, CPU time of the process, medians."""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One line of the report: `met` is None where the figure has no goal; `details` are lines of explanation."""

    what: str
    value: str
    goal: str = ""
    met: bool | None = None
    details: tuple[str, ...] = ()


class Cost(msgspec.Struct, frozen=True):
    """What one run took: CPU of all threads of this process, and time on the clock, in seconds."""

    cpu: float
    wall: float


def cost(run: Callable[[], object]) -> Cost:
    """Run it once and return what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def alternated(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Cost]]:
    """Return the costs of each run, all of them taken in turns, after one turn that is not counted.

    Every other round goes backwards, so that nothing is always measured after the same neighbour.
    """
    for run in runs.values():
        run()
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in runs if number % 2 else reversed(list(runs)):
            costs[name].append(cost(runs[name]))
    return costs


def median_ratio(measured: Sequence[float], baseline: Sequence[float]) -> float:
    """Return the median of the rounds' own ratios: what disturbs the machine disturbs both halves of a round."""
    return statistics.median(a / b for a, b in zip(measured, baseline, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def spread(values: Sequence[float], unit: float = 1.0) -> str:
    """Return `median (lowest-highest)` of the values, divided by the unit."""
    return f"{statistics.median(values) / unit:.3g} ({min(values) / unit:.3g}-{max(values) / unit:.3g})"


def machine() -> str:
    """Return what the figures were taken on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
