"""The command `bucketdex`: its options and its commands, each from the file or folder of its name.

Those files import what a command needs when it runs, so that help and completion are there at once.
"""

import sys
from typing import Annotated

import typer

from bucketdex import __version__
from bucketdex.cli import bucket, dead_letters, local, package, parse_event, reads, search, show, status
from bucketdex.cli.called import NAME, as_called, command
from bucketdex.cli.demo import command as demo
from bucketdex.cli.failures import Commands
from bucketdex.cli.hash import command as hash_command
from bucketdex.cli.minus import OfQuery
from bucketdex.cli.trail import command as trail

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # a failure is a line; see failures.py
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=as_called('Start with `bucketdex demo`, or `bucketdex local up` and `eval "$(bucketdex local env)"`.'),
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bucketdex {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a failure, as BUCKETDEX_DEBUG=1 does.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """The search index of what is kept in Amazon S3: on this machine, and in your account."""


BEGIN, FIND, OPERATE = "Begin", "Find", "Operate"  # panels of the help

app.command(epilog=demo.EPILOG, rich_help_panel=BEGIN)(demo.demo)
app.add_typer(local.app, name="local", rich_help_panel=BEGIN)
app.add_typer(bucket.app, name="bucket", rich_help_panel=BEGIN)
app.command(cls=OfQuery, epilog=search.EPILOG, rich_help_panel=FIND)(search.search)
app.command(epilog=show.EPILOG, rich_help_panel=FIND)(show.show)
app.command(epilog=reads.EPILOG, rich_help_panel=FIND)(reads.reads)
app.command("hash", epilog=hash_command.EPILOG, rich_help_panel=FIND)(hash_command.hash_)
app.add_typer(package.app, name="package", rich_help_panel=FIND)
app.add_typer(trail.app, name="trail", rich_help_panel=OPERATE)
app.command(epilog=status.EPILOG, rich_help_panel=OPERATE)(status.status)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=OPERATE)
app.command(epilog=parse_event.EPILOG, rich_help_panel=OPERATE)(parse_event.parse_event)


def main() -> None:
    """Run the command."""
    # Completion is for the name, and told by it; all else can be pasted as it is shown.
    completion = any(it.endswith("-completion") for it in sys.argv[1:])
    app(prog_name=NAME if completion else command(), complete_var=f"_{NAME.upper()}_COMPLETE")
