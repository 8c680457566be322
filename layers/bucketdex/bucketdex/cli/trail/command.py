"""`bucketdex trail`: where CloudTrail's log files come from."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import RefusedError, epilog, usage
from bucketdex.cli.options import Json
from bucketdex.cli.trail import importing

if TYPE_CHECKING:
    from bucketdex.buckets.trail_files import Told

app = typer.Typer(
    no_args_is_help=True, help="Learn from CloudTrail what no notification told, who wrote it, and how much it is read."
)
NEEDED = ("BUCKETDEX_CONTROL_TABLE", "BUCKETDEX_TRAIL_FILES_URL")
FILES = "TrailFiles"
PLACE = "s3://BUCKET[/PREFIX]"


@app.command(
    epilog=epilog(
        """bucketdex trail add s3://my-logs
        bucketdex trail add s3://my-logs/org/AWSLogs/""",
        _1="S3 does not take our notification rule, or there is no such bucket",
    )
)
def add(
    address: Annotated[str, typer.Argument(help="The bucket that a trail delivers to, and below what.", metavar=PLACE)],
    as_json: Json = False,
) -> None:
    """Read the log files that a trail delivers to a bucket, from now on.

    The bucket gets one notification rule beside those that it has. In AWS the stack's parameter TrailBucketArns has to
    name it too. What was delivered before is read by `bucketdex trail import`.
    """
    from bucketdex.buckets.trail_files import tell
    from bucketdex.cli.output import json_line

    bucket, prefix = _place(address)
    s3, sqs, url, control = _edges()
    told = tell(s3, sqs, url, bucket, prefix, [it.name for it in control.buckets()])
    if as_json:
        json_line(told)
    else:
        _show(told)
    if told.connected:
        typer.echo(
            f"bucketdex: {bucket} is connected too: leave it out of what the trail records, or each log file has "
            "another one written",
            err=True,
        )


@app.command(epilog=epilog("bucketdex trail remove s3://my-logs", _1="it has no rule of this stack, or of that prefix"))
def remove(
    address: Annotated[
        str, typer.Argument(help="The bucket; with a prefix only if that is the one that is read.", metavar=PLACE)
    ],
    as_json: Json = False,
) -> None:
    """Read the log files of a bucket no more. What they told is kept."""
    from bucketdex.buckets.trail_files import tell_no_more
    from bucketdex.cli.output import json_line

    bucket, wanted = _place(address)
    s3, sqs, url, _ = _edges()
    prefix = tell_no_more(s3, sqs, url, bucket, wanted)
    if as_json:
        json_line({"bucket": bucket, "prefix": prefix, "removed": True})
    else:
        typer.echo(f"Log files below s3://{bucket}/{prefix} are read no more. Its other rules are as they were.")


app.command("import", epilog=importing.EPILOG)(importing.import_)


def _show(told: "Told") -> None:
    import os

    from bucketdex.cli.here import is_local

    where = f"s3://{told.bucket}/{told.prefix}"
    typer.echo(f"Log files below {where} are read {'from now on' if told.added else 'already'}.")
    if told.former_prefix is not None:
        typer.echo(f"Those below s3://{told.bucket}/{told.former_prefix} were read until now: a bucket has one rule.")
    if not is_local(os.environ.get("AWS_ENDPOINT_URL", "")):
        typer.echo(f"The stack has to be allowed to read them: TrailBucketArns must name arn:aws:s3:::{told.bucket}.")
    if told.added:
        typer.echo(as_called(f"Read what is there already:  bucketdex trail import {where}"))


def _place(address: str) -> tuple[str, str]:
    """Return the bucket and the prefix of an address; the `s3://` may be left out."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    if not bucket or "://" in address.removeprefix("s3://"):
        usage(f"a bucket is s3://bucket, below a prefix s3://bucket/prefix: {address!r}")
    return bucket, prefix


def _edges() -> tuple[Any, Any, str, Any]:
    """Return the clients of S3 and SQS, the address of the queue, and the control table."""
    from bucketdex.aws import clients, settings
    from bucketdex.cli.here import adopt, queues
    from bucketdex.control import ControlTable

    adopt(*NEEDED)
    if (queue := queues().get(FILES)) is None:
        raise RefusedError("this stack reads no trail: its environment has no BUCKETDEX_TRAIL_FILES_URL; update it")
    return clients.s3(), clients.sqs(), queue.url, ControlTable(clients.dynamodb(), settings.control().table)
