"""A manifest into memory: its header, and its entries as a tree."""

import gc
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bucketdex.manifest import Entry as LineEntry
from bucketdex.manifest import Hash, Header, LineFault, Metadata, TopHashError, read, top_hash
from bucketdex.manifest.layout import manifest_key
from bucketdex.manifest.reader import Line
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.foreign import Foreign
from bucketdex.registry.metadata import NOTHING, Kept
from bucketdex.registry.revisions import manifest_pieces
from bucketdex.registry.storage.protocol import Storage
from bucketdex.registry.tree import Directory

EMPTY = frozenset({b"{}", b"null"})


class Loaded(msgspec.Struct, frozen=True):
    """A manifest in memory; `top_hash` is the one computed, None where it has none."""

    fields: dict[str, Any]
    directory: Directory
    top_hash: str | None


class UnverifiedWarning(UserWarning):
    """A manifest is not what its name says: it was edited, or its end is missing."""


def browse(storage: Storage, name: str) -> Loaded:
    """Read the manifest of a top hash; warns where it has another one, raises `PackageError` as `load` does."""
    loaded = load(manifest_pieces(storage, name), storage.address(manifest_key(name)))
    if loaded.top_hash != name:
        said = f"has the top hash {loaded.top_hash}" if loaded.top_hash else "has no top hash"
        message = f"the manifest {storage.address(manifest_key(name))} {said}: it was changed, or its end is missing"
        warnings.warn(message, UnverifiedWarning, stacklevel=3)
    return loaded


def load(pieces: Iterable[bytes], name: str) -> Loaded:
    """Read a manifest; `name` is its address, for what has to be said of it.

    Raises `PackageError` that names the line where it is cut off or otherwise cannot be read.
    """
    lines = read(pieces)
    first = next(lines).said
    if not isinstance(first, Header):
        raise _faulty(name, first)
    directory = Directory()
    of_a_bucket = name.startswith("s3://")
    collecting = gc.isenabled()
    gc.disable()  # nothing of it can be garbage; to look for some takes half of the time
    try:
        _collect(lines, directory, name, of_a_bucket=of_a_bucket)
        found = _top_hash(first, directory, name)
    finally:
        if collecting:
            gc.enable()
    fields = {key: value for key, value in first.fields.items() if key != "top_hash"}  # obsolete
    return Loaded(fields, directory, found)


def _top_hash(header: Header, directory: Directory, name: str) -> str | None:
    said = "the header"

    def entries() -> Iterator[LineEntry]:
        nonlocal said
        for key, entry in directory.walk():
            said = f"the entry {key[:200]!r}"
            yield entry.line(key)

    try:
        return top_hash(header, entries)
    except TopHashError:  # an entry has no hash or size
        return None
    except (ValueError, RecursionError) as error:  # metadata are read here for the first time
        raise PackageError(
            f"the manifest {name} cannot be read: {said} has metadata that are no JSON of Python ({error})"
        ) from error


def _collect(lines: Iterable[Line], root: Directory, name: str, *, of_a_bucket: bool) -> None:
    """Put the entries into the tree."""
    digests: dict[str, str] = {}
    path, directory = "", root  # of the entry before: most are in the same directory
    for line in lines:
        said = line.said
        if isinstance(said, LineEntry):
            above, slash, own = said.logical_key.rpartition("/")
            try:
                if above + slash != path:
                    path, directory = above + slash, root.directory(above) if slash else root
            except PackageError as error:
                raise PackageError(f"{name}, line {line.number}: {error}") from error
            if own in directory.children:
                raise PackageError(f"{name}, line {line.number}: there is another entry {said.logical_key[:200]!r}")
            digest = said.hash
            if digest:
                digest = Hash(digests.setdefault(digest.type, digest.type), digest.value)
            address = said.physical_keys[0]
            if of_a_bucket and address.startswith("file:"):
                address = Foreign(address)
            directory.children[own] = Entry(address, said.size, digest, _kept(said.meta))
        elif isinstance(said, Metadata):
            try:
                root.directory(said.logical_key.rstrip("/")).meta = said.meta
            except PackageError as error:
                raise PackageError(f"{name}, line {line.number}: {error}") from error
        else:
            raise _faulty(name, said)


def _kept(meta: Any) -> Kept:
    if not isinstance(meta, msgspec.Raw):
        return meta or NOTHING
    return NOTHING if bytes(meta) in EMPTY else meta.copy()  # a copy, as else it holds the whole line


def _faulty(name: str, fault: Any) -> PackageError:
    said = str(fault) if isinstance(fault, LineFault) else f"line 1: {type(fault).__name__}"
    return PackageError(f"the manifest {name} cannot be read: {said}; it is cut off or damaged, fetch it again")
