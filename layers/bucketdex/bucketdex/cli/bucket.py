"""`bucketdex bucket`: which buckets are indexed."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bucketdex.cli import bucket_check
from bucketdex.cli.bucket_edges import edges_here
from bucketdex.cli.bucket_list import SEARCHABLE, list_them, told_of
from bucketdex.cli.bucket_trail import say_of_trail
from bucketdex.cli.called import as_called
from bucketdex.cli.failures import epilog, usage
from bucketdex.cli.hash_setting import parsed_class, parsed_size
from bucketdex.cli.options import Json, bucket_name

if TYPE_CHECKING:
    from bucketdex.buckets.connect import Step

app = typer.Typer(no_args_is_help=True, help="Connect buckets, so that whatever is written to them is found.")

Name = Annotated[str, typer.Argument(help="The bucket's name.", show_default=False, parser=bucket_name, metavar="NAME")]

# As in the control table, which help need not import.
Entries = Literal["latest", "all"]
Hash = Literal["read", "kept", "off"]
Events = Literal["notifications", "trail"]


@app.command(
    epilog=epilog(
        "bucketdex bucket add my-data\nbucketdex bucket add their-data --events trail",
        _1="S3 does not take our notification rule, or the name",
    )
)
def add(
    name: Name,
    events: Annotated[
        Events | None,
        typer.Option(help="What tells of its changes: its notifications, or CloudTrail alone.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Connect a bucket; it is made where it is absent.

    It gets versioning and one notification rule beside those that it has, and what it holds already is indexed. Run
    again, this sends all it holds to be looked at again.

    With `--events trail` nothing is changed at the bucket, which has to be there: its changes are heard of from
    CloudTrail's log files, minutes later, once a trail records them, and from the checks of each day.
    """
    from datetime import UTC, datetime

    from bucketdex.buckets.connect import connect
    from bucketdex.cli.output import bars, json_line, plural

    edges = edges_here()
    with bars() as progress:
        task = progress.add_task(f"Connecting {name}")

        def tell(step: "Step", keys: int) -> None:
            progress.update(task, description=DOING[step].format(name=name, keys=plural(keys, "key")))

        done = connect(name, edges, lambda: datetime.now(UTC), tell, events)
    if as_json:
        json_line(done)
        return
    if done.created:
        typer.echo(f"The bucket {name} did not exist and is made.")
    if done.documents_deleted:
        typer.echo(f"Deleted from the index, of a former connection: {plural(done.documents_deleted, 'document')}.")
    typer.echo(f"{name} is connected." if done.registered else f"{name} was connected already.")
    if done.events == "trail":
        say_of_trail(edges.s3, name)
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
    list_them(as_json=as_json)


@app.command(epilog=epilog("bucketdex bucket remove my-data --yes", _1="it is not connected, or you said no"))
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Disconnect a bucket and delete what is indexed of it. The bucket and all that it holds stay."""
    from bucketdex.buckets.connect import disconnect
    from bucketdex.cli.output import bars, json_line, plural

    edges = edges_here()
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
    if done.exists and done.events == "notifications" and done.versioning_before != "Enabled":
        typer.echo(f"Its versioning, which was {done.versioning_before.lower() or 'off'} before, is left on.")


@app.command(epilog=epilog(bucket_check.EXAMPLES, _1="some keys differ, or it is not connected"))
def check(name: Name, as_json: Json = False) -> None:
    """Compare a bucket with the index, key by key, and have looked at again what differs.

    Compared is what a listing tells: presence, etag, size, storage class, and whether an object was written after it
    was last looked at. That is done each day, and sooner after deletions that no event told of. What was written a
    moment ago may differ until its event is processed. With --json: keys, differing, and by what.
    """
    bucket_check.check(name, as_json=as_json)


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
    edges = edges_here()
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


DOING: dict["Step", str] = {
    "index": "Making sure of the index",
    "register": "Registering {name}",
    "configure": "Setting up versioning and notifications of {name}",
    "list": "Sending what {name} holds: {keys}",
    "documents": "Deleting the documents of {name}",
}
