"""Files of this machine and objects in S3 that become entries of a package."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote

from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import AbsentError, PackageError
from bucketdex.registry.logical_keys import fault
from bucketdex.registry.making.ignoring import NAME, Ignored, ignored_by
from bucketdex.registry.making.path_patterns import taker
from bucketdex.registry.storage import address_of, locate, storage_of
from bucketdex.registry.storage.local import path_of
from bucketdex.registry.tree import Directory

REGISTRY = ".quilt/"  # of a source that is a registry too, its manifests and pointers are no data
UPDATE_POLICIES = ("incoming", "existing")


class File(NamedTuple):
    """A file beneath a folder: its path there, with `/`, its size in bytes, and where it is."""

    path: str
    size: int
    file: str


def entry_of(source: str | os.PathLike[str]) -> Entry:
    """Return the entry for a file or an object in S3, of which size and version are asked for.

    Raises `AbsentError` where it is not there, `PackageError` where it is no file.
    """
    address = address_of(source)
    location = locate(address)
    found = location.head()
    if found is None:
        raise AbsentError(f"there is no file {os.fspath(source)}")
    return Entry(location.storage.address(location.key, location.version_id or found.version_id), found.size)


def set_directory(
    root: Directory,
    path: str,
    source: str | os.PathLike[str] | None,
    *,
    meta_from: str | None,
    update_policy: str,
    versions: bool,
) -> None:
    """Put all files beneath a folder or a prefix into a package, as the directory `path`.

    Raises `AbsentError` where there is none, else `PackageError`.
    """
    if update_policy not in UPDATE_POLICIES:
        raise PackageError(f"update_policy is {update_policy!r}, but can be {' or '.join(UPDATE_POLICIES)}")
    within = "" if path.strip("/") in ("", ".") else path.strip("/") + "/"
    text = os.fspath(source) if source is not None else within or "."
    take = taker(meta_from) if meta_from is not None else None
    listed = _objects(text, versions) if text.startswith("s3://") else _files(text)
    found = [(key, entry) for key, entry in listed if not key.startswith(REGISTRY)]
    if not found and text.startswith("s3://"):
        raise AbsentError(f"{text} holds no objects")
    if not found and next(files_of(path_of(text)), None) is None:  # one whose files are all ignored is meant so
        raise AbsentError(f"{text} holds no files")
    taken = 0
    for key, entry in found:
        if reason := fault(within + key):
            raise PackageError(f"{entry.physical_key} cannot be {within + key!r} in the package: {reason}")
        if take and (meta := take(key)):
            entry.set_meta(meta)
            taken += 1
    if take and found and not taken:
        raise PackageError(f"none of {len(found)} files in {text} is like {meta_from!r}, such as {found[0][0]!r}")
    for key, entry in found:
        if update_policy == "incoming" or not _has(root, within + key):
            root.put(within + key, entry)


def files_of(root: Path, ignored: Ignored = lambda _: False) -> Iterator[File]:
    """Yield the files beneath a folder, those of each before those beneath it; links to folders are not followed."""
    waiting = [("", str(root))]
    while waiting:
        above, folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda it: it.name)
        except OSError as error:
            raise PackageError(f"{folder}: {error.strerror}") from error
        folders: list[tuple[str, str]] = []
        for it in entries:
            path = above + it.name
            if it.is_dir():
                if not (it.is_symlink() or ignored(f"{path}/")):
                    folders.append((f"{path}/", it.path))
            elif it.is_file() and not ignored(path):
                yield File(path, it.stat().st_size, os.path.realpath(it.path) if it.is_symlink() else it.path)
        waiting.extend(reversed(folders))


def _files(source: str) -> Iterator[tuple[str, Entry]]:
    root = path_of(source)
    if not root.is_dir():
        raise AbsentError(f"there is no folder {root}")
    for found in files_of(root, ignored_in(root)):
        yield found.path, Entry(address_of_path(found.file), found.size)


def ignored_in(root: Path) -> Ignored:
    """Return what tells which files a folder's `.quiltignore` ignores; raises `PackageError`."""
    rules = root / NAME
    try:
        return ignored_by(rules.read_text(encoding="utf-8") if rules.is_file() else "")
    except (OSError, UnicodeDecodeError) as error:
        raise PackageError(f"{rules} cannot be read: {error}") from error


def address_of_path(file: str) -> str:
    """Return the `file://` address of an absolute path that needs no resolving: a third of the cost of `as_uri`."""
    return "file://" + quote_from_bytes(os.fsencode(file)) if os.name == "posix" else Path(file).as_uri()


def _objects(source: str, versions: bool) -> Iterator[tuple[str, Entry]]:
    bucket, _, prefix = source[5:].partition("/")
    if "?" in prefix:
        raise PackageError(f"{source} names a version, but a folder in S3 has none")
    storage, prefix = storage_of(f"s3://{bucket}"), unquote(prefix)
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    for found in storage.list(prefix, versions=versions):
        if not found.key.endswith("/"):  # as consoles make them for folders
            yield found.key[len(prefix) :], Entry(storage.address(found.key, found.version_id), found.size)


def _has(root: Directory, key: str) -> bool:
    try:
        return isinstance(root.find(key), Entry)
    except KeyError:
        return False
