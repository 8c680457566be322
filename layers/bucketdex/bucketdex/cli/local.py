"""`bucketdex local`: the stack on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli import local_trail
from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO, epilog, usage
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.local.stack import State

app = typer.Typer(no_args_is_help=True, help="Run the stack of template.yaml on this machine.")
app.add_typer(local_trail.app, name="trail")


@app.command(epilog=epilog("bucketdex local up\nbucketdex local up --workers 4"))
def up(
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes at a time for each event source.", show_default="2")
    ] = None,
    bridge: Annotated[
        bool, typer.Option("--bridge", help="Answer containers too, on the address of Docker's bridge.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start the stack, or join the one that runs.

    The first start downloads OpenSearch into a cache; the Java that it runs on came with the installation.
    """
    from bucketdex.cli.downloads import downloads
    from bucketdex.cli.output import console, json_line
    from bucketdex.local import stack

    template = stack.find_template()
    told = console(stderr=True)
    with downloads(told) as bars:
        home, tell = stack.default_home(template), lambda text: told.print(as_called(text))
        state = stack.up(home, template, workers, tell, bars, bridge=bridge)
    if as_json:
        json_line(_told(state))
        return
    _show_addresses(state)
    typer.echo(as_called('\nPoint this shell at it:  eval "$(bucketdex local env)"'))
    typer.echo(as_called("Connect a bucket:        bucketdex bucket add NAME"))
    typer.echo(as_called("Stop it:                 bucketdex local down"))


@app.command(epilog=epilog("bucketdex local down\nbucketdex local down --purge"))
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Remove its folder with all logs too.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the stack. The emulated buckets live in its memory and go with it."""
    from bucketdex.cli.output import joined, json_line, printable
    from bucketdex.local import stack

    home = stack.default_home(stack.find_template())
    ran, was_there = stack.down(home), home.exists()
    left = stack.purge(home) if purge else []
    if as_json:
        json_line({"ran": ran, "purged": purge, "home": str(home), "left": left})
        return
    typer.echo("The stack is stopped." if ran else "No stack was running.")
    if left:
        typer.echo(f"All of it in {home} is removed; not the stack's, and left there: {printable(joined(left))}.")
    elif purge:
        typer.echo(f"{home} is removed." if was_there else f"There is no {home}.")


@app.command(epilog=epilog("bucketdex local status\nbucketdex local status --json", _1="no stack runs, or not yet"))
def status(as_json: Json = False) -> None:
    """Show what runs, where it answers, and which processes it has. `bucketdex status` shows the queues."""
    from bucketdex.cli.here import NO_STACK, last_words
    from bucketdex.cli.output import console, json_line, moment, table
    from bucketdex.local import stack

    home = stack.default_home(stack.find_template())
    state = stack.status(home)
    if as_json:
        none = {"phase": "none", "home": str(home), "problem": stack.why_it_ended(home) or None}
        json_line(_told(state) if state else none)
    elif state is None:
        typer.echo(as_called(NO_STACK + last_words()))
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
    raw: Annotated[bool, typer.Option("--raw", help="Print the lines as they are, metrics and durations too.")] = False,
    as_json: Json = False,
) -> None:
    """Show what functions, emulated AWS, OpenSearch and supervisor log; also after the stack has stopped.

    With --json a line has the log's name and its line, as it is.
    """
    from bucketdex.cli.following import last_and_next
    from bucketdex.cli.log_lines import readable
    from bucketdex.cli.output import json_line, printable

    found = _logs()
    chosen = {it: path for it, path in found.items() if name is None or it.lower() == name.lower()}
    if name is not None and not chosen:
        usage(f"there is no log of {name!r} here, but of {', '.join(sorted(found)) or 'nothing: no stack has run'}")
    width = max(map(len, chosen), default=0)
    shown = str if as_json else printable if raw else readable
    for of, line in last_and_next(chosen, lines, follow=follow, shown=shown):
        if as_json:
            json_line({"log": of, "line": line})
        else:
            typer.echo(line if name else f"{of:{width}} | {line}")


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
    unset: Annotated[
        bool, typer.Option("--unset", help="Take the variables of a former stack out of the shell instead.")
    ] = False,
) -> None:
    """Print the variables that point a shell, and any AWS client started from it, at the stack.

    What is set in this shell and would turn clients away from it is unset.
    """
    import shlex

    from bucketdex.cli.here import former_environment, misleading, running
    from bucketdex.cli.output import json_line
    from bucketdex.local import stack

    if unset:
        names = former_environment()
        if as_json:
            json_line(dict.fromkeys(names))
        else:
            typer.echo("\n".join(f"unset {name}" for name in names))
        return
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
    for name in misleading():
        typer.echo(f"unset {name}")


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
    addresses.add_row(state.api_url, "the catalog; under /api/docs what the search API takes")
    addresses.add_row(state.edge_url, "S3, SQS, DynamoDB and the other emulated services of AWS")
    addresses.add_row(state.opensearch_url, "OpenSearch")
    console().print(addresses)


def _logs() -> dict[str, Path]:
    """Return the logs that there are, by whose they are."""
    from bucketdex.local import stack

    folder = stack.log_file(stack.default_home(stack.find_template()), "any").parent
    return {path.stem: path for path in sorted(folder.glob("*.log"))}
