"""The catalog's own files: styles, scripts, icons. Each has its digest in its address, so browsers keep it for good."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

import msgspec

from bucketdex.catalog import links

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Asset(msgspec.Struct, frozen=True):
    """A file, its digest and its type."""

    body: bytes
    digest: str
    content_type: str


def asset(name: str) -> Asset | None:
    """Return a file by its name, None if there is none."""
    return _read(name) if name in _names() else None


@cache
def _read(name: str) -> Asset:
    body = (FOLDER / name).read_bytes()
    return Asset(body, blake2b(body, digest_size=6).hexdigest(), TYPES[Path(name).suffix])


@cache
def address_of(name: str) -> str:
    """Return the address of a file; raises `KeyError` where there is none, which is a template's mistake."""
    found = asset(name)
    if found is None:
        raise KeyError(name)
    return links.static(found.digest, name)


@cache
def _names() -> frozenset[str]:
    return frozenset(file.name for file in FOLDER.iterdir() if file.suffix in TYPES)
