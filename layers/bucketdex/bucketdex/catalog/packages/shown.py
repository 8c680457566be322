"""What the pages of packages show of what is known: pure functions of it."""

import json
import shlex
from collections.abc import Iterable, Set
from functools import partial
from typing import Any

import msgspec

from bucketdex.catalog import links
from bucketdex.catalog.crumbs import Crumb, folders
from bucketdex.catalog.objects.shown import Linked
from bucketdex.catalog.objects.snippets import Snippet, literal, narrowed
from bucketdex.catalog.previews.kinds import Tree
from bucketdex.catalog.previews.trees import json_preview
from bucketdex.manifest import Header
from bucketdex.searching.details import File, Folder, PackageDetail, Revision

USER = "user_meta."  # below which the metadata of entries stand that somebody gave them
LONGEST, LONGEST_PAIR = 300, 80  # characters of a value, or of a message, where there are many
SHORT = 8  # characters of a top hash that name a revision among people

VERIFIED = {
    True: (
        "verified",
        "good",
        "verified",
        "Computed anew from its manifest, the top hash is the same: this is what was pushed",
    ),
    False: ("not verified", "bad", "warn", "Its manifest is not what its top hash says: it was changed, or is damaged"),
    None: ("not checked", "", "", "Its manifest was not read yet, or could not be"),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A folder or a file of a revision; `where` is an address of bytes that have no page here."""

    name: str
    href: str = ""
    folder: bool = False
    entries: int | None = None
    size: int | None = None
    metadata: tuple[str, ...] = ()
    download: str = ""
    where: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A revision as it is listed; `shown` is the one that the page is about."""

    href: str
    top_hash: str
    created: str | None
    message: str
    entries: int | None
    total_bytes: int | None
    latest: bool
    shown: bool
    verified: bool | None
    changes: str  # the address of what it changed; "" where that is not known


def rows(folder: Folder, package: PackageDetail, buckets: Set[str]) -> list[Row]:
    """Return the folders and the files of a folder."""
    found = [
        Row(
            name=f"{it.name}/",
            href=links.package_folder(package.registry, package.handle, package.top_hash, it.prefix),
            folder=True,
            entries=it.entries,
            size=it.total_bytes,
        )
        for it in folder.folders
    ]
    return found + [_file(it, buckets) for it in folder.files]


def _file(file: File, buckets: Set[str]) -> Row:
    where = file.physical if file.physical and file.physical.bucket in buckets else None
    place = (where.bucket, where.key, where.version_id) if where else None
    return Row(
        name=file.name or file.logical_key,
        href=links.object(*place) if place else "",
        size=file.size,
        metadata=tuple(it.removeprefix(USER)[:LONGEST_PAIR] for it in file.metadata),
        download=links.download(*place) if place else "",
        where="" if place else file.physical_key or "",
    )


def steps(found: Iterable[Revision], package: PackageDetail) -> list[Step]:
    """Return the revisions as they are listed, the newest first; each but the last with what it changed."""
    told = [it for it in found if it.top_hash]
    before = [*(it.top_hash for it in told[1:]), None]
    return [
        Step(
            href=links.package(package.registry, package.handle, it.top_hash),
            top_hash=it.top_hash or "",
            created=it.created,
            message=(it.message or "")[:LONGEST],
            entries=it.entries,
            total_bytes=it.total_bytes,
            latest=it.latest,
            shown=it.top_hash == package.top_hash,
            verified=it.verified,
            changes=links.diff(package.registry, package.handle, old, it.top_hash or "")
            if old and old != it.top_hash
            else "",
        )
        for it, old in zip(told, before, strict=True)
    ]


def crumbs(registry: str, handle: str, path: str = "", top_hash: str = "") -> list[Crumb]:
    """Return where a page of a package is."""
    found: list[Crumb] = [("Packages", links.packages()), (registry, links.packages(registry=registry))]
    if not path:
        return [*found, (handle, None)]
    found.append((f"{handle}@{top_hash[:SHORT]}", links.package(registry, handle, top_hash)))
    return found + folders(path, partial(links.package_folder, registry, handle, top_hash))


def metadata_tree(header: Header | None) -> Tree | None:
    """Return the metadata of a package as a tree; None where it has none, or its header is not known."""
    if header is None or not header.user_meta:
        return None
    try:
        return json_preview(json.dumps(header.user_meta, ensure_ascii=False), cut=False)
    except (ValueError, RecursionError):
        return None


def metadata_list(package: PackageDetail) -> list[Linked]:
    """Return the metadata that are indexed, each with the search for it."""
    found = []
    for pair in package.pairs:
        query = narrowed("meta", pair.keyword, pair.name)
        found.append(Linked(pair.name, pair.keyword[:LONGEST], links.search(query) if query else ""))
    return found


def workflow(header: Header | None, package: PackageDetail) -> list[tuple[str, str]]:
    """Return what is said of the workflow that a package was pushed by."""
    told: dict[str, Any] = (header.workflow if header else None) or (
        {"id": package.workflow} if package.workflow else {}
    )
    names = (("Workflow", "id"), ("Set by", "config"))
    return [(name, str(told[key])) for name, key in names if told.get(key)]


def snippets(package: PackageDetail) -> tuple[Snippet, ...]:
    """Return how a revision is got on a command line and in Python."""
    handle, registry = package.handle, f"s3://{package.registry}"
    of_revision = "" if package.latest else f"@{package.top_hash[:SHORT]}"
    in_python = "" if package.latest else f", top_hash={literal(package.top_hash[:SHORT])}"
    named = f"{literal(handle)}, registry={literal(registry)}{in_python}"
    install = f"bucketdex package install {shlex.quote(handle + of_revision)} --registry {shlex.quote(registry)}"
    lines = (
        "import bucketdex",
        "",
        f"package = bucketdex.Package.browse({named})",
        f"package.fetch({literal(handle.rpartition('/')[2])})",
    )
    pinned = "" if package.latest else f" --top-hash {package.top_hash}"
    quilt = f"quilt3 install {shlex.quote(handle)} --registry {shlex.quote(registry)}{pinned}"
    return Snippet("Install", install), Snippet("quilt3", quilt), Snippet("Python", "\n".join(lines))
