"""`bucketdex status`: what is under way."""

from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO, UNAVAILABLE, complain, epilog
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.cli.depths import Depths

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

    All is settled when the queues were empty twice in a row, and no huge object was being hashed (HashStateMachine, if
    it is known); what was written until then can be found. (The counts of AWS may lag behind by some seconds.) With
    --json: settled, queues (name: visible, in_flight, delayed, dead_letters) and oldest_event_seconds (or null; in AWS
    always).
    """
    from bucketdex.aws import clients
    from bucketdex.cli import depths
    from bucketdex.cli.here import adopt, queues, state_machines
    from bucketdex.cli.output import bars, duration, json_line

    adopt("BUCKETDEX_OBJECT_EVENTS_URL", "BUCKETDEX_BULK_EVENTS_URL")
    sqs, named, machines = clients.sqs(), queues(), state_machines()
    seen: Depths = {}
    with bars() as progress:
        task = progress.add_task("Looking into the queues")

        def look() -> "Depths":
            seen.update(depths.look(sqs, named))
            if machines:
                seen.update(depths.executions(clients.stepfunctions(), machines))
            if wait is not None:
                left = sum(it.visible + it.in_flight + it.delayed for it in seen.values())
                progress.update(task, description=f"{left:,} events are waiting or being worked on")
            return seen

        search = _Search()
        settled = depths.settled(look, wait or 0, search.refresh) and not search.problem
    if search.problem:
        complain(str(search.problem), as_json=as_json, code=UNAVAILABLE)
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
            typer.echo(as_called(f"{dead:,} set aside; see why: bucketdex dead-letters list"))
    if wait is not None and not settled:
        raise typer.Exit(NO)


def _print(depths: "Depths") -> None:
    from bucketdex.cli.output import console, duration, table

    shown = table("queue", "#visible", "#in flight", "#delayed", "#dead letters", "#oldest")
    for name, it in depths.items():
        counts = (it.visible, it.in_flight, it.delayed, it.dead_letters)
        shown.add_row(name, *(f"{count:,}" for count in counts), duration(it.oldest_seconds))
    console().print(shown)


class _Search:
    """Whether what was written can be searched, and why not."""

    problem = ""

    def refresh(self) -> bool:
        """Make what was written searchable now; False where that may go better in a moment."""
        from opensearchpy.exceptions import OpenSearchException

        from bucketdex.aws import clients, settings
        from bucketdex.index.generations import ALIASES

        self.problem = ""
        try:
            where = settings.opensearch()
        except settings.SettingsError as error:
            self.problem = f"whether what was written is searchable yet cannot be told: {error}"
            return True
        client, if_any = clients.opensearch(where), {"ignore_unavailable": "true"}  # there may be no index yet
        try:
            client.indices.refresh(index=list(ALIASES), params=if_any)
            # A refresh does not mind shards that a restart has not brought back yet.
            whole = if_any | {"allow_partial_search_results": "false", "size": "0"}
            client.search(index=list(ALIASES), params=whole)
        except OpenSearchException as error:
            self.problem = f"OpenSearch at {where.url} does not answer: {error}"
        return not self.problem
