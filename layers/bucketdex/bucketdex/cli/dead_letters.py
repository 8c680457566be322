"""`bucketdex dead-letters`: what could not be processed, why, and once more or never."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO, RefusedError, epilog, usage
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.aws.dead_letters import DeadLetter, Held
    from bucketdex.aws.settings import Queue

app = typer.Typer(no_args_is_help=True, help="Look at what was set aside; have it processed again, or delete it.")

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Their ids, or how those begin.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them (of --queue and --kind).")]
OfQueue = Annotated[str | None, typer.Option("--queue", help="Only of this queue, such as ObjectEvents.")]
OfKind = Annotated[
    Literal["permanent", "transient", "ours", "crashed", "undelivered"] | None,
    typer.Option("--kind", help="Only of this kind."),
]
REASON_CHARACTERS = 300  # of a reason that the list shows; `show` has all of it

type Wanted = Callable[[DeadLetter], bool]


@app.command(
    "list",
    epilog=epilog("""bucketdex dead-letters list
        bucketdex dead-letters list --kind crashed --json | jq -r .id"""),
)
def list_letters(queue: OfQueue = None, kind: OfKind = None, as_json: Json = False) -> None:
    """List what was set aside and why; with --json one line each, with the message's body."""
    import time

    from bucketdex.aws import clients
    from bucketdex.aws.dead_letters import held
    from bucketdex.cli.output import console, duration, json_line, plural, printable, table

    queues = _queues(queue)
    with held(clients.sqs(), queues) as letters:
        chosen = [it.letter for it in letters if kind in (None, it.letter.kind)]
    if as_json:
        for letter in chosen:
            json_line(letter)
        return
    if chosen:
        shown = table("id", "queue", "kind", "#age", "#receives", "reason")
        shown.columns[0].no_wrap = True
        for it in chosen:
            age = duration(time.time() - it.sent)
            reason = printable(it.reason[:REASON_CHARACTERS])
            shown.add_row(it.id, it.queue, it.kind, age, str(it.receives), reason)
        console().print(shown)
    typer.echo(f"{plural(len(chosen), 'dead letter')}.")
    if chosen:
        typer.echo(
            as_called(
                "All of one: bucketdex dead-letters show ID.  Once more: bucketdex dead-letters replay ID (or --all)."
                "  Never: bucketdex dead-letters delete ID."
            )
        )


@app.command(
    epilog=epilog("bucketdex dead-letters show 6d0d9b1e-0f0b-4a52-9d5c-1f6f2d0c8a11", _1="there is no such dead letter")
)
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how that begins.")], as_json: Json = False
) -> None:
    """Show all of a dead letter, with the body of its message."""
    from bucketdex.aws import clients
    from bucketdex.aws.dead_letters import held
    from bucketdex.cli.output import json_line, moment, printable

    queues = _queues(None)
    with held(clients.sqs(), queues) as letters:
        chosen = [it.letter for it in letters if it.letter.id.startswith(identity)]
    if not chosen:
        raise RefusedError(f"there is no dead letter {identity}; `bucketdex dead-letters list` shows those that are")
    for it in chosen:
        if as_json:
            json_line(it)
            continue
        typer.echo(f"id        {it.id}\nqueue     {it.queue}\nkind      {it.kind}\nsent      {moment(it.sent)} UTC")
        typer.echo(f"receives  {it.receives}\nreason    {printable(it.reason)}\n\n{_body(it.body)}")


@app.command(
    epilog=epilog(
        """bucketdex dead-letters replay --all
        bucketdex dead-letters replay --all --queue ObjectEvents --kind transient""",
        _1="there was nothing to send, or not all could be",
    )
)
def replay(
    ids: Ids = None,
    everything: Everything = False,
    queue: OfQueue = None,
    kind: OfKind = None,
    as_json: Json = False,
) -> None:
    """Send dead letters to the queue that they came from, to be processed again; only then they are deleted."""
    from bucketdex.aws import clients, dead_letters
    from bucketdex.cli.output import bars, json_line, plural, printable

    queues = _wanted(ids, queue, everything=everything)
    sqs = clients.sqs()
    with dead_letters.held(sqs, queues) as letters, bars() as progress:
        chosen = _chosen(letters, ids, queue, kind, "sent")
        task = progress.add_task("Sending", total=len(chosen))
        done = dead_letters.replay(
            sqs, chosen, lambda sent: progress.update(task, description=f"Sent {sent} of {len(chosen)}")
        )
    if as_json:
        json_line({"sent": done.sent, "failed": done.failed})
    else:
        typer.echo(f"{plural(done.sent, 'message')} sent to be processed again.")
        for failure in done.failed:
            typer.echo(printable(failure), err=True)
    if done.failed or not chosen:
        raise typer.Exit(NO)


@app.command(
    epilog=epilog(
        """bucketdex dead-letters delete 6d0d9b1e-0f0b-4a52-9d5c-1f6f2d0c8a11
        bucketdex dead-letters delete --all --queue TrailFiles --yes""",
        _1="there was nothing to delete, not all could be, or you said no",
    )
)
def delete(
    ids: Ids = None,
    everything: Everything = False,
    queue: OfQueue = None,
    kind: OfKind = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete dead letters for good: what they told of is not processed.

    If it was a change of an object, the check of each day still finds what the index lacks, or `bucketdex bucket check`
    now. With --json: deleted (the dead letters, with their bodies) and failed.
    """
    from bucketdex.aws import clients, dead_letters
    from bucketdex.cli.output import json_line, plural, printable

    queues = _wanted(ids, queue, everything=everything)
    sqs = clients.sqs()
    with dead_letters.held(sqs, queues) as letters:
        chosen = _chosen(letters, ids, queue, kind, "deleted")
        if chosen and not yes:
            typer.confirm(f"Delete {plural(len(chosen), 'dead letter')} for good?", abort=True, err=True)
        done = dead_letters.delete(sqs, chosen)
    if as_json:
        json_line(done)
    else:
        for it in done.deleted:
            typer.echo(f"{it.id} of {it.queue}: {printable(it.reason[:REASON_CHARACTERS])}")
        typer.echo(f"{plural(len(done.deleted), 'dead letter')} deleted.")
        for failure in done.failed:
            typer.echo(printable(failure), err=True)
    if done.failed or not chosen:
        raise typer.Exit(NO)


def _wanted(ids: list[str] | None, queue: str | None, *, everything: bool) -> "dict[str, Queue]":
    """Return the queues to look at, where it is said which dead letters are meant."""
    if bool(ids) == everything:
        usage("say which: their ids, or --all")
    return _queues(queue)


def _chosen(
    letters: "list[Held]", ids: list[str] | None, queue: str | None, kind: str | None, done: str
) -> "list[Held]":
    """Return those that are meant, without ids all of the kind; raises `RefusedError` for an id that there is not."""
    from bucketdex.cli.output import joined

    chosen = [it for it in letters if kind in (None, it.letter.kind) and (not ids or _named(it, ids))]
    if unknown := [it for it in ids or [] if not any(_named(letter, [it]) for letter in chosen)]:
        named = [what for what, given in (("queue", queue), ("kind", kind)) if given]
        which = f" (of that {joined(named)})" if named else ""
        raise RefusedError(f"there is no dead letter {unknown[0]}{which}; nothing is {done}")
    return chosen


def _queues(wanted: str | None) -> "dict[str, Queue]":
    """Return the queues to look at; the name may be the template's or the queue's own."""
    from bucketdex.cli.here import adopt, queues

    adopt("BUCKETDEX_OBJECT_EVENTS_URL")
    found = queues()
    chosen = {name: queue for name, queue in found.items() if wanted in (None, name, queue.name)}
    if not chosen:
        usage(f"there is no queue {wanted!r}, but {', '.join(found)}")
    return chosen


def _named(held: "Held", ids: list[str]) -> bool:
    return any(held.letter.id.startswith(it) for it in ids)


def _body(body: str) -> str:
    """Return a message's body in lines, where it is JSON."""
    import msgspec

    from bucketdex.cli.output import printable

    try:
        text = msgspec.json.format(body.encode(), indent=2).decode()
    except (msgspec.DecodeError, UnicodeError):
        text = body
    return "\n".join(printable(line) for line in text.split("\n"))
