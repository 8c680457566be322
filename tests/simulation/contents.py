"""What the objects of the model hold: few contents, so that versions share etags, at all sides of the size limits.

The limits of the code under test are scaled down with them (`scaled_down`), so that a "large" object has 150 bytes.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bucketdex import hashing
from bucketdex.objects import observe, text
from simulation import in_turn

EXCERPT = 48
WHOLE = 96
PIECE = 40
POISON = "refuse-me"  # the model index refuses a document whose content has this


@dataclass(frozen=True, eq=False)
class Content:
    """Some bytes, and what the index should say of them."""

    data: bytes
    type: str
    etag: str = field(init=False)
    sha256: str = field(init=False)
    sha256_base64: str = field(init=False)
    chunked: str = field(init=False)
    text: str | None = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.data)
        told = {
            "etag": hashlib.md5(self.data, usedforsecurity=False).hexdigest(),
            "sha256": digest.hexdigest(),
            "sha256_base64": b64encode(digest.digest()).decode(),
            "chunked": hashing.chunked(self.data),
            "text": None if not self.data or self.type != "text/plain" else self.data[:EXCERPT].decode(),
        }
        for name, value in told.items():
            object.__setattr__(self, name, value)

    def __str__(self) -> str:
        return f"({len(self.data)} bytes, {self.etag[:6]})"

    @property
    def refused(self) -> bool:
        """Whether the model index refuses its text."""
        return self.text is not None and POISON in self.text


def _text(size: int) -> Content:
    line = f"These are {size} bytes of text, "
    return Content((line * (size // len(line) + 1))[:size].encode(), "text/plain")


CONTENTS = (
    *(_text(size) for size in (1, 30, EXCERPT, EXCERPT + 1, WHOLE - 1, WHOLE, WHOLE + 1, 150)),
    Content(b"", "text/plain"),
    Content(bytes(range(20)), "application/octet-stream"),
    Content(bytes(range(256)), "application/octet-stream"),
)
REFUSED = Content(f"{POISON}: no index takes this".encode(), "text/plain")


@contextmanager
def scaled_down() -> Iterator[None]:
    """Let the code under test take 96 bytes for 8 MiB, and so on, and hash without threads."""
    limits: tuple[tuple[Any, str, Any], ...] = (
        (observe, "WHOLE_BYTES", WHOLE), (observe, "EXCERPT_BYTES", EXCERPT), (observe, "PIECE_BYTES", PIECE),
        (text, "EXCERPT_BYTES", EXCERPT), (hashing, "digest", in_turn.digest),
    )  # fmt: skip
    before = [(module, name, getattr(module, name)) for module, name, _ in limits]
    for module, name, value in limits:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
