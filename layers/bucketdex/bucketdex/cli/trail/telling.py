"""What `bucketdex trail import` shows: how far it is, and in the end what there was."""

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import typer

from bucketdex.cli.called import as_called

if TYPE_CHECKING:
    from bucketdex.cli.trail.files import LogFile
    from bucketdex.cli.trail.reading import Account, Failed, Watch

# What the function counts: its names in JSON, and what people are told of it.
COUNTS = {
    "TrailRecords": ("records", "", ""),
    "TrailHints": ("hints", "Sent to be looked at", "change"),
    "TrailReads": ("reads", "Counted, where they were not before", "read"),
    "TrailReadsTooOld": ("reads_too_old", "Left out, as they are of more than a year ago", "read"),
    "TrailReadsToCome": ("reads_to_come", "Left out, as they are of days to come", "read"),
    "ChecksWanted": ("checks_wanted", "To be compared with the index within the hour", "bucket"),
    "TrailForeign": ("records_of_other_buckets", "Of buckets that are not connected", "record"),
    "TrailUnreadable": ("unreadable", "Not understood", "record"),
}
OTHERS = {"digest": "digest file", "insight": "Insights file", "other": "other file"}
MOST_NAMED = 3  # files
MOST_FAILED = 12  # that are named on the screen
READABLE = (".json", ".json.gz")


class Plan:
    """How many files there are: to be read (and their bytes), read before, passed over by kind.

    `renamed` are those to be read that have no name of CloudTrail's.
    """

    def __init__(self) -> None:
        self.files = self.bytes = self.known = 0
        self.skipped: Counter[str] = Counter()
        self.renamed: list[str] = []
        self._passed: list[str] = []

    def skip(self, file: "LogFile") -> None:
        """Pass over a file that is no log file."""
        self.skipped["other" if file.kind == "foreign" else file.kind] += 1
        if file.kind == "foreign" and file.address.endswith(READABLE) and len(self._passed) < MOST_NAMED:
            self._passed.append(file.address.rpartition("/")[2])

    def passed_over(self) -> str:
        """Return which files were passed over that could be log files by another name; an empty text for none."""
        if not self._passed:
            return ""
        more = ", ..." if self.skipped["other"] > len(self._passed) else ""
        names = ", ".join(self._passed)
        return (
            f"passed over, as their names are not CloudTrail's: {names}{more}; name them themselves to have them read"
        )


def warn(plan: Plan) -> None:
    """Tell of files whose names are not CloudTrail's: what they count is counted again under another name."""
    from bucketdex.cli.output import plural, printable

    said = (
        "its name is not CloudTrail's: what it counts is counted again if it is also read by another name, or with "
        "other content"
    )
    for address in plan.renamed[:MOST_NAMED]:
        typer.echo(f"bucketdex: {printable(address)}: {said}", err=True)
    if (more := len(plan.renamed) - MOST_NAMED) > 0:
        typer.echo(f"bucketdex: so it is with {plural(more, 'more file')}", err=True)


@contextlib.contextmanager
def bar(plan: Plan) -> "Iterator[tuple[Watch, Callable[[Failed], object]]]":
    """Yield what moves the bar, and what tells of a file that cannot be read, above it; of many only the first."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from bucketdex.cli.output import console, plural, printable

    out = console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as shown:
        task = shown.add_task("Reading", total=plan.bytes)
        failures = itertools.count(1)

        def watch(files: int, done: int, records: int) -> None:
            of = f"Reading {files:,} of {plural(plan.files, 'file')}, {plural(records, 'record')}"
            shown.update(task, completed=done, description=of)

        def complain(failed: "Failed") -> None:
            if next(failures) <= MOST_FAILED:
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
    skipped = {kind: plan.skipped[kind] for kind in OTHERS}
    json_line(told | {"files_known": plan.known, "files_skipped": skipped, "failed": account.failed})


def show(account: "Account", plan: Plan, *, dry_run: bool) -> None:
    """Print what was read, or would be, for people."""
    from bucketdex.cli.output import joined, plural, printable, size

    if dry_run:
        typer.echo(f"To be read: {plural(plan.files, 'file')} ({size(plan.bytes)}).")
    else:
        _show_read(account)
    if plan.known:
        typer.echo(f"Read before: {plural(plan.known, 'file')} (--again reads them once more).")
    if skipped := [plural(count, OTHERS[kind]) for kind, count in sorted(plan.skipped.items())]:
        typer.echo(f"Passed over: {joined(skipped)}.")
    if passed := plan.passed_over():
        typer.echo(f"{passed[0].upper()}{printable(passed[1:])}.")
    if (more := len(account.failed) - MOST_FAILED) > 0:
        typer.echo(f"bucketdex: and {more:,} more that could not be read whole; --json names all", err=True)
    in_part = sum(it.in_part for it in account.failed)
    if unread := len(account.failed) - in_part:
        typer.echo(f"bucketdex: {plural(unread, 'file')} could not be read", err=True)
    if in_part:
        typer.echo(f"bucketdex: {plural(in_part, 'file')} {'was' if in_part == 1 else 'were'} read in part", err=True)
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
