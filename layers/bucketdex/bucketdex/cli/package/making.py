"""A package made of what the command line names, to be built or pushed."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.here import reach_s3

if TYPE_CHECKING:
    from bucketdex.registry.package import Package

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Folders, files, s3://BUCKET/PREFIX/ (with the slash) and s3://BUCKET/KEY that it is made of. "
        "A folder's files come to the root; LOGICAL_KEY=SOURCE says where else.",
        show_default=False,
    ),
]


def made_of(sources: list[str], meta: dict[str, Any] | None, meta_from: str | None) -> "Package":
    """Return a package of these sources; raises `PackageError`."""
    from bucketdex.registry.errors import PackageError
    from bucketdex.registry.package import Package

    made = Package()
    if any("s3://" in source for source in sources):
        reach_s3()
    for given in sources:
        key, source = _placed(given)
        if source.endswith("/") or os.path.isdir(source):  # noqa: PTH112, it may be an address
            made.set_dir(key or "/", source, meta_from=meta_from)
        elif source.startswith("s3://") and source.count("/") == 2:
            raise PackageError(f"{source} is a bucket: write {source}/ for all that it holds")
        else:
            name = source.partition("?")[0].rstrip("/").rpartition("/")[2] if source.startswith("s3://") else source
            made.set(key or os.path.basename(name), source)  # noqa: PTH119
    if next(made.walk(), None) is None:
        raise PackageError(
            f"{', '.join(sources)}: all files are ignored by .quiltignore, so there is no package to make"
        )
    if meta is not None:
        made.set_meta(meta)
    return made


def _placed(given: str) -> tuple[str, str]:
    """Return logical key and source of `LOGICAL_KEY=SOURCE`, an empty key where none is given."""
    key, separator, source = given.partition("=")
    if not separator or os.path.exists(given) or "://" in key:  # noqa: PTH110, such as s3://bucket/key?versionId=...
        return "", given
    return key.strip("/"), source
