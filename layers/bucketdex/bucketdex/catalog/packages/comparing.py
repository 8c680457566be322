"""What changed between two revisions: entries, their bytes and metadata, and what their headers say."""

import json
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import msgspec

from bucketdex.catalog.packages.manifests import Manifest
from bucketdex.index.pairs import flattened
from bucketdex.manifest import Entry
from bucketdex.registry.comparing import same
from bucketdex.registry.entry import Entry as Comparable
from bucketdex.registry.metadata import equal, kept

MOST_SHOWN = 200  # of each list
LONGEST = 300  # characters of a value


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that is in both, and what of it differs."""

    key: str
    old: Entry
    new: Entry
    size: bool
    hash: bool
    metadata: bool


class Renamed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry whose bytes had another logical key; `metadata` tells whether those differ."""

    old: Entry
    new: Entry
    metadata: bool


class Field(msgspec.Struct, frozen=True):
    """Something that headers say: its value before and now, None where it had, or has, none."""

    name: str
    old: str | None
    new: str | None


class Changes(msgspec.Struct, frozen=True):
    """What differs, in the order of logical keys."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[Changed, ...]
    fields: tuple[Field, ...]
    same: int
    renamed: tuple[Renamed, ...] = ()

    @property
    def none(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.renamed or self.changed or self.fields)


def changes(old: Manifest, new: Manifest) -> Changes:
    """Compare two manifests; where bytes are does not count, only which they are."""
    both = sorted(old.entries.keys() & new.entries.keys())
    differing = tuple(it for it in (_changed(key, old.entries[key], new.entries[key]) for key in both) if it)
    added = [new.entries[key] for key in sorted(new.entries.keys() - old.entries.keys())]
    removed = [old.entries[key] for key in sorted(old.entries.keys() - new.entries.keys())]
    moved = _renamed(removed, added)
    before, after = {it.old.logical_key for it in moved}, {it.new.logical_key for it in moved}
    return Changes(
        tuple(it for it in added if it.logical_key not in after),
        tuple(it for it in removed if it.logical_key not in before),
        differing,
        tuple(_fields(old, new)),
        len(both) - len(differing),
        tuple(moved),
    )


def _renamed(removed: Iterable[Entry], added: Sequence[Entry]) -> list[Renamed]:
    """Return what has the same bytes under another key: first those that kept their name in another folder.

    Of what is left with the same bytes only one before and one now belong together for sure: of more, such as empty
    files, nobody can tell which became which.
    """
    named = [(it, it.logical_key.rpartition("/")[2]) for it in removed]
    moved = _paired(((_bytes(it), name), it) for it, name in named)
    found = [
        _renaming(olds.popleft(), new)
        for new in added
        if (identity := _bytes(new)) and (olds := moved.get((identity, new.logical_key.rpartition("/")[2])))
    ]
    taken = {it.logical_key for pair in found for it in (pair.old, pair.new)}
    before = _paired((_bytes(it), it) for it, _ in named if it.logical_key not in taken)
    after = _paired((_bytes(it), it) for it in added if it.logical_key not in taken)
    found += [
        _renaming(olds[0], after[identity][0])
        for identity, olds in before.items()
        if identity and len(olds) == len(after.get(identity, ())) == 1
    ]
    return sorted(found, key=lambda it: it.new.logical_key)


def _paired[K: Hashable](entries: Iterable[tuple[K, Entry]]) -> dict[K, deque[Entry]]:
    found: dict[K, deque[Entry]] = {}
    for key, entry in entries:
        found.setdefault(key, deque()).append(entry)
    return found


def _bytes(entry: Entry) -> tuple[object, ...] | None:
    """Return what tells the bytes of an entry, None where nothing does."""
    return (entry.size, entry.hash.type, entry.hash.value) if entry.hash and entry.size is not None else None


def _renaming(old: Entry, new: Entry) -> Renamed:
    return Renamed(old=old, new=new, metadata=not _same_metadata(old, new))


def _changed(key: str, old: Entry, new: Entry) -> Changed | None:
    if old == new:
        return None
    one, other = _comparable(old), _comparable(new)
    found = Changed(
        key=key,
        old=old,
        new=new,
        size=old.size != new.size,
        hash=not same(one, other) and old.size == new.size,
        metadata=not _same_metadata(old, new),
    )
    return found if found.size or found.hash or found.metadata else None


def _comparable(entry: Entry) -> Comparable:
    """Return an entry without its metadata, which are compared on their own."""
    return Comparable(entry.physical_keys[0], entry.size, entry.hash)


def _same_metadata(old: Entry, new: Entry) -> bool:
    try:
        return equal(_held(old), _held(new))
    except (ValueError, RecursionError):  # what is no JSON of Python's either
        return False


def _held(entry: Entry) -> Any:
    return entry.meta if isinstance(entry.meta, msgspec.Raw) else kept(entry.meta)


def _fields(old: Manifest, new: Manifest) -> list[Field]:
    said = [Field(name, _text(before), _text(now)) for name, before, now in (
        ("message", old.header.message, new.header.message),
        ("workflow", old.header.workflow, new.header.workflow),
    ) if before != now]  # fmt: skip
    before, now = _values(old.header.user_meta), _values(new.header.user_meta)
    said += [
        Field(f"metadata: {name}", _joined(before.get(name)), _joined(now.get(name)))
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
    for path in sorted(old.directories.keys() | new.directories.keys()):
        one, other = old.directories.get(path), new.directories.get(path)
        if one != other:
            said.append(Field(f"metadata of {path}", _text(one), _text(other)))
    return said


def _values(metadata: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in flattened("metadata", metadata)[0]:
        found.setdefault(pair.name, []).append(pair.keyword)
    return found


def _joined(values: list[str] | None) -> str | None:
    return None if values is None else _cut(", ".join(values))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else _cut(value)
    try:
        return _cut(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):
        return "(too deeply nested)"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
