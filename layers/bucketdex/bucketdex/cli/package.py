"""`bucketdex package`: packages and their manifests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bucketdex.cli.failures import NO, epilog
from bucketdex.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="Look into data packages.")

PIECE_BYTES = 1024 * 1024
HASH_CHARACTERS = 64
VERIFY_EPILOG = epilog(
    """bucketdex package verify manifest.jsonl
    bucketdex package verify .quilt/packages/2a5a67156ca9238c14d12042db51c5b52260fdd5511b61ea89b58929d6e1769b --json""",
    _1="it is not verified: the top hash is another than its name says, or something in it is wrong",
)


@app.command(epilog=VERIFY_EPILOG)
def verify(
    manifest: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A manifest, plain or as gzip.")],
    as_json: Json = False,
) -> None:
    """Compute the top hash of a manifest anew, and name everything in it that is not as it should be.

    Where the name of the file is a top hash, as in a registry, it has to be that one. With --json: top_hash, verified,
    entries, total_bytes, problems.
    """
    import string

    from bucketdex.cli.output import json_line
    from bucketdex.manifest import verify as verified

    named = len(manifest.name) == HASH_CHARACTERS and not set(manifest.name) - set(string.hexdigits)
    found = verified(lambda: _pieces(manifest), manifest.name.lower() if named else None)
    if as_json:
        told = ("top_hash", "verified", "entries", "total_bytes", "problems")
        json_line({name: getattr(found, name) for name in told})
    else:
        typer.echo(f"{found.entries} entries, {found.total_bytes} bytes")
        typer.echo(f"top hash: {found.top_hash or 'none'}")
        for problem in found.problems:
            typer.echo(f"problem: {problem}")
        if found.problem_count > len(found.problems):
            typer.echo(f"... and {found.problem_count - len(found.problems)} problems more")
        typer.echo("verified" if found.verified else "not verified")
    if not found.verified:
        raise typer.Exit(NO)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
