"""Hashes of objects that the index of a stack knows, so that nothing is read for them.

The index is asked only where `BUCKETDEX_API_URL` names it, and only for what S3 itself does not tell. What it says
counts for the very version, etag and size that S3 has just told of. Without an answer the objects are read.
"""

import itertools
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from bucketdex.changes import Checksum
from bucketdex.registry.pushing.references import Referred, hash_of

API = "BUCKETDEX_API_URL"
OBJECTS_AT_A_TIME = 100  # as many as the API takes
CONNECT_SECONDS, READ_SECONDS = 3.0, 15.0


class IndexUnavailableWarning(UserWarning):
    """The index was asked for digests and did not answer, so the objects are read."""


class _Known(msgspec.Struct, frozen=True):
    """What the index holds of an object; see the search API."""

    bucket: str
    key: str
    etag: str | None = None
    version_id: str | None = None
    size: int | None = None
    checksums: tuple[Checksum, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    objects: list[_Known]


def with_digests_of_the_index(objects: Sequence[Referred]) -> list[Referred]:
    """Return the objects, those without a hash with the one that the index knows."""
    unknown = [it for it in objects if it.hash is None]
    url = os.environ.get(API)
    if not unknown or not url:
        return list(objects)
    try:
        told = {(it.bucket, it.key): it for it in _ask(url, unknown)}
    except Exception as error:  # noqa: BLE001, whatever it is: to read is always right
        said = f"the index at {url} does not tell the digests of {len(unknown)} objects, so they are read: {error}"
        warnings.warn(said, IndexUnavailableWarning, stacklevel=2)
        return list(objects)
    return [_with_hash(it, told.get((it.bucket, it.key))) if it.hash is None else it for it in objects]


def _ask(url: str, objects: Sequence[Referred]) -> Iterator[_Known]:
    import urllib3  # noqa: PLC0415, only where there is an index

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    for some in itertools.batched(objects, OBJECTS_AT_A_TIME):
        named: list[dict[str, Any]] = [{"bucket": it.bucket, "key": it.key} for it in some]
        address = f"{url.rstrip('/')}/api/digests"
        answer = urllib3.request("POST", address, json=named, timeout=timeout, retries=False)
        if answer.status != 200:
            raise ValueError(f"it answers {answer.status}")
        yield from msgspec.json.decode(answer.data, type=_Answer).objects


def _with_hash(it: Referred, known: _Known | None) -> Referred:
    if known is None or known.size != it.size or known.etag != it.etag.strip('"'):
        return it
    if (known.version_id or "null") != (it.version_id or "null"):
        return it
    return msgspec.structs.replace(it, hash=hash_of(known.checksums))
