"""What changed between two revisions: entries, their bytes and metadata, and what their headers say."""

import json
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

    @property
    def none(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.fields)


def changes(old: Manifest, new: Manifest) -> Changes:
    """Compare two manifests; where bytes are does not count, only which they are."""
    both = sorted(old.entries.keys() & new.entries.keys())
    differing = tuple(it for it in (_changed(key, old.entries[key], new.entries[key]) for key in both) if it)
    return Changes(
        tuple(new.entries[key] for key in sorted(new.entries.keys() - old.entries.keys())),
        tuple(old.entries[key] for key in sorted(old.entries.keys() - new.entries.keys())),
        differing,
        tuple(_fields(old, new)),
        len(both) - len(differing),
    )


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
