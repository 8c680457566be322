"""`bucketdex package install`: the files of a package into a folder, each compared with its hash."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.failures import INTERRUPTED, RefusedError, epilog, fail, usage
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a

if TYPE_CHECKING:
    from bucketdex.registry.fetching.install import Fetched

EPILOG = epilog(
    """bucketdex package install lab/plates --registry s3://my-data
    bucketdex package install lab/plates@102b1d4f plates/ images/plate7 --registry s3://my-data
    bucketdex package install lab/plates --names skip""",
    _1="there is no such package, a file is not what it was, or it cannot be a file of this folder",
)
NAMES = ("portable", "skip", "here")
LISTED = 10  # files of a kind that are named


def install(
    package: a.Revision,
    dest: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Where to.", show_default="a folder of the package's name")
    ] = None,
    path: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Only these directories and files of it.", show_default=False),
    ] = None,
    registry: a.Registry = None,
    names: Annotated[
        str,
        typer.Option(
            help="With names that some system has no file for: refuse (portable), skip them, or take what this system "
            "can name (here)."
        ),
    ] = "portable",
    as_json: Json = False,
) -> None:
    """Fetch the files of a package. What is in the folder already, as it should be, is not fetched again.

    So an interrupted install goes on, by whole files. A file of the same name with other content is replaced. With
    --json: registry, handle, top_hash, folder, fetched, kept, bytes, unverified (only their size could be compared),
    left_out (and why), alike (one name where case is not told).
    """
    import msgspec

    from bucketdex.cli.output import json_line
    from bucketdex.cli.watching import bar
    from bucketdex.registry.fetching.install import fetch_all
    from bucketdex.registry.fetching.names import NamesError
    from bucketdex.registry.foreign import refuse_foreign

    if names not in NAMES:
        usage(f"--names is one of {', '.join(NAMES)}")
    found = a.browsed(package, registry)
    entries = list(found.walk())
    if path:
        entries = _only(entries, [it.strip("/") for it in path])
    origin = found.origin
    for _, entry in entries:
        refuse_foreign(entry.physical_key)  # before anything is fetched
    folder = dest or Path(a.named(package)[0].partition("/")[2])
    try:
        with bar() as watch:
            told = fetch_all(entries, folder, names=names, progress=watch)  # type: ignore[arg-type]
    except NamesError as error:
        raise RefusedError(error.told("--names {}")) from error
    except KeyboardInterrupt:
        fail(f"interrupted; what is in {folder} stays, and is not fetched when you install again", INTERRUPTED)
    if as_json:
        about = {"registry": origin.registry, "handle": origin.handle, "top_hash": origin.top_hash} if origin else {}
        json_line(about | msgspec.structs.asdict(told))
    else:
        _show(told, package)


def _only[Found](entries: list[tuple[str, Found]], paths: list[str]) -> list[tuple[str, Found]]:
    chosen = [it for it in entries if any(it[0] == path or it[0].startswith(f"{path}/") for path in paths)]
    for path in paths:
        if not any(key == path or key.startswith(f"{path}/") for key, _ in chosen):
            raise RefusedError(f"there is no {path!r} in this package")
    return chosen


def _show(told: "Fetched", package: str) -> None:
    from bucketdex.cli.output import plural, printable, size

    kept = f", {told.kept:,} {'was' if told.kept == 1 else 'were'} there already" if told.kept else ""
    typer.echo(
        f"Installed {package} in {told.folder}: {plural(told.fetched, 'file')} fetched ({size(told.bytes)}){kept}."
    )
    for keys, what in (
        (told.unverified, "only the size could be compared of"),
        ([f"{key} ({reason})" for key, reason in told.left_out.items()], "left out:"),
        ([" = ".join(group) for group in told.alike], "one name where case is not told:"),
    ):
        for key in keys[:LISTED]:
            typer.echo(f"note: {what} {printable(key)}", err=True)
        if len(keys) > LISTED:
            typer.echo(f"note: {what} {len(keys) - LISTED} more", err=True)
