"""`bucketdex bucket list`: the connected buckets, and how each is set."""

from typing import TYPE_CHECKING

import typer

from bucketdex.cli.bucket_edges import edges_here
from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO

if TYPE_CHECKING:
    from bucketdex.control import Bucket
    from bucketdex.control.table import Entries

SEARCHABLE: dict["Entries", str] = {"latest": "latest revisions", "all": "all revisions"}


def list_them(*, as_json: bool) -> None:
    """List the connected buckets, with --json one line each; where there is none the answer is no."""
    from bucketdex.buckets import documents
    from bucketdex.cli.hash_setting import described
    from bucketdex.cli.output import console, json_line, moment, table
    from bucketdex.index.generations import OBJECTS_ALIAS, PACKAGES_ALIAS

    edges = edges_here()
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
                "events": bucket.events,
                "before": bucket.before,
            }
            json_line(told)
    elif buckets:
        found = table(
            "bucket", "#objects", "#packages", "searchable entries", "hashed", "events from", "connected (UTC)"
        )
        for bucket, of_objects, of_packages in zip(buckets, objects, packages, strict=True):
            when = moment(bucket.added.timestamp())
            found.add_row(
                bucket.name, f"{of_objects:,}", f"{of_packages:,}", SEARCHABLE[bucket.entries],
                described(bucket.hashing), bucket.events, when,
            )  # fmt: skip
        console().print(found)
    else:
        typer.echo(as_called("No bucket is connected: bucketdex bucket add NAME"))
    if not buckets:
        raise typer.Exit(NO)


def told_of(bucket: "Bucket") -> dict[str, object]:
    """Return which of the bucket's objects are hashed, with all that has no value of its own."""
    from msgspec.structs import asdict

    return asdict(bucket.hashing)
