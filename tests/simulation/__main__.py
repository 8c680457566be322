"""`python -m simulation --deliveries N --seed S` runs many worlds, `--world W` replays one of them with its steps."""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from simulation.mutants import MUTANTS, unmutated
from simulation.run import KINDS, OBJECTS, Kind, Summary, run_world, simulate_in_processes
from simulation.verdict import Result

SECONDS_BETWEEN_REPORTS = 5.0
MOST_SHOWN = 5  # violations of a world


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as the arguments say; 1 if something was violated."""
    parser = argparse.ArgumentParser("simulation", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000, help="how many messages to deliver (default 10000)")
    parser.add_argument("--seed", type=int, default=1, help="from which all is drawn (default 1)")
    parser.add_argument("--of", choices=KINDS, help="run only this kind of worlds (default: as many of each)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many at once (default: cores)")
    parser.add_argument("--world", type=int, help="replay this world of the seed, with a trace of its steps")
    parser.add_argument("--mutant", help="break the code in this way first, see mutants.py; needs --world")
    given = parser.parse_args(arguments)
    if given.world is not None and given.of is None:
        given.of = MUTANTS[given.mutant].of if given.mutant else OBJECTS
    if given.mutant and given.world is None:
        parser.error("--mutant needs --world")
    if given.world is not None:
        return _replay(given.of, given.seed, given.world, given.mutant)
    kinds = (given.of,) if given.of else KINDS
    failed = [_run(kind, given.seed, given.deliveries // len(kinds), given.processes) for kind in kinds]
    return 1 if any(failed) else 0


def _run(of: Kind, seed: int, deliveries: int, processes: int) -> bool:
    """Run many worlds of a kind; True if something was violated."""
    summary = Summary(seed, of)
    shown, failures = time.monotonic(), 0
    for summary in simulate_in_processes(seed, deliveries, processes, of):
        for result in summary.failures[failures:]:
            _show(of, seed, result)
        failures = len(summary.failures)
        if time.monotonic() - shown > SECONDS_BETWEEN_REPORTS:
            shown = time.monotonic()
            print(summary, flush=True)
    print("\n".join(f"  {count:>10,} {name}" for name, count in sorted(summary.counts.items())))
    print(summary)
    return bool(summary.failures)


def _replay(of: Kind, seed: int, world: int, mutant: str | None) -> int:
    with MUTANTS[mutant].broken() if mutant else unmutated():
        result = run_world(seed, world, print, of)
    _show(of, seed, result)
    return 1 if result.violations else 0


def _show(of: Kind, seed: int, result: Result) -> None:
    verdict = f"{len(result.violations)} violations" if result.violations else "all as it must be"
    print(f"{of}, seed {seed} world {result.number}: {verdict}")
    for violation in result.violations[:MOST_SHOWN]:
        print(f"  {violation.kind}: {violation.about}")
    if result.violations:
        print(f"  replay it: python -m simulation --of {of} --seed {seed} --world {result.number}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
