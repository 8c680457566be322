"""What the commands of packages take: a registry, a handle with a revision, metadata."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.failures import usage

if TYPE_CHECKING:
    from bucketdex.registry.package import Package
    from bucketdex.registry.storage import Storage

NAMED_REVISION = "HANDLE[@REVISION]"
REVISION_HELP = (
    "AUTHOR/NAME, the latest revision; or with @ and its Unix time, or how its top hash begins (6 characters or more)."
)

Registry = Annotated[
    str | None,
    typer.Option(
        "--registry",
        "-r",
        help="s3://BUCKET, or a folder.",
        show_default="BUCKETDEX_REGISTRY, or a folder of yours",
    ),
]
Revision = Annotated[str, typer.Argument(metavar=NAMED_REVISION, help=REVISION_HELP, show_default=False)]
Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="AUTHOR/NAME.", show_default=False)]
Message = Annotated[str | None, typer.Option("--message", "-m", help="What this revision is.", show_default=False)]
Meta = Annotated[
    str | None,
    typer.Option("--meta", help="Metadata of the package: a JSON object, or @FILE that holds one.", show_default=False),
]
MetaFrom = Annotated[
    str | None,
    typer.Option(
        "--meta-from",
        help="Take metadata of each file from its path: 'plate{plate:int}/well{well}.tif'.",
        show_default=False,
    ),
]
WorkflowId = Annotated[
    str | None,
    typer.Option("--workflow", help="Apply this workflow of the registry.", show_default="the registry's default"),
]
NoWorkflow = Annotated[bool, typer.Option("--no-workflow", help="Apply no workflow.")]


def named(text: str) -> tuple[str, str | None]:
    """Return handle and revision of `HANDLE[@REVISION]`."""
    from bucketdex.manifest.layout import fault_of_handle

    handle, at, revision = text.partition("@")
    if fault := fault_of_handle(handle):
        usage(fault)
    if at and not revision:
        usage(f"{text!r} names no revision behind the @")
    return handle, revision or None


def storage(registry: str | None) -> "Storage":
    """Return the storage of the registry; S3 is that of the local stack, where one runs and the shell names none."""
    from bucketdex.registry.storage import default_registry, storage_of

    meant = registry or default_registry()
    if meant.startswith("s3://"):
        from bucketdex.cli.here import reach_s3

        reach_s3()
    return storage_of(meant.removesuffix("/") if meant.startswith("s3://") else meant)


def unnamed(registry: str | None) -> str:
    """Return what is said of a registry that nobody named."""
    import os

    return "" if registry or os.environ.get("BUCKETDEX_REGISTRY") else " (no --registry and no BUCKETDEX_REGISTRY)"


def browsed(text: str, registry: str | None) -> "Package":
    """Return the package that `HANDLE[@REVISION]` names; who runs the command is told where it is not verified."""
    import warnings

    from bucketdex.cli.failures import RefusedError
    from bucketdex.cli.output import printable
    from bucketdex.registry.errors import NoPackageError
    from bucketdex.registry.loading import UnverifiedWarning
    from bucketdex.registry.package import Package

    handle, revision = named(text)
    where = storage(registry)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UnverifiedWarning)
        try:
            found = Package.browse(handle, where, revision)
        except NoPackageError as error:
            listed = "bucketdex package list" + (f" --registry {registry}" if registry else "")
            said = f"there is no package {handle} in {where.uri}{unnamed(registry)}"
            raise RefusedError(f"{said}; those that are: {listed}") from error
    for warning in told:
        typer.echo(printable(f"bucketdex: {warning.message}"), err=True)
    return found


def metadata(given: str | None) -> dict[str, Any] | None:
    """Return the metadata of `--meta`."""
    if given is None:
        return None
    try:
        text = Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
        found = json.loads(text)
    except OSError as error:
        usage(f"--meta {given}: {error.strerror}")
    except ValueError as error:
        usage(f"--meta is not JSON ({error}), but has to be an object such as '{{\"plate\": 7}}', or @FILE")
    if not isinstance(found, dict):
        usage("--meta has to be a JSON object such as '{\"plate\": 7}'")
    return found


def workflow_of(wanted: str | None, none: bool) -> Any:
    """Return which workflow to apply: one by its id, None for none, `...` for the registry's default."""
    if wanted is not None and none:
        usage("--workflow and --no-workflow exclude each other")
    return None if none else ... if wanted is None else wanted
