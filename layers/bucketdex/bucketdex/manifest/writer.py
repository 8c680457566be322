"""Writing a manifest, as the reference client reads it and with the top hash that it computes."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bucketdex.manifest.lines import Entry, Header, Metadata

# What the reference client writes: not ASCII only, and no NaN, which its readers would refuse.
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def write(header: Header, directories: Iterable[Metadata], entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the lines of a manifest: header, metadata of directories, entries (in the order of the tree).

    Raises `ValueError` for metadata that JSON cannot hold.
    """
    yield _line({name: value for name, value in header.fields.items() if name != "top_hash"})
    for directory in directories:
        yield _line({"logical_key": directory.logical_key, "meta": directory.meta})
    for entry in entries:
        yield _line(
            {
                "logical_key": entry.logical_key,
                "physical_keys": entry.physical_keys,
                "size": entry.size,
                "hash": {"type": entry.hash.type, "value": entry.hash.value} if entry.hash else None,
                "meta": entry.metadata,
            }
        )


def _line(fields: dict[str, Any]) -> bytes:
    return _json(fields).encode() + b"\n"
