"""`bucketdex local`: the stack on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.failures import NO, epilog, usage
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.local.stack import State

app = typer.Typer(no_args_is_help=True, help="Run the stack of template.yaml on this machine.")


@app.command(epilog=epilog("bucketdex local up\nbucketdex local up --workers 4"))
def up(
    workers: Annotated[int, typer.Option(min=1, help="Processes at a time for each event source.")] = 2,
    bridge: Annotated[
        bool, typer.Option("--bridge", help="Answer containers too, on the address of Docker's bridge.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start the stack, or join the one that runs.

    The first start downloads OpenSearch (and a Java, where there is none) into a cache.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from bucketdex.cli.output import console, json_line
    from bucketdex.local import stack

    template = stack.find_template()
    downloads = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console(stderr=True),
        transient=True,
    )
    with downloads:
        state = stack.up(
            stack.default_home(template), template, workers, downloads.console.print, downloads, bridge=bridge
        )
    if as_json:
        json_line(_told(state))
        return
    out = console()
    for note in state.notes:
        out.print(f"! {note}", style="yellow")
    _show_addresses(state)
    out.print('\nPoint this shell at it:  eval "$(bucketdex local env)"')
    out.print("Connect a bucket:        bucketdex bucket add NAME")
    out.print("Stop it:                 bucketdex local down")


@app.command(epilog=epilog("bucketdex local down\nbucketdex local down --purge"))
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Remove its folder with all logs too.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the stack. The emulated buckets live in its memory and go with it."""
    from bucketdex.cli.output import json_line
    from bucketdex.local import stack

    home = stack.default_home(stack.find_template())
    ran = stack.down(home, purge=purge)
    if as_json:
        json_line({"ran": ran, "purged": purge, "home": str(home)})
        return
    typer.echo("The stack is stopped." if ran else "No stack was running.")
    if purge:
        typer.echo(f"{home} is removed.")


@app.command(epilog=epilog("bucketdex local status\nbucketdex local status --json", _1="no stack runs, or not yet"))
def status(as_json: Json = False) -> None:
    """Show what runs, where it answers, and which processes it has. `bucketdex status` shows the queues."""
    from bucketdex.cli.here import NO_STACK
    from bucketdex.cli.output import console, json_line, moment, table
    from bucketdex.local import stack

    home = stack.default_home(stack.find_template())
    state = stack.status(home)
    if as_json:
        json_line(_told(state) if state else {"phase": "none", "home": str(home)})
    elif state is None:
        typer.echo(NO_STACK)
    else:
        out = console()
        out.print(f"The stack of {state.template} is {state.phase}, since {moment(state.started)} UTC.")
        for note in state.notes:
            out.print(f"! {note}", style="yellow")
        _show_addresses(state)
        processes = table("process", "#id")
        for name, number in {"supervisor": state.supervisor, **state.processes}.items():
            processes.add_row(name, str(number))
        out.print(processes)
    if state is None or state.phase != "ready":
        raise typer.Exit(NO)


@app.command(
    epilog=epilog("""bucketdex local logs IndexObjects --follow
        bucketdex local logs --lines 5""")
)
def logs(
    name: Annotated[
        str | None, typer.Argument(help="Whose log; without it, all.", autocompletion=lambda: sorted(_logs()))
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of each log's last lines.")] = 20,
    as_json: Json = False,
) -> None:
    """Show what functions, emulated AWS, OpenSearch and supervisor log; also after the stack has stopped."""
    from bucketdex.cli.following import last_and_next
    from bucketdex.cli.output import json_line, printable

    found = _logs()
    if name is not None and name not in found:
        usage(f"there is no log of {name!r} here, but of {', '.join(sorted(found)) or 'nothing: no stack has run'}")
    chosen = {name: found[name]} if name else found
    width = max(map(len, chosen), default=0)
    for of, line in last_and_next(chosen, lines, follow=follow):
        if as_json:
            json_line({"log": of, "line": line})
        else:
            typer.echo(printable(line) if name else f"{of:{width}} | {printable(line)}")


@app.command(
    epilog=epilog("""eval "$(bucketdex local env)"
        bucketdex local env --sam > env.json
        sam local invoke IndexObjects --event events/s3-created.json --env-vars env.json""")
)
def env(
    as_json: Json = False,
    sam: Annotated[
        bool, typer.Option("--sam", help="Print the file that `sam local invoke --env-vars` takes (needs --bridge).")
    ] = False,
) -> None:
    """Print the variables that point a shell, and any AWS client started from it, at the stack."""
    import shlex

    from bucketdex.cli.here import running
    from bucketdex.cli.output import json_line
    from bucketdex.local import stack

    state = running()
    if sam:
        json_line({"Parameters": stack.environment(state, bridge=True)})
        return
    # With its folder, `bucketdex` finds the stack from anywhere.
    variables = stack.environment(state) | {"BUCKETDEX_HOME": state.home}
    if as_json:
        json_line(variables)
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _told(state: "State") -> dict[str, object]:
    return {
        "phase": state.phase,
        "home": state.home,
        "template": state.template,
        "started": state.started,
        "edge_url": state.edge_url,
        "opensearch_url": state.opensearch_url,
        "api_url": state.api_url,
        "bridge": state.bridge or None,
        "processes": {"supervisor": state.supervisor, **state.processes},
        "notes": state.notes,
    }


def _show_addresses(state: "State") -> None:
    from bucketdex.cli.output import console, table

    addresses = table("answers at", "what")
    addresses.add_row(state.api_url, "the search API")
    addresses.add_row(state.edge_url, "S3, SQS, DynamoDB and the other emulated services of AWS")
    addresses.add_row(state.opensearch_url, "OpenSearch")
    console().print(addresses)


def _logs() -> dict[str, Path]:
    """Return the logs that there are, by whose they are."""
    from bucketdex.local import stack

    folder = stack.log_file(stack.default_home(stack.find_template()), "any").parent
    return {path.stem: path for path in sorted(folder.glob("*.log"))}
