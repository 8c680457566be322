"""The top hash: SHA-256 over the canonical JSON of the header, then of each entry in the order of a walk of the tree.

Canonical is what Python's `json` prints with sorted keys and the separators `,` and `:`. Entries mostly stand in that
order already; they are hashed as they come. Otherwise they are sorted on disk, so memory stays flat.
"""

import hashlib
import itertools
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any

import msgspec

from bucketdex.manifest.lines import Entry, Header

BATCH = 1_000  # entries that are digested, or put on disk, at a time

_canonical_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class TopHashError(ValueError):
    """There is no top hash: two entries have one logical key, one has no hash or size, a file is a directory too..."""


class _DisorderError(Exception):
    """The entries are not in the order of the tree."""


Part = tuple[str, bytes]  # the logical key of an entry, and its canonical JSON


def top_hash(header: Header, entries: Callable[[], Iterable[Entry]]) -> str:
    """Return the top hash; `entries` is called again where they have to be sorted first. Raises `TopHashError`."""
    return digest_of(header, lambda: ((entry.logical_key, canonical(entry)) for entry in entries()))


def digest_of(header: Header, parts: Callable[[], Iterable[Part]]) -> str:
    """Return the top hash of entries whose canonical JSON is known; the rest is as above."""
    try:
        return _digest(header, _in_order(parts()))
    except _DisorderError:
        pass
    try:
        return _digest(header, _sorted(parts()))
    except sqlite3.Error as error:
        raise TopHashError(f"its entries are not in order, and sorting them failed: {error}") from error


def canonical(entry: Entry) -> bytes:
    """Return the canonical JSON of an entry; raises `TopHashError`."""
    if entry.hash is None or entry.size is None:
        raise TopHashError(f"{entry.logical_key!r} has no {'hash' if entry.hash is None else 'size'}")
    meta = _meta(entry.meta)
    digest = f'{{"type":{quoted(entry.hash.type)},"value":{quoted(entry.hash.value)}}}'
    size = entry.size if type(entry.size) is int else _canonical_json(entry.size)
    return f'{{"hash":{digest},"logical_key":{quoted(entry.logical_key)},"meta":{meta},"size":{size}}}'.encode()


def _meta(meta: Any) -> str:
    if isinstance(meta, msgspec.Raw):
        plain = bytes(meta)
        if plain == b"{}":
            return "{}"
        meta = json.loads(plain)
    return _canonical_json(meta or {})  # the reference client reads null, 0, "" and [] as no metadata


def _digest(header: Header, parts: Iterable[bytes]) -> str:
    fields = {name: value for name, value in header.fields.items() if name != "top_hash"}  # obsolete
    digest = hashlib.sha256(_canonical_json(fields).encode())
    for some in itertools.batched(parts, BATCH):
        digest.update(b"".join(some))
    return digest.hexdigest()


def place(logical_key: str) -> str:
    """Return what sorts logical keys as a walk of the tree meets them: `a/b` before `a-b`.

    Names are sorted at each level, which is to say that the slash sorts before every other character.
    """
    return logical_key.replace("\0", "\0\1").replace("/", "\0\0")


def _in_order(parts: Iterable[Part]) -> Iterator[bytes]:
    before = key_before = below = ""
    for key, part in parts:
        here = place(key)
        if here <= before and key_before:
            raise _DisorderError
        if here.startswith(below) and key_before:
            raise TopHashError(f"{key_before!r} is a file and, in {key!r}, a directory")
        before, key_before, below = here, key, here + "\0\0"
        yield part


def _sorted(parts: Iterable[Part]) -> Iterator[bytes]:
    """Yield the canonical entries in order, sorted by sqlite in a file of its own."""
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "entries")) as table:
        table.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE entry (place BLOB, key TEXT, part BLOB)"
        )
        rows: list[tuple[bytes, bytes, bytes]] = []
        for logical_key, canonical_json in parts:
            # In UTF-8 the order of bytes is that of characters. Lone surrogates have to pass.
            where = place(logical_key).encode("utf-8", "surrogatepass")
            rows.append((where, logical_key.encode("utf-8", "surrogatepass"), canonical_json))
            if len(rows) == BATCH:
                table.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
                rows.clear()
        table.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
        before, key_before = b"", b""
        for here, key, part in table.execute("SELECT place, key, part FROM entry ORDER BY place"):
            name = key.decode("utf-8", "surrogatepass")
            if key_before and here == before:
                raise TopHashError(f"two entries have the logical key {name!r}")
            if key_before and here.startswith(before + b"\0\0"):
                raise TopHashError(
                    f"{key_before.decode('utf-8', 'surrogatepass')!r} is a file and, in {name!r}, a directory"
                )
            before, key_before = here, key
            yield part
