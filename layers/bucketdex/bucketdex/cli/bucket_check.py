"""`bucketdex bucket check`: a bucket compared with the index now, from this machine."""

from typing import TYPE_CHECKING

import typer

from bucketdex.cli.bucket_edges import edges_here
from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO

if TYPE_CHECKING:
    from bucketdex.check.listing import Difference

MOST_NAMED = 20  # keys that differ
EXAMPLES = """bucketdex bucket check my-data
    bucketdex bucket check my-data --json | jq .differing"""


def check(name: str, *, as_json: bool) -> None:
    """Compare the bucket with the index from its first key to its last, and have looked at what differs."""
    from collections import Counter
    from functools import partial

    from bucketdex.buckets.hashing import connected
    from bucketdex.changes.sending import send
    from bucketdex.check.buckets import Edges, steps
    from bucketdex.cli.output import bars, json_line, plural, printable

    here = edges_here()
    connected(name, here.control)
    edges = Edges(here.s3, here.opensearch, here.control, partial(send, here.sqs, here.bulk_events_url))
    keys, differing = 0, Counter[str]()
    named: list[Difference] = []
    with bars() as progress:
        task = progress.add_task(f"Comparing {name}")
        for step in steps(edges, name):
            keys += step.keys
            differing.update(it.what for it in step.differences)
            named += step.differences[: MOST_NAMED - len(named)]
            told = f"{plural(keys, 'key')}, of which {differing.total():,} differ"
            progress.update(task, description=f"Comparing {name}: {told}")
    if as_json:
        json_line({"bucket": name, "keys": keys, "differing": differing.total(), "by": differing})
    else:
        for it in named:
            typer.echo(f"s3://{name}/{printable(it.key)}: {it.what}")
        if differing.total() > len(named):
            typer.echo(f"and {differing.total() - len(named):,} more")
        typer.echo(f"Compared: {plural(keys, 'key')} of {name}.")
        if differing:
            typer.echo(f"Differ, and are sent to be looked at again: {plural(differing.total(), 'key')}.")
            typer.echo(as_called("Wait until that is done:  bucketdex status --wait 60"))
        else:
            typer.echo("The index says of all of them what S3 says.")
    if differing:
        raise typer.Exit(NO)
