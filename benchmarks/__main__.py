"""Run the benchmarks that are named, or all: `python -m benchmarks [NAME ...]`; `--help` tells what some take."""

import argparse
import importlib
import inspect
import sys
import time
from pathlib import Path

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
    "catalog",
    "relevance",
    "million",
)


def main(words: list[str]) -> int:
    """Print the figures; return 1 where a goal was missed."""
    given = vars(_parser().parse_args(words))
    wanted = given.pop("names")
    if unknown := set(wanted) - set(NAMES):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(f"{time.strftime('%Y-%m-%d')}, {machine()}")
    missed = False
    for name in wanted or NAMES:
        run = importlib.import_module(f"benchmarks.{name}").run
        for figure in run(**{option: given[option] for option in inspect.signature(run).parameters if option in given}):
            _print(name, figure)
            missed |= figure.met is False
    return int(missed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", argument_default=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--worst", type=int, metavar="N", help="relevance: list the queries that answer worst")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="million: keep the index there for the next run")
    parser.add_argument("--documents", type=int, metavar="N", help="million: how many, instead of a million")
    return parser


def _print(name: str, figure: Figure) -> None:
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    goal = f"   goal {figure.goal}: {verdict}" if figure.goal else ""
    print(f"\n{name}: {figure.what}\n  {figure.value}{goal}", flush=True)
    for line in figure.details:
        print(f"    {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
