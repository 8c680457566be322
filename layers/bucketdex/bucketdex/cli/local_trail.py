"""`bucketdex local trail`: a CloudTrail of the stack on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.failures import epilog
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.local.trail import Trail

app = typer.Typer(
    no_args_is_help=True, help="Record who asks the emulated S3 for what, and deliver it as CloudTrail does."
)


@app.command(epilog=epilog("bucketdex local trail on\nbucketdex local trail on --seconds 60"))
def on(
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="The time between two log files.")] = 2.0,
    as_json: Json = False,
) -> None:
    """Record from now on, and deliver log files to the bucket bucketdex-trail, whose files the stack reads.

    Whoever writes is known by the access key: with AWS_ACCESS_KEY_ID=ada it is the user ada.
    """
    from bucketdex.cli.here import running
    from bucketdex.local import trail

    _show(trail.switch_on(running(), seconds), as_json=as_json)


@app.command(epilog=epilog("bucketdex local trail off"))
def off(as_json: Json = False) -> None:
    """Deliver what was recorded, and record no more. The bucket stays, with its log files."""
    from bucketdex.cli.here import running
    from bucketdex.local import trail

    _show(trail.switch_off(running()), as_json=as_json)


@app.command(epilog=epilog("bucketdex local trail status\nbucketdex local trail status --json"))
def status(as_json: Json = False) -> None:
    """Show whether it is on, and what was delivered since it was switched on last."""
    from bucketdex.cli.here import running
    from bucketdex.local import trail

    _show(trail.told(running()), as_json=as_json)


def is_on() -> bool | None:
    """Whether the trail is on of the local stack that commands work with; None where they work with no local one."""
    import os

    from bucketdex.cli.failures import NoStackError
    from bucketdex.cli.here import running
    from bucketdex.local.stack import StackError
    from bucketdex.local.trail import told

    try:
        state = running()
        return told(state).on is not None if state.edge_url == os.environ.get("AWS_ENDPOINT_URL") else None
    except (NoStackError, StackError):
        return None


def _show(told: "Trail", *, as_json: bool) -> None:
    from bucketdex.cli.output import json_line, plural

    if as_json:
        json_line(told)
        return
    if told.on:
        every = f"{told.on.seconds:g} s" if told.on.seconds != 1 else "second"
        typer.echo(f"The trail is on: log files come to s3://{told.on.bucket} every {every}.")
    else:
        typer.echo("The trail is off.")
    if told.records:
        typer.echo(f"Delivered: {plural(told.records, 'record')} in {plural(told.files, 'file')}.")
    if told.waiting:
        typer.echo(f"Not yet:   {plural(told.waiting, 'record')}.")
