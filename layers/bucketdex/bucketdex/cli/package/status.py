"""`bucketdex package status`: what an interrupted push has put into a registry, and what it has not."""

from typing import TYPE_CHECKING, Any

import typer

from bucketdex.cli.failures import epilog
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a

if TYPE_CHECKING:
    from bucketdex.registry.pushing.journal import Account

EPILOG = epilog(
    """bucketdex package status lab/plates --registry s3://my-data
    bucketdex package status lab/plates --registry s3://my-data --json | jq -r '.missing[]'""",
)
LISTED = 20  # missing files that are named


def status(handle: a.Handle, registry: a.Registry = None, as_json: Json = False) -> None:
    """Show what the last push of this machine to a package has done, if it was interrupted: what landed, what did not.

    With --json: registry, handle, interrupted, begun (UTC), landed and landed_bytes, missing (logical keys), partial
    (large files of which parts landed), latest (top hash), moved (whether the latest revision is another since).
    """
    from bucketdex.cli.output import json_line
    from bucketdex.registry import revisions
    from bucketdex.registry.pushing.journal import journal_path, read

    handle, _ = a.named(handle)
    storage = a.storage(registry)
    latest = revisions.latest(storage, handle)
    told = _told(read(journal_path(storage, handle)), latest.top_hash if latest else None)
    told = {"registry": storage.uri, "handle": handle} | told
    if as_json:
        json_line(told)
    else:
        _show(told)


def _told(account: "Account | None", latest: str | None) -> dict[str, Any]:
    if account is None:
        return {"interrupted": False, "latest": latest}
    landed = account.landed
    return {
        "interrupted": True,
        "begun": account.begun.at,
        "landed": len(landed),
        "landed_bytes": sum(it.size for it in landed.values()),
        "missing": account.missing,
        "partial": [key for key in account.parts if key not in landed],
        "latest": latest,
        "moved": latest != account.begun.parent,
    }


def _show(told: dict[str, Any]) -> None:
    from bucketdex.cli.output import moment, plural, printable, size

    where = f"{told['handle']} in {told['registry']}"
    if not told["interrupted"]:
        typer.echo(f"No push of {where} was interrupted on this machine.")
    else:
        missing = told["missing"]
        typer.echo(f"A push of {where}, begun at {moment(told['begun'])} (UTC), has not ended.")
        typer.echo(f"landed:  {plural(told['landed'], 'file')}, {size(told['landed_bytes'])}")
        typer.echo(f"missing: {plural(len(missing), 'file')}")
        for key in missing[:LISTED]:
            typer.echo(f"  {printable(key)}{' (partly there)' if key in told['partial'] else ''}")
        if len(missing) > LISTED:
            typer.echo(f"  ... and {len(missing) - LISTED:,} more")
        moved = "is another since" if told["moved"] else "is the one from before, the pointers have not moved"
        typer.echo(f"The latest revision {moved}. Push again: what has landed is not put again.")
    typer.echo(f"latest:  {told['latest'] or 'none'}")
