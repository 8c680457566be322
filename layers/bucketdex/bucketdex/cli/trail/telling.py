"""What `bucketdex trail import` shows: how far it is, and in the end what there was."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import typer

from bucketdex.cli.called import as_called

if TYPE_CHECKING:
    from bucketdex.cli.trail.reading import Account, Failed, Watch

# What the function counts: its names in JSON, and what people are told of it.
COUNTS = {
    "TrailRecords": ("records", "", ""),
    "TrailHints": ("hints", "Sent to be looked at", "change"),
    "TrailReads": ("reads", "Counted", "read"),
    "ChecksWanted": ("checks_wanted", "To be compared with the index within the hour", "bucket"),
    "TrailForeign": ("foreign", "Of buckets that are not connected", "record"),
    "TrailUnreadable": ("unreadable", "Not understood", "record"),
}
OTHERS = {"digest": "digest file", "insight": "file of Insights", "foreign": "other file"}


class Plan:
    """How many files there are: to be read (and their bytes), read before, passed over by kind."""

    def __init__(self) -> None:
        self.files = self.bytes = self.known = 0
        self.skipped: Counter[str] = Counter()


@contextlib.contextmanager
def bar(plan: Plan) -> "Iterator[tuple[Watch, Callable[[Failed], object]]]":
    """Yield what moves the bar, and what tells of a file that cannot be read, above it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from bucketdex.cli.output import console, plural, printable

    out = console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as shown:
        task = shown.add_task("Reading", total=plan.bytes)

        def watch(files: int, done: int, records: int) -> None:
            of = f"Reading {files:,} of {plural(plan.files, 'file')}, {plural(records, 'record')}"
            shown.update(task, completed=done, description=of)

        def complain(failed: "Failed") -> None:
            out.print(f"bucketdex: {printable(failed.file)}: {printable(failed.problem)}", soft_wrap=True)

        yield watch, complain


def print_json(account: "Account", plan: Plan, *, dry_run: bool) -> None:
    """Print what was read, or would be, for programs."""
    from bucketdex.cli.output import json_line

    told: dict[str, Any] = {"files": account.files, "bytes": account.bytes}
    if dry_run:
        told = {"dry_run": True, "files": plan.files, "bytes": plan.bytes}
    else:
        told |= {name: account.tally.counts[metric] for metric, (name, *_) in COUNTS.items()}
    json_line(told | {"files_known": plan.known, "files_skipped": plan.skipped, "failed": account.failed})


def show(account: "Account", plan: Plan, *, dry_run: bool) -> None:
    """Print what was read, or would be, for people."""
    from bucketdex.cli.output import joined, plural, size

    if dry_run:
        typer.echo(f"To be read: {plural(plan.files, 'file')} ({size(plan.bytes)}).")
    else:
        _show_read(account)
    if plan.known:
        typer.echo(f"Read before: {plural(plan.known, 'file')} (--again reads them once more).")
    if skipped := [plural(count, OTHERS[kind]) for kind, count in sorted(plan.skipped.items())]:
        typer.echo(f"Passed over: {joined(skipped)}.")
    if account.failed:
        typer.echo(f"bucketdex: {plural(len(account.failed), 'file')} could not be read", err=True)
    if account.tally.counts["TrailHints"]:
        typer.echo(as_called("Wait until it is found:  bucketdex status --wait 60"))


def _show_read(account: "Account") -> None:
    from bucketdex.cli.output import plural, size

    counts = account.tally.counts
    records = plural(counts["TrailRecords"], "record")
    typer.echo(f"Read: {plural(account.files, 'file')} ({size(account.bytes)}), {records}.")
    for metric, (_, said, noun) in COUNTS.items():
        if said and counts[metric]:
            typer.echo(f"{said}: {plural(counts[metric], noun)}.")
