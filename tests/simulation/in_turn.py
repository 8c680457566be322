"""Digests piece by piece, without threads: who runs in a world has none."""

from collections.abc import Callable, Collection
from hashlib import sha256

from bucketdex import hashing

PIECE_BYTES = 40


def digest(
    fetch: hashing.Fetch,
    start: int,
    end: int,
    *,
    size: int,
    types: Collection[str],
    each: Callable[[int], object],
    threads: int,
) -> hashing.Digested:
    """Do what `hashing.digest` does, for objects of one chunk."""
    data = b""
    for at in range(start, end, PIECE_BYTES):
        data += bytes(fetch(at, min(PIECE_BYTES, end - at)))
        if each(len(data)) is hashing.STOP:
            return hashing.Digested((), {})
    assert len(data) == size
    return hashing.Digested((sha256(data).digest(),), {type_: hashing.digest_of(type_, data) for type_ in types})
