"""`bucketdex status`: what is under way."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.failures import NO, epilog
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.local.stack import QueueDepth, State

BETWEEN_LOOKS = 0.25  # seconds: twice in a row nothing there means that nothing is on its way from one to the next
EPILOG = epilog(
    """bucketdex status
    bucketdex status --wait 60 && bucketdex search penguins
    bucketdex status --json | jq .settled""",
    _1="with --wait: not all was settled in time",
)


def status(
    wait: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Wait until all is settled, at most so long.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what waits in the queues, what is being worked on, and what was set aside.

    All is settled when the queues were empty twice in a row; what was written until then can be found. With --json:
    settled, queues (name: visible, in_flight, delayed, dead_letters) and oldest_event_seconds (or null).
    """
    from bucketdex.cli.here import running
    from bucketdex.cli.output import bars, duration, json_line
    from bucketdex.local import stack

    state = running()
    seen: dict[str, QueueDepth] = {}
    with bars() as progress:
        task = progress.add_task("Looking into the queues")

        def observe(depths: "dict[str, QueueDepth]") -> None:
            seen.update(depths)
            left = sum(it.visible + it.in_flight + it.delayed for it in depths.values())
            if wait is not None:
                progress.update(task, description=f"{left:,} events are waiting or being worked on")

        settled = stack.settled(state, wait, observe) if wait is not None else _settled_now(state, observe)
    settled = settled and _is_searchable(state)
    ages = [it.oldest_seconds for it in seen.values() if it.oldest_seconds is not None]
    oldest = max(ages, default=None)
    if as_json:
        json_line({
            "settled": settled,
            "queues": {
                name: {
                    "visible": it.visible,
                    "in_flight": it.in_flight,
                    "delayed": it.delayed,
                    "dead_letters": it.dead_letters,
                }
                for name, it in seen.items()
            },
            "oldest_event_seconds": oldest,
        })  # fmt: skip
    else:
        _print(seen)
        waiting = f", the oldest event since {duration(oldest)}" if oldest is not None else ""
        typer.echo("All is settled." if settled else f"Not settled{waiting}.")
        if dead := sum(it.dead_letters for it in seen.values()):
            typer.echo(f"{dead:,} set aside; see why: bucketdex dead-letters list")
    if wait is not None and not settled:
        raise typer.Exit(NO)


def _settled_now(state: "State", observe: "Callable[[dict[str, QueueDepth]], None]") -> bool:
    from bucketdex.local import stack

    for pause in (0, BETWEEN_LOOKS):
        time.sleep(pause)
        depths = stack.queues(state)
        observe(depths)
        if not all(it.is_empty for it in depths.values()):
            return False
    return True


def _print(depths: "dict[str, QueueDepth]") -> None:
    from bucketdex.cli.output import console, duration, table

    shown = table("queue", "#visible", "#in flight", "#delayed", "#dead letters", "#oldest")
    for name, it in depths.items():
        counts = (it.visible, it.in_flight, it.delayed, it.dead_letters)
        shown.add_row(name, *(f"{count:,}" for count in counts), duration(it.oldest_seconds))
    console().print(shown)


def _is_searchable(state: "State") -> bool:
    """Make what was written searchable now; tell whether it is. There may be no index yet."""
    from opensearchpy.exceptions import OpenSearchException

    from bucketdex.aws import clients
    from bucketdex.aws.settings import OpenSearchSettings
    from bucketdex.index.generations import OBJECTS_ALIAS

    client = clients.opensearch(OpenSearchSettings(state.opensearch_url, "none"))
    try:
        client.indices.refresh(index=OBJECTS_ALIAS, params={"ignore_unavailable": "true"})
    except OpenSearchException as error:
        typer.echo(f"bucketdex: OpenSearch at {state.opensearch_url} does not answer: {error}", err=True)
        return False
    return True
