"""`bucketdex bucket`: which buckets are indexed."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO, epilog, usage
from bucketdex.cli.hash_setting import parsed_class, parsed_size
from bucketdex.cli.options import Json, bucket_name

if TYPE_CHECKING:
    from bucketdex.buckets.connect import Edges, Step
    from bucketdex.control import Bucket

app = typer.Typer(no_args_is_help=True, help="Connect buckets, so that whatever is written to them is found.")

Name = Annotated[str, typer.Argument(help="The bucket's name.", show_default=False, parser=bucket_name, metavar="NAME")]

# As in the control table, which help need not import.
Entries = Literal["latest", "all"]
Hash = Literal["read", "kept", "off"]
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
    from bucketdex.cli.hash_setting import described
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
                "hashing": told_of(bucket),
                "before": bucket.before,
            }
            json_line(told)
    elif buckets:
        found = table("bucket", "#objects", "#packages", "searchable entries", "hashed", "connected (UTC)")
        for bucket, of_objects, of_packages in zip(buckets, objects, packages, strict=True):
            when = moment(bucket.added.timestamp())
            found.add_row(
                bucket.name, f"{of_objects:,}", f"{of_packages:,}", SEARCHABLE[bucket.entries],
                described(bucket.hashing), when,
            )  # fmt: skip
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
        """bucketdex bucket set my-data --entries all
        bucketdex bucket set my-data --hash kept
        bucketdex bucket set my-data --hash read --hash-prefix raw/ --hash-without raw/tmp/ --hash-largest 5TB
        bucketdex bucket set my-data --hash-prefix '' --hash-largest any""",
        _1="it is not connected",
    ),
)
def set_bucket(
    name: Name,
    entries: Annotated[
        Entries | None,
        typer.Option(help="Which packages' entries can be searched: of each latest revision, or of all."),
    ] = None,
    hash_: Annotated[
        Hash | None,
        typer.Option("--hash", help="Objects that S3 has no digest of: read them, keep what S3 has, or not even ask."),
    ] = None,
    prefixes: Annotated[
        list[str] | None,
        typer.Option("--hash-prefix", help="Read only keys that begin so; repeatable.", metavar="PREFIX"),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--hash-without", help="Do not read keys that begin so; repeatable.", metavar="PREFIX"),
    ] = None,
    largest: Annotated[
        int | None,
        typer.Option(
            "--hash-largest",
            help="Read no larger objects: 500GB, 5TB, any.",
            parser=parsed_size,
            metavar="SIZE",
        ),
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--hash-class",
            help="Read only this storage class, also where reading it has a fee (STANDARD_IA); repeatable.",
            parser=parsed_class,
            metavar="CLASS",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change settings of a connected bucket; what is not named stays as it is.

    Entries are the files of packages. Those of the latest revisions are searchable at first; all revisions take as much
    room in the index as they have entries. Packages themselves, and their revisions, are found either way.

    Digests are taken from S3 where it has them. Else objects above 8 MiB are read once, at first all that S3 lets read
    for no fee; smaller ones are read for their text anyway. An empty text ('') takes prefixes or classes away again.
    These settings hold for what is written from now on: `bucketdex bucket add NAME` has all that is there looked at
    again.
    """
    from bucketdex.buckets.entries import keep
    from bucketdex.buckets.hashing import change, connected
    from bucketdex.cli.hash_setting import changed, described
    from bucketdex.cli.output import bars, json_line, plural

    of_hashing = hash_ or largest is not None or any((prefixes, without, classes))
    if not (entries or of_hashing):
        usage("no setting is named: --entries, --hash or another of those below `bucketdex bucket set --help`")
    edges = _edges()
    sent = 0
    if of_hashing:
        change(name, edges.control, lambda it: changed(it, hash_, prefixes, without, largest, classes))
    if entries:
        with bars() as progress:
            task = progress.add_task(f"Setting up {name}")

            def tell(step: "Step", keys: int) -> None:
                progress.update(task, description=DOING[step].format(name=name, keys=plural(keys, "key")))

            sent = keep(name, entries, edges, tell)
    bucket = connected(name, edges.control)
    if as_json:
        json_line({"bucket": name, "entries": bucket.entries, "hashing": told_of(bucket), "keys_sent": sent})
        return
    if entries:
        typer.echo(f"{name} keeps searchable: entries of {SEARCHABLE[entries]}.")
        typer.echo(f"Sent to be looked at again: {plural(sent, 'manifest')}.")
    if of_hashing:
        typer.echo(f"Above 8 MiB, {name} gets digests of: {described(bucket.hashing)}.")
        typer.echo(as_called(f"Have what it holds already looked at again:  bucketdex bucket add {name}"))


def told_of(bucket: "Bucket") -> dict[str, object]:
    """Return which of the bucket's objects are hashed, with all that has no value of its own."""
    from msgspec.structs import asdict

    return asdict(bucket.hashing)


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
