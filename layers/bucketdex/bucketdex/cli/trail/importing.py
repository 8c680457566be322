"""`bucketdex trail import`: read old log files, as the function reads new ones."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.failures import INTERRUPTED, NO, RefusedError, epilog, fail, usage
from bucketdex.cli.options import Json
from bucketdex.errors import Fault

if TYPE_CHECKING:
    from bucketdex.aws.settings import ReadTrailSettings
    from bucketdex.changes.outcome import Tally
    from bucketdex.cli.trail.files import LogFile, Sources
    from bucketdex.cli.trail.journal import Journal
    from bucketdex.cli.trail.reading import Account, Reader
    from bucketdex.cli.trail.telling import Plan

EPILOG = epilog(
    """bucketdex trail import s3://my-logs/AWSLogs/
    bucketdex trail import logs/2026/ 123456789012_CloudTrail_eu-west-1_20260131T0905Z_Mu0KsOhtH1ar15ZZ.json.gz
    bucketdex trail import s3://my-logs/AWSLogs/ --dry-run""",
    _1="no log file is there, or one could not be read, or only in part",
)
NEEDED = ("BUCKETDEX_CONTROL_TABLE", "BUCKETDEX_OPENSEARCH_URL")
OF_THE_FUNCTION = ("BUCKETDEX_TRAIL_IDENTITIES", "BUCKETDEX_OWN_ROLE_ARNS")


def import_(
    named: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, s3://bucket/prefix or s3://bucket/key.",
            metavar="FILE...",
            show_default=False,
        ),
    ],
    again: Annotated[
        bool, typer.Option("--again", help="Also read files that have been read before; it changes no count.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how much there is to read.")] = False,
    as_json: Json = False,
) -> None:
    """Read log files that CloudTrail has delivered before: who wrote what, what was read, what is not indexed.

    Each file is read once, however often this is run: when it is interrupted, run it again. What the function has read
    may be read again too: nothing is counted twice. A file that cannot be read is told, and the others are read,
    however many it are; the next run tries it again.

    In folders, and below prefixes, a log file is known by the name that CloudTrail gave it, and the rest is passed
    over; a file that is named itself is read whatever its name. Reads are counted once for each name that CloudTrail
    gave: a file may be moved or unpacked, but a copy of another name counts again. Files of other names, such as
    part-0.json.gz, are told apart by name and content: one that is changed counts again.

    With --json: files and bytes that were read; in these, and in files read in part, records, hints (changes to be
    looked at), reads, reads_too_old (of more than a year ago, left out), reads_to_come (of later days, left out),
    checks_wanted (buckets), unreadable (records) and records_of_other_buckets (that are not connected); then
    files_known (read before), files_skipped (digest, insight, other) and failed (file, problem, in_part; what is no
    UTF-8 in a name as escapes). With --dry-run: dry_run, the files and bytes to be read, files_known, files_skipped and
    failed.
    """
    from bucketdex.aws import clients
    from bucketdex.cli.output import plural
    from bucketdex.cli.trail.files import Sources
    from bucketdex.cli.trail.reading import Account
    from bucketdex.cli.trail.telling import print_json, show

    for it in named:
        if it.startswith("s3://") and not it.removeprefix("s3://").partition("/")[0]:
            usage(f"not an address as s3://bucket/prefix: {it!r}")
    sources, account = Sources(named, clients.transfer_s3), Account()
    reader, journal = _stack(sources)
    try:
        plan = _plan(sources, journal, again=again)
        if not dry_run:
            _read(sources, journal, reader, plan, account, again=again)
    except KeyboardInterrupt:
        read = plural(account.files, "file")
        rest = "run it without --again for the rest" if again else "run the same command again for the rest"
        fail(f"interrupted; {read} read: {rest}", INTERRUPTED)
    if as_json:
        print_json(account, plan, dry_run=dry_run)
    else:
        show(account, plan, dry_run=dry_run)
    if account.failed:
        raise typer.Exit(NO)


def _plan(sources: "Sources", journal: "Journal", *, again: bool) -> "Plan":
    """Go through what is named, so that progress can tell how much is left."""
    from bucketdex.cli.output import bars, plural
    from bucketdex.cli.trail.telling import Plan, warn

    plan = Plan()
    number = 0
    with bars() as shown:
        task = shown.add_task("Looking for log files")
        for number, file in enumerate(sources.files(), 1):
            if file.kind != "log":
                plan.skip(file)
            elif not again and journal.knows(file):
                plan.known += 1
            else:
                plan.files += 1
                plan.bytes += file.size
                if not file.is_unique and not file.problem:
                    plan.renamed.append(file.address)
            if number % 1000 == 0:
                shown.update(task, description=f"Looking for log files: {plural(plan.files, 'file')}")
    if number == plan.skipped.total():
        others = f", only {plural(number, 'other file')}" if number else ""
        names = f" ({passed})" if (passed := plan.passed_over()) else ""
        raise RefusedError(f"there is no log file of CloudTrail in what is named{others}{names}")
    warn(plan)
    return plan


def _read(
    sources: "Sources", journal: "Journal", reader: "Reader", plan: "Plan", account: "Account", *, again: bool
) -> None:
    from bucketdex.cli.trail.reading import read_all
    from bucketdex.cli.trail.telling import bar

    if again:
        journal.forget(it for it in sources.files() if it.kind == "log")
    wanted = (it for it in sources.files() if it.kind == "log" and not journal.knows(it))
    try:
        with bar(plan) as (watch, complain):
            read_all(wanted, sources.open, reader, journal, account, watch, complain)
    except Fault as error:
        failed = f"; {len(account.failed):,} could not be read" if account.failed else ""
        raise type(error)(
            f"{error}; {account.files:,} of {plan.files:,} files have been read, and are not again{failed}"
        ) from error
    finally:
        journal.close()


def _stack(sources: "Sources") -> "tuple[Reader, Journal]":
    """Return what reads a file as the function does, and what remembers which files have been read."""
    import math
    from datetime import UTC, datetime
    from functools import partial

    from bucketdex.aws import clients
    from bucketdex.changes.sending import send
    from bucketdex.cli.here import adopt
    from bucketdex.cli.trail.journal import Journal
    from bucketdex.control import ControlTable
    from bucketdex.control.checks import Checks
    from bucketdex.index.generations import READS
    from bucketdex.registry.state_folder import state_file
    from bucketdex.trail.edges import KEYS_EACH, Edges
    from bucketdex.trail.files import read_file

    adopt(*NEEDED)
    stack = _settings()
    opensearch, control = clients.opensearch(stack.opensearch), ControlTable(clients.dynamodb(), stack.control.table)
    buckets, reads = control.buckets(), control.generations(READS)
    if not buckets or not reads:
        raise RefusedError("no bucket is connected, so nothing in a log file is of use: bucketdex bucket add NAME")
    edges = Edges(
        control=control,
        opensearch=opensearch,
        send=partial(send, clients.sqs(), stack.bulk_events_url, keys_each=KEYS_EACH),
        want_check=Checks(clients.dynamodb(), stack.control.table).want,
        now=lambda: datetime.now(UTC),
        remaining=lambda: math.inf,
        identities=stack.identities,
        own_roles=stack.own_roles,
        delay_seconds=stack.delay_seconds,
    )

    def read(file: "LogFile", pieces: "Iterable[bytes]", tally: "Tally") -> None:
        read_file(edges, sources.name(file), pieces, tally, file.bucket)

    told = opensearch.indices.get_settings(index=reads[0].index, flat_settings=True)
    # A file is read for the buckets that are connected, into an index: with others it has more to tell.
    connected = (f"{it.name} {it.added.isoformat()}" for it in buckets)
    return read, Journal(state_file("trails", told[reads[0].index]["settings"]["index.uuid"], *connected))


def _settings() -> "ReadTrailSettings":
    """Return what the function is set to; what is kept of whom is never guessed."""
    import os

    from bucketdex.aws.settings import SettingsError, read_trail

    if missing := [name for name in OF_THE_FUNCTION if name not in os.environ]:
        raise SettingsError(
            f"{missing[0]} is not set, and has to be as the function ReadTrail has it, or its counts and names would "
            "be others: aws lambda get-function-configuration --query Environment.Variables --function-name NAME"
        )
    return read_trail({"BUCKETDEX_MAX_RECEIVES": "1", **os.environ})  # of messages, of which none comes here
