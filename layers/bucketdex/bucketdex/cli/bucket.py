"""`bucketdex bucket`: which buckets are indexed."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO, epilog
from bucketdex.cli.options import Json, bucket_name

if TYPE_CHECKING:
    from bucketdex.buckets.connect import Edges, Step

app = typer.Typer(no_args_is_help=True, help="Connect buckets, so that whatever is written to them is found.")

Name = Annotated[str, typer.Argument(help="The bucket's name.", show_default=False, parser=bucket_name, metavar="NAME")]

Entries = Literal["latest", "all"]  # as in the control table, which help need not import
NEEDED = ("BUCKETDEX_CONTROL_TABLE", "BUCKETDEX_OPENSEARCH_URL")


@app.command(epilog=epilog("bucketdex bucket add my-data", _1="S3 does not take our notification rule, or the name"))
def add(name: Name, as_json: Json = False) -> None:
    """Connect a bucket; it is made where it is absent.

    It gets versioning and one notification rule beside those that it has, and what it holds already is indexed. Run
    again, this sends all it holds to be looked at again.
    """
    from datetime import UTC, datetime

    from bucketdex.buckets.connect import connect
    from bucketdex.cli.output import bars, json_line, plural

    edges = _edges()
    with bars() as progress:
        task = progress.add_task(f"Connecting {name}")

        def tell(step: "Step", keys: int) -> None:
            progress.update(task, description=DOING[step].format(name=name, keys=plural(keys, "key")))

        done = connect(name, edges, lambda: datetime.now(UTC), tell)
    if as_json:
        json_line(done)
        return
    if done.created:
        typer.echo(f"The bucket {name} did not exist and is made.")
    if done.documents_deleted:
        typer.echo(f"Deleted from the index, of a former connection: {plural(done.documents_deleted, 'document')}.")
    typer.echo(f"{name} is connected." if done.registered else f"{name} was connected already.")
    if done.versioning_enabled:
        typer.echo("Its versioning is switched on.")
    if done.keys_sent:
        typer.echo(f"Sent to be indexed, as it holds them already: {plural(done.keys_sent, 'key')}.")
        typer.echo(as_called("Wait until they are found:  bucketdex status --wait 60"))


@app.command(
    "list", epilog=epilog("bucketdex bucket list\nbucketdex bucket list --json | jq -r .name", _1="none is connected")
)
def list_buckets(as_json: Json = False) -> None:
    """List the connected buckets; with --json one line each."""
    from bucketdex.buckets import documents
    from bucketdex.cli.output import console, json_line, moment, table
    from bucketdex.index.generations import OBJECTS_ALIAS, PACKAGES_ALIAS

    edges = _edges()
    buckets = edges.control.buckets()
    objects = [documents.count(edges.opensearch, OBJECTS_ALIAS, it.name) for it in buckets]
    packages = [documents.count(edges.opensearch, PACKAGES_ALIAS, it.name, documents.LATEST) for it in buckets]
    if as_json:
        for bucket, of_objects, of_packages in zip(buckets, objects, packages, strict=True):
            told = {
                "name": bucket.name,
                "added": bucket.added,
                "objects": of_objects,
                "packages": of_packages,
                "entries": bucket.entries,
                "before": bucket.before,
            }
            json_line(told)
    elif buckets:
        found = table("bucket", "#objects", "#packages", "searchable entries", "connected (UTC)")
        for bucket, of_objects, of_packages in zip(buckets, objects, packages, strict=True):
            when = moment(bucket.added.timestamp())
            found.add_row(bucket.name, f"{of_objects:,}", f"{of_packages:,}", SEARCHABLE[bucket.entries], when)
        console().print(found)
    else:
        typer.echo(as_called("No bucket is connected: bucketdex bucket add NAME"))
    if not buckets:
        raise typer.Exit(NO)


@app.command(epilog=epilog("bucketdex bucket remove my-data --yes", _1="it is not connected, or you said no"))
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Disconnect a bucket and delete what is indexed of it. The bucket and all that it holds stay."""
    from bucketdex.buckets.connect import disconnect
    from bucketdex.cli.output import bars, json_line, plural

    edges = _edges()
    # Of a bucket that is not connected there is nothing to lose; what a removal left that was broken off still goes.
    if not yes and any(it.name == name for it in edges.control.buckets()):
        typer.confirm(f"Disconnect {name} and delete all that is indexed of it?", abort=True, err=True)
    with bars() as progress:
        progress.add_task(f"Disconnecting {name}")
        done = disconnect(name, edges)
    if as_json:
        json_line(done)
        return
    typer.echo(f"{name} is disconnected. Deleted from the index: {plural(done.documents_deleted, 'document')}.")
    if done.notification_removed:
        typer.echo("Our rule is taken out of its notifications; the others are as they were.")
    if done.exists and done.versioning_before != "Enabled":
        typer.echo(f"Its versioning, which was {done.versioning_before.lower() or 'off'} before, is left on.")


@app.command(
    "set",
    epilog=epilog(
        "bucketdex bucket set my-data --entries all\nbucketdex bucket set my-data --entries latest",
        _1="it is not connected",
    ),
)
def set_bucket(
    name: Name,
    entries: Annotated[
        Entries,
        typer.Option(help="Which packages' entries can be searched: of each latest revision, or of all."),
    ],
    as_json: Json = False,
) -> None:
    """Change a setting of a connected bucket.

    Entries are the files of packages. Those of the latest revisions are searchable at first; all revisions take as much
    room in the index as they have entries. Packages themselves, and their revisions, are found either way.
    """
    from bucketdex.buckets.entries import keep
    from bucketdex.cli.output import bars, json_line, plural

    edges = _edges()
    with bars() as progress:
        task = progress.add_task(f"Setting up {name}")

        def tell(step: "Step", keys: int) -> None:
            progress.update(task, description=DOING[step].format(name=name, keys=plural(keys, "key")))

        sent = keep(name, entries, edges, tell)
    if as_json:
        json_line({"bucket": name, "entries": entries, "keys_sent": sent})
        return
    typer.echo(f"{name} keeps searchable: entries of {SEARCHABLE[entries]}.")
    typer.echo(f"Sent to be looked at again: {plural(sent, 'manifest')}.")


SEARCHABLE: dict[Entries, str] = {"latest": "latest revisions", "all": "all revisions"}

DOING: dict["Step", str] = {
    "index": "Making sure of the index",
    "register": "Registering {name}",
    "configure": "Setting up versioning and notifications of {name}",
    "list": "Sending what {name} holds: {keys}",
    "documents": "Deleting the documents of {name}",
}


def _edges() -> "Edges":
    from bucketdex.aws import clients, settings
    from bucketdex.buckets.connect import Edges
    from bucketdex.cli.here import adopt, queues
    from bucketdex.control import ControlTable

    adopt(*NEEDED)
    named = queues()
    return Edges(
        s3=clients.s3(),
        sqs=clients.sqs(),
        opensearch=clients.opensearch(settings.opensearch()),
        control=ControlTable(clients.dynamodb(), settings.control().table),
        object_events_url=named["ObjectEvents"].url,
        bulk_events_url=named["BulkEvents"].url,
    )
