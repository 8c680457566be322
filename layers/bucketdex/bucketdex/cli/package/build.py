"""`bucketdex package build`: a revision in a registry, of data that stay where they are."""

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import epilog, usage
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a
from bucketdex.cli.package.making import Sources, made_of

EPILOG = epilog(
    """bucketdex package build lab/plates data/ -m "first plates"
    bucketdex package build lab/plates s3://my-data/plates/ --registry s3://my-data --meta '{"owner": "lab"}'
    bucketdex package build lab/plates images=data/tif/ --meta-from 'plate{plate:int}/well{well}.tif'""",
    _1="a source is not there, or the registry's workflow demands something else",
)


def build(  # noqa: PLR0917, options
    handle: a.Handle,
    sources: Sources,
    message: a.Message = None,
    meta: a.Meta = None,
    meta_from: a.MetaFrom = None,
    registry: a.Registry = None,
    workflow: a.WorkflowId = None,
    no_workflow: a.NoWorkflow = False,
    as_json: Json = False,
) -> None:
    """Make a revision of a package in a registry. Data are hashed and referred to; `push` puts them into it too.

    With --json: registry, handle, top_hash, entries, total_bytes.
    """
    from bucketdex.cli.output import json_line, plural, size
    from bucketdex.cli.watching import bar

    handle, revision = a.named(handle)
    if revision:
        usage("a new revision is named by its top hash: give the handle only")
    metadata, wanted, storage = a.metadata(meta), a.workflow_of(workflow, no_workflow), a.storage(registry)
    made = made_of(sources, metadata, meta_from)
    with bar() as watch:
        found = made.build(handle, storage, message=message, workflow=wanted, progress=watch)
    sizes = [entry.size or 0 for _, entry in made.walk()]
    if as_json:
        told = {"registry": storage.uri, "handle": handle, "top_hash": found}
        json_line(told | {"entries": len(sizes), "total_bytes": sum(sizes)})
        return
    typer.echo(f"Built {handle} in {storage.uri}: {plural(len(sizes), 'file')}, {size(int(sum(sizes)))}.")
    typer.echo(f"top hash: {found}")
    where = f" --registry {registry}" if registry else ""
    typer.echo(as_called(f"Look into it:  bucketdex package browse {handle}@{found[:8]}{where}"))
