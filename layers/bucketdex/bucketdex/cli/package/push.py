"""`bucketdex package push`: data of this machine into a registry, as a revision of a package."""

from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import INTERRUPTED, RefusedError, epilog, fail, usage
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a
from bucketdex.cli.package.making import Sources, made_of

if TYPE_CHECKING:
    from bucketdex.registry.pushing.push import Pushed

EPILOG = epilog(
    """bucketdex package push lab/plates data/ --registry s3://my-data -m "first plates"
    bucketdex package push lab/plates --dir data/ --registry s3://my-data --meta-from 'plate{plate:int}/well{well}.tif'
    bucketdex package push lab/plates s3://archive/plates/ --registry s3://my-data --copy""",
    _1="a source is not there, the registry's workflow demands something else, or another push was there first",
)


def push(  # noqa: PLR0917, options
    handle: a.Handle,
    sources: Sources = [],  # noqa: B006, typer makes a new one
    folder: Annotated[str | None, typer.Option("--dir", help="A folder, as a SOURCE is.", show_default=False)] = None,
    message: a.Message = None,
    meta: a.Meta = None,
    meta_from: a.MetaFrom = None,
    registry: a.Registry = None,
    workflow: a.WorkflowId = None,
    no_workflow: a.NoWorkflow = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy objects of other buckets into the registry; else they are referred to.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Become the latest revision even if another push was there meanwhile.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put data into a registry and make a revision of a package of them.

    Files that are there already are not put again. When it is interrupted, run it again: it goes on with the rest, and
    `package status` tells what has landed. With --json: registry, handle, top_hash, revision, unchanged, uploaded,
    copied, referred, skipped (numbers of files), bytes, notes.
    """
    from bucketdex.cli.output import json_line
    from bucketdex.cli.watching import bar
    from bucketdex.registry.errors import MovedError
    from bucketdex.registry.pushing.push import push as pushed

    handle, revision = a.named(handle)
    if revision:
        usage("a new revision is named by its top hash: give the handle only")
    if folder is not None:
        sources = [*sources, folder if folder.endswith("/") else f"{folder}/"]
    if not sources:
        usage("say what to push: folders, files or s3:// addresses")
    metadata, wanted, storage = a.metadata(meta), a.workflow_of(workflow, no_workflow), a.storage(registry)
    made = made_of(sources, metadata, meta_from)
    where = f" --registry {registry}" if registry else ""
    try:
        with bar() as watch:
            told = pushed(made, handle, storage, message, workflow=wanted, force=force, copy=copy, progress=watch)
    except MovedError as error:
        if error.now is None:
            raise
        look = f"diff {handle}@{error.before[:12]} {handle}" if error.before else f"browse {handle}"
        raise RefusedError(
            f"{handle} in {storage.uri} has a newer revision, {error.now[:12]}, that was pushed meanwhile; it stays "
            f"the latest. Look: bucketdex package {look}{where}. Then push again to make yours the latest; with "
            "--force it is whatever is pushed meanwhile"
        ) from error
    except KeyboardInterrupt:
        fail(
            "interrupted; the package is as it was. What has landed is used when you push again, and told by\n"
            f"  bucketdex package status {handle}{where}",
            INTERRUPTED,
        )
    if as_json:
        json_line(told)
    else:
        _show(told, registry)


def _show(told: "Pushed", registry: str | None) -> None:
    from bucketdex.cli.output import joined, plural, printable, size

    if told.unchanged:
        typer.echo(f"Nothing is new: the latest revision of {told.handle} in {told.registry} is the same.")
    else:
        counts = {name: getattr(told, name) for name in ("uploaded", "copied", "referred", "skipped")}
        said = {"referred": "referred to", "skipped": "there already"}
        parts = [f"{count:,} {said.get(name, name)}" for name, count in counts.items() if count]
        moved = f" ({size(told.bytes)})" if told.bytes else ""
        typer.echo(
            f"Pushed {told.handle} to {told.registry}: {plural(sum(counts.values()), 'file')}, "
            f"{joined(parts) if parts else 'none moved'}{moved}."
        )
    typer.echo(f"top hash: {told.top_hash}")
    for note in told.notes:
        typer.echo(f"note: {printable(note)}", err=True)
    where = f" --registry {registry}" if registry else ""
    typer.echo(as_called(f"Look into it:  bucketdex package browse {told.handle}@{told.top_hash[:8]}{where}"))
