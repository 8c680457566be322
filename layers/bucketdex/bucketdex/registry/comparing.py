"""Packages compared with each other, and packages made of a part of another."""

from collections.abc import Callable
from typing import NamedTuple

from bucketdex.hashing import CHUNKED, SHA256, from_sha256
from bucketdex.manifest import Hash
from bucketdex.registry.entry import Entry
from bucketdex.registry.metadata import equal
from bucketdex.registry.tree import Directory


class Diff(NamedTuple):
    """The logical keys that differ, each list in the order of the tree."""

    added: list[str]
    modified: list[str]
    deleted: list[str]


def diff(before: Directory, after: Directory) -> Diff:
    """Return what `after` has that `before` has not, has otherwise, or no longer has; metadata count, places do not."""
    left = dict(after.walk())
    modified: list[str] = []
    deleted: list[str] = []
    for key, entry in before.walk():
        other = left.pop(key, None)
        if other is None:
            deleted.append(key)
        elif not same(entry, other):
            modified.append(key)
    return Diff(list(left), modified, deleted)


def same(one: Entry, other: Entry) -> bool:
    """Tell whether two entries have the same bytes, as far as their hashes tell, and the same metadata."""
    if one is other:
        return True
    return one.size == other.size and _same_hash(one, other) and equal(one.kept, other.kept)


def filtered(directory: Directory, wanted: Callable[[str, Entry], bool]) -> Directory:
    """Return a tree of copies of the wanted files; directories that hold none of them are left out."""
    made = Directory()
    made.meta = directory.meta
    path, here = "", made
    for key, entry in directory.walk():
        if not wanted(key, entry):
            continue
        above, slash, name = key.rpartition("/")
        if above + slash != path:
            path, here = above + slash, made.directory(above) if slash else made
        here.children[name] = entry.copy()
    for folder, inner in made.directories():
        found = directory.find(folder)
        if isinstance(found, Directory):
            inner.meta = found.meta
    return made


def _same_hash(one: Entry, other: Entry) -> bool:
    if one.hash == other.hash:
        # Where none has a hash yet, what is of the same place is the same.
        return one.hash is not None or one.physical_key == other.physical_key
    first, second = _as_chunked(one), _as_chunked(other)
    return first is not None and first == second


def _as_chunked(entry: Entry) -> str | None:
    """Return the hash as today's clients write it, where an older one of the same bytes tells."""
    match entry.hash:
        case Hash(type=type_, value=value) if type_ == CHUNKED:
            return value
        case Hash(type=type_, value=value) if type_ == SHA256 and isinstance(entry.size, int):
            try:
                return from_sha256(bytes.fromhex(value), entry.size)
            except ValueError:
                return None
    return None
