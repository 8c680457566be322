"""`bucketdex package delete`: a package, or a revision of it, is no longer in the registry."""

from typing import Annotated

import typer

from bucketdex.cli.failures import epilog
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a

EPILOG = epilog(
    """bucketdex package delete lab/plates@102b1d4f
    bucketdex package delete lab/plates --yes --registry s3://my-data""",
    _1="there is no such package or revision, or you said no",
)


def delete(
    package: a.Revision,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    registry: a.Registry = None,
    as_json: Json = False,
) -> None:
    """Delete a package (all its revisions), or with @ one revision. Its data stay, and its manifest.

    With --json: registry, handle, deleted (the names of the pointers).
    """
    from bucketdex.cli.output import json_line, plural
    from bucketdex.registry import revisions

    handle, revision = a.named(package)
    storage = a.storage(registry)
    top_hash = revisions.resolve(storage, handle, revision) if revision else None
    if not yes:
        what = f"revision {top_hash[:12]} of {handle}" if top_hash else f"{handle}, all of its revisions,"
        typer.confirm(f"Delete {what} from {storage.uri}?", abort=True, err=True)
    gone = revisions.delete(storage, handle, top_hash)
    if as_json:
        json_line({"registry": storage.uri, "handle": handle, "deleted": gone})
        return
    typer.echo(f"Deleted {plural(len(gone), 'pointer')} of {handle} in {storage.uri}. Its data are still there.")
    if top_hash and (now := revisions.latest(storage, handle, whatever=True)) and now.top_hash:
        typer.echo(f"The latest revision is {now.top_hash}.")
