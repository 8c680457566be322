"""`bucketdex package verify`: is a manifest what its name says, and a folder what the package says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketdex.cli.failures import NO, epilog, usage
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a

if TYPE_CHECKING:
    from bucketdex.manifest import Verification

EPILOG = epilog(
    """bucketdex package verify manifest.jsonl
    bucketdex package verify lab/plates@102b1d4f --registry s3://my-data --json
    bucketdex package verify lab/plates --folder data/
    bucketdex package verify .quilt/packages/2a5a67156ca9238c14d12042db51c5b52260fdd5511b61ea89b58929d6e1769b""",
    _1="it is not verified: the top hash is another than its name says, or something in it is wrong",
)
PIECE_BYTES = 1024 * 1024
MOST_NAMED = 100  # files of a folder that are named

type Pieces = Callable[[], Iterator[bytes]]


def verify(
    manifest: Annotated[
        str,
        typer.Argument(metavar=f"FILE|{a.NAMED_REVISION}", help=f"A manifest, or a package: {a.REVISION_HELP}"),
    ],
    folder: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Compare all files of this folder with the package.", show_default=False
        ),
    ] = None,
    registry: a.Registry = None,
    as_json: Json = False,
) -> None:
    """Compute the top hash of a manifest anew, and name everything in it that is not as it should be.

    Where the name of the file is a top hash, as in a registry, it has to be that one. With --json: top_hash, verified,
    entries, total_bytes, problems.
    """
    from bucketdex.cli.output import json_line, printable
    from bucketdex.manifest import verify as verified

    pieces, expected = _opened(manifest, registry)
    found = verified(pieces, expected)
    problems, count = [*found.problems], found.problem_count
    if folder is not None and found.verified:
        differences = _differences(pieces, manifest, folder)
        problems, count = problems + differences[:MOST_NAMED], count + len(differences)
    fine = found.verified and not count
    if as_json:
        told = {"top_hash": found.top_hash, "verified": fine, "entries": found.entries}
        json_line(told | {"total_bytes": found.total_bytes, "problems": problems})
    else:
        _show(found, [printable(problem) for problem in problems], count, fine)
    if not fine:
        raise typer.Exit(NO)


def _opened(named: str, registry: str | None) -> tuple[Pieces, str | None]:
    """Return what opens a manifest, and the top hash that it should have, if its name says."""
    from bucketdex.manifest.layout import TOP_HASH, fault_of_handle
    from bucketdex.registry import revisions

    path = Path(named)
    if registry is None and path.is_file():
        expected = path.name.lower() if TOP_HASH.fullmatch(path.name.lower()) else None
        return lambda: _pieces(path), expected
    if fault_of_handle(named.partition("@")[0]):
        usage(f"{named!r} is neither a file that is there nor a package: AUTHOR/NAME, or AUTHOR/NAME@REVISION")
    handle, revision = a.named(named)
    storage = a.storage(registry)
    top_hash = revisions.resolve(storage, handle, revision)
    return lambda: revisions.manifest_pieces(storage, top_hash), top_hash


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _differences(pieces: Pieces, name: str, folder: Path) -> list[str]:
    """Return how a folder differs from the package."""
    from bucketdex.cli.watching import bar
    from bucketdex.registry.loading import load
    from bucketdex.registry.verifying import verify as compare

    with bar() as watch:
        check = compare(load(pieces(), name).directory, folder, extra_files_ok=False, watch=watch)
    return [
        *(f"missing: {key}" for key in check.missing),
        *(f"changed: {key}" for key in check.changed),
        *(f"extra: {key}" for key in check.extra),
        *(f"its hash cannot be compared here: {key}" for key in check.unverifiable),
    ]


def _show(found: "Verification", problems: list[str], count: int, fine: bool) -> None:
    typer.echo(f"{found.entries} entries, {found.total_bytes} bytes")
    typer.echo(f"top hash: {found.top_hash or 'none'}")
    for problem in problems:
        typer.echo(f"problem: {problem}")
    if count > len(problems):
        typer.echo(f"... and {count - len(problems)} problems more")
    typer.echo("verified" if fine else "not verified")
