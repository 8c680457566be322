"""`bucketdex package browse`: what a package is and which files it has."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.failures import RefusedError, epilog
from bucketdex.cli.options import Json
from bucketdex.cli.package import arguments as a

if TYPE_CHECKING:
    from bucketdex.registry.package import Package
    from bucketdex.registry.tree import Directory

EPILOG = epilog(
    """bucketdex package browse lab/plates
    bucketdex package browse lab/plates@1764037326 images/plate7 --registry s3://my-data
    bucketdex package browse lab/plates --recursive --json | jq -r '.items[].path'""",
    _1="there is no such package, revision or path, or its manifest is damaged",
)


def browse(
    package: a.Revision,
    path: Annotated[str, typer.Argument(help="A directory or a file in it.", show_default="its root")] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-R", help="All files beneath, not only names.")] = False,
    registry: a.Registry = None,
    as_json: Json = False,
) -> None:
    """Show a package: its message, metadata and files. No data are fetched.

    With --json: registry, handle, top_hash, verified, message, metadata, workflow, entries, total_bytes, and items
    (path, type, size, files; of a file also physical_key, hash and metadata).
    """
    from bucketdex.cli.output import json_line

    found = a.browsed(package, registry)
    items = _items(found, path.strip("/"), recursive)
    told = _about(found) | {"items": items}
    if as_json:
        json_line(told)
    else:
        _show(told)


def _about(found: "Package") -> dict[str, Any]:
    origin = found.origin
    entries, total = _sum(found.directory)
    return {
        "registry": origin.registry if origin else None,
        "handle": origin.handle if origin else None,
        "top_hash": origin.top_hash if origin else None,
        "verified": origin.verified if origin else None,
        "message": found.message,
        "metadata": found.meta,
        "workflow": found.workflow,
        "entries": entries,
        "total_bytes": total,
    }


def _items(found: "Package", path: str, recursive: bool) -> list[dict[str, Any]]:
    from bucketdex.registry.entry import Entry

    try:
        node = found.directory.find(path) if path else found.directory
    except KeyError:
        raise RefusedError(f"there is no {path!r} in this package") from None
    if isinstance(node, Entry):
        return [_file(path, node)]
    above = f"{path}/" if path else ""
    if recursive:
        return [_file(key, entry) for key, entry in node.walk(above)]
    return [
        _file(above + name, child) if isinstance(child, Entry) else _directory(f"{above}{name}/", child)
        for name, child in sorted(node.children.items())
    ]


def _file(path: str, entry: Any) -> dict[str, Any]:
    return {
        "path": path,
        "type": "file",
        "size": _size(entry.size),
        "files": 1,
        "physical_key": str(entry.physical_key),
        "hash": entry.hash,
        "metadata": entry.metadata,
    }


def _directory(path: str, directory: "Directory") -> dict[str, Any]:
    files, total = _sum(directory)
    return {"path": path, "type": "directory", "size": total, "files": files}


def _sum(directory: "Directory") -> tuple[int, int]:
    """Return how many files and bytes are beneath a directory."""
    files = total = 0
    for _, entry in directory.walk():
        files += 1
        told = _size(entry.size)
        total += told if isinstance(told, int) else 0
    return files, total


def _size(told: float | None) -> int | str | None:
    """Return a size; one that no file can have, such as NaN, as text."""
    return None if told is None else int(told) if 0 <= told < 1 << 63 else str(told)


def _show(told: dict[str, Any]) -> None:
    import json

    from bucketdex.cli.output import console, plural, printable, size, table

    typer.echo(f"{told['handle']} in {told['registry']}")
    typer.echo(f"top hash: {told['top_hash']}{'' if told['verified'] else ' (not verified: the manifest is another)'}")
    if told["message"]:
        typer.echo(f"message:  {printable(told['message'])}")
    if told["metadata"]:
        typer.echo(f"metadata: {printable(json.dumps(told['metadata'], ensure_ascii=False))}")
    if told["workflow"]:
        typer.echo(f"workflow: {printable(str(told['workflow'].get('id')))}")
    typer.echo(f"{plural(told['entries'], 'file')}, {size(told['total_bytes'])}\n")
    shown = table("#size", "#files", "path", "metadata")
    for it in told["items"]:
        meta = it.get("metadata")
        meta = meta.get("user_meta", meta) if isinstance(meta, dict) else meta
        said = printable(json.dumps(meta, ensure_ascii=False)) if meta else ""
        count = f"{it['files']:,}" if it["type"] == "directory" else ""
        amount = it["size"] if isinstance(it["size"], str) else size(it["size"])
        shown.add_row(amount, count, printable(it["path"]), said)
    console().print(shown)
