"""`bucketdex package list`: the packages of a registry, or the revisions of one."""

from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.failures import RefusedError, epilog
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a

if TYPE_CHECKING:
    from bucketdex.registry.storage import Storage

EPILOG = epilog(
    """bucketdex package list --registry s3://my-data
    bucketdex package list lab/plates
    bucketdex package list --json | jq -r .handle""",
    _1="there is none",
)


def list_packages(
    handle: Annotated[
        str | None, typer.Argument(metavar="HANDLE", help="Of this package its revisions.", show_default=False)
    ] = None,
    registry: a.Registry = None,
    as_json: Json = False,
) -> None:
    """List packages by handle, or revisions of one: oldest first, the latest marked; with --json one line each."""
    from bucketdex.cli.output import json_line, printable
    from bucketdex.registry.revisions import packages

    storage = a.storage(registry)
    if handle is not None:
        _revisions(storage, handle, a.unnamed(registry), as_json)
        return
    count = 0
    for count, found in enumerate(packages(storage), 1):  # noqa: B007, it is asked for below
        if as_json:
            json_line({"handle": found})
        else:
            typer.echo(printable(found))
    if not count:
        raise RefusedError(f"there is no package in {storage.uri}{a.unnamed(registry)}")


def _revisions(storage: "Storage", handle: str, unnamed: str, as_json: bool) -> None:
    from bucketdex.cli.output import console, json_line, moment, printable, table
    from bucketdex.manifest.layout import LATEST
    from bucketdex.registry.revisions import Revision, revisions

    found = revisions(storage, a.named(handle)[0])
    newest = next((it.top_hash for it in found if it.revision == LATEST), None)
    told = [it for it in found if it.revision != LATEST]
    if newest and newest not in {it.top_hash for it in told}:  # its own pointer is gone
        told.append(Revision(LATEST, newest))
    shown = table("revision", "made (UTC)", "top hash", "")
    for it in told:
        is_latest = it.top_hash == newest
        created = it.created.isoformat() if it.created else None
        if as_json:
            line = {"revision": it.revision, "created": created, "top_hash": it.top_hash, "latest": is_latest}
            json_line(line)
        shown.add_row(printable(it.revision), moment(created), printable(it.top_hash), "latest" if is_latest else "")
    if told and not as_json:
        console().print(shown)
    if not told:
        raise RefusedError(f"there is no package {handle} in {storage.uri}{unnamed}")
