"""Run the benchmarks that are named, or all: `python -m benchmarks [NAME ...]`."""

import importlib
import sys
import time

from benchmarks.measure import Figure, machine

NAMES = (
    "handler_cpu",
    "cold_start",
    "bulk_writer",
    "manifests",
    "write_to_found",
    "ten_thousand",
    "push_install",
    "hashing",
    "trail",
    "trail_requests",
)


def main(wanted: list[str]) -> int:
    """Print the figures; return 1 where a goal was missed."""
    if unknown := set(wanted) - set(NAMES):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(f"{time.strftime('%Y-%m-%d')}, {machine()}")
    missed = False
    for name in wanted or NAMES:
        for figure in importlib.import_module(f"benchmarks.{name}").run():
            _print(name, figure)
            missed |= figure.met is False
    return int(missed)


def _print(name: str, figure: Figure) -> None:
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    goal = f"   goal {figure.goal}: {verdict}" if figure.goal else ""
    print(f"\n{name}: {figure.what}\n  {figure.value}{goal}", flush=True)
    for line in figure.details:
        print(f"    {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
