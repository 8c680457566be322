"""`bucketdex package diff`: what differs between two revisions, or two packages."""

from typing import Annotated

import typer

from bucketdex.cli.failures import NO, epilog
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a

EPILOG = epilog(
    """bucketdex package diff lab/plates@1764037326 lab/plates
    bucketdex package diff lab/plates lab/plates --registry s3://my-data --other-registry s3://production""",
    _1="they differ, or one of them is not there",
)


def diff(
    before: a.Revision,
    after: Annotated[str, typer.Argument(metavar=a.NAMED_REVISION, help="The other one.", show_default=False)],
    registry: a.Registry = None,
    other_registry: Annotated[
        str | None, typer.Option("--other-registry", help="Where the other one is.", show_default="the same")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show which files were added (+), modified (~) and deleted (-), in bytes or metadata, from one to the other.

    With --json: added, modified, deleted.
    """
    from bucketdex.cli.output import json_line, plural, printable

    found = a.browsed(before, registry).diff(a.browsed(after, other_registry or registry))
    if as_json:
        json_line({"added": found.added, "modified": found.modified, "deleted": found.deleted})
    else:
        for sign, keys in (("+", found.added), ("~", found.modified), ("-", found.deleted)):
            for key in keys:
                typer.echo(f"{sign} {printable(key)}")
        count = sum(map(len, found))
        counts = f"{len(found.added):,} added, {len(found.modified):,} modified, {len(found.deleted):,} deleted"
        typer.echo(
            f"{plural(count, 'file')} {'differs' if count == 1 else 'differ'}: {counts}."
            if any(found)
            else "They are the same."
        )
    if any(found):
        raise typer.Exit(NO)
