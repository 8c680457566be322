"""A folder compared with a package: what is missing, what is another, what is too much."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from bucketdex.hashing import agrees, hash_file, is_verifiable
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.logical_keys import fault
from bucketdex.registry.making.scanning import REGISTRY, files_of, ignored_in
from bucketdex.registry.progress import Meter, Watch
from bucketdex.registry.storage.local import path_of
from bucketdex.registry.tree import Directory


class Check(msgspec.Struct, frozen=True):
    """How a folder compares with a package, by logical key; it is true if the folder is the same.

    What the folder's `.quiltignore` ignores is not extra. `unverifiable` are files whose size agrees, but whose hash is
    of a type that is not known here, or absent.
    """

    missing: list[str]
    changed: list[str]
    extra: list[str]
    unverifiable: list[str]
    extra_files_ok: bool = False

    def __bool__(self) -> bool:
        return not (self.missing or self.changed or self.unverifiable or (self.extra and not self.extra_files_ok))


def verify(directory: Directory, folder: str | os.PathLike[str], *, extra_files_ok: bool, watch: Watch) -> Check:
    """Compare all bytes of a folder with a package; raises `PackageError` where there is no such folder."""
    root = path_of(os.fspath(folder))
    if not root.is_dir():
        raise PackageError(f"there is no folder {root}")
    here = {found.path: found for found in files_of(root)}
    entries = dict(directory.walk())
    # A key that no file can have is not looked for on the disk, where it would lead elsewhere.
    missing = [key for key in entries if key not in here or fault(key)]
    present = [key for key in entries if key in here and not fault(key)]
    sized = [key for key in present if entries[key].size is None or entries[key].size == here[key].size]
    unverifiable = [key for key in sized if not _verifiable(entries[key])]
    to_read = [key for key in sized if _verifiable(entries[key])]
    meter = Meter(watch, "verify", len(to_read), sum(here[key].size for key in to_read))
    stop = threading.Event()

    def is_same(key: str) -> bool:
        digest = entries[key].hash
        if stop.is_set() or digest is None:
            return False
        path = here[key].file
        try:
            found = agrees(digest.type, digest.value, hash_file(path, digest.type, meter.add))
        except OSError as error:
            raise PackageError(f"{path}: {error.strerror}") from error
        meter.add(0, 1)
        return found

    with ThreadPoolExecutor(os.cpu_count() or 1) as cores:
        try:
            others = {key for key, found in zip(to_read, cores.map(is_same, to_read), strict=True) if not found}
        finally:
            stop.set()
    same_size = set(sized)
    changed = [key for key in present if key in others or key not in same_size]
    ignored = ignored_in(root)
    extra = sorted(key for key in here.keys() - entries.keys() if not (ignored(key) or key.startswith(REGISTRY)))
    return Check(missing, changed, extra, unverifiable, extra_files_ok)


def _verifiable(entry: Entry) -> bool:
    return entry.hash is not None and is_verifiable(entry.hash.type)
