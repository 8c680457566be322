"""Metadata of entries as they are held: as JSON until somebody asks, as most are only carried from one manifest on."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from bucketdex.registry.errors import PackageError

type Kept = msgspec.Raw | Any  # JSON as it stands, or the value where only Python's `json` can read it

NOTHING = msgspec.Raw(b"{}")

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def checked(meta: Any) -> dict[str, Any]:
    """Return an author's metadata as a dict; raises `TypeError` for what is no mapping of names to values."""
    if not isinstance(meta, Mapping):
        raise TypeError(f"metadata are a dict such as {{'plate': 7}}, not {type(meta).__name__}")
    return dict(meta)


def kept(metadata: Any) -> Kept:
    """Return metadata as they are held; raises `PackageError` for what JSON cannot hold."""
    if not metadata:
        return NOTHING
    return msgspec.Raw(as_json(metadata).encode())


def as_json(metadata: Any) -> str:
    """Return metadata as JSON; raises `PackageError` for what JSON cannot hold."""
    try:
        text = _encode(metadata)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PackageError(f"these metadata cannot be written as JSON: {error}") from error
    return text


def shown(held: Kept) -> Any:
    """Return the value of metadata; each time a new one."""
    if held is NOTHING:
        return {}
    return json.loads(bytes(held)) if isinstance(held, msgspec.Raw) else held


def equal(one: Kept, other: Kept) -> bool:
    """Tell whether two metadata say the same."""
    if one is other:
        return True
    if isinstance(one, msgspec.Raw) and isinstance(other, msgspec.Raw) and bytes(one) == bytes(other):
        return True
    return bool((shown(one) or {}) == (shown(other) or {}))
