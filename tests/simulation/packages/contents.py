"""What pointers and manifests hold: few contents, so that what is put back is what was there before.

The limits of the code under test are scaled down with them (`scaled_down`): a request takes an entry or two, and times
are as short as the function's.
"""

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import packages
from bucketdex.manifest import Verification, read, verify
from bucketdex.manifest.lines import Entry
from bucketdex.packages import edges, files, loading, manifests, naming
from simulation.contents import POISON, Content
from simulation.knobs import SECOND
from simulation.packages.knobs import Knobs
from simulation.replacing import replaced

PLACE = "data"  # the bucket in which the entries' bytes are
MOST_MANIFESTS = 5


@dataclass(frozen=True)
class Meaning:
    """What a manifest's bytes say: counts, message, and what an entry's document has to hold."""

    found: Verification
    entries: dict[str, dict[str, Any]]

    @property
    def message(self) -> str | None:
        """What the document has; none where the index refuses it."""
        said = self.found.header.message if self.found.header else None
        return None if said and POISON in said else said


@dataclass(frozen=True, eq=False)
class Manifest:
    """A manifest by its name, and all that is ever found under it."""

    top_hash: str
    own: Content
    others: tuple[Content, ...] = field(default=())


def _manifest(number: int) -> Manifest:
    """Return manifest number so-and-so: one without entries, one that the index refuses in part, longer ones."""
    keys = [f"{letter}.txt" for letter in "abcdefg"[: (0, 2, 5, 3, 7)[number]]]
    lines = [packages.entry(PLACE, key, meta={"n": number}) for key in keys]
    if number == 3:
        lines[1] = packages.entry(PLACE, keys[1], meta={"said": POISON})
    message = f"{POISON} {number}" if number == 1 else f"message {number}"
    top_hash, content = packages.manifest(lines, message=message, user_meta={"m": number})
    _, shifted = packages.manifest(
        [packages.entry(PLACE, f"{letter}.txt", meta={"n": number + 10}) for letter in "bcdhi"[: number + 1]],
        message=f"another {number}",
    )
    longer = content + json.dumps(packages.entry(PLACE, "zz.txt")).encode() + b"\n"
    others = (shifted, longer, gzip.compress(content, mtime=0), content[: len(content) * 2 // 3], b"{}\n")
    return Manifest(top_hash, _content(content), tuple(map(_content, others)))


def _content(data: bytes) -> Content:
    return Content(data, "application/octet-stream")


MANIFESTS = tuple(_manifest(number) for number in range(MOST_MANIFESTS))
JUNK = Content(b"see the manifest\nof last week", "text/plain")
LONG = Content(b"no pointer " * 100, "text/plain")
NEVER = "0" * 64  # a top hash that no manifest ever has


@cache
def pointing_at(top_hash: str, end: str = "") -> Content:
    """Return what a pointer holds."""
    return Content((top_hash + end).encode(), "text/plain")


@cache
def meaning(content: Content, top_hash: str) -> Meaning:
    """Return what the bytes say under this name."""
    entries: dict[str, dict[str, Any]] = {}
    for line in read([content.data]):
        if isinstance(line.said, Entry):
            entries[line.said.logical_key] = _expected(line.said)
    return Meaning(verify(lambda: iter([content.data]), top_hash), entries)


def _expected(entry: Entry) -> dict[str, Any]:
    assert entry.hash
    metadata = [f"{name}={value}" for name, value in entry.metadata.items()]
    refused = any(POISON in value for value in metadata)
    return {
        "logical_key": entry.logical_key,
        "physical_key": entry.physical_keys[0],
        "size": entry.size,
        "hash": {"type": entry.hash.type, "value": entry.hash.value},
        "metadata": [] if refused else metadata,
    }


class _Refreshes:
    """Each invocation is a process of its own; in each of them the keys of a batch are handled one after another."""

    def refresh(self, of: edges.Edges, index: str) -> None:
        client: Any = of.opensearch
        client.refreshes.refresh(of, index)


@contextmanager
def scaled_down(knobs: Knobs) -> Iterator[None]:
    """Let requests be as small, and times as short, as this world has them."""
    second = knobs.second / SECOND
    limits: tuple[tuple[Any, str, Any], ...] = (
        (loading, "REQUEST_BYTES", knobs.request_bytes),
        (loading, "SIGN", loading.SIGN * second),
        (loading, "DEAD", loading.DEAD * second),
        (loading, "STOP_SECONDS", loading.STOP_SECONDS * second),
        (edges, "RESERVE_SECONDS", edges.RESERVE_SECONDS * second),
        (manifests, "WAIT_SECONDS", manifests.WAIT_SECONDS * second),
        (files, "MEMORY_BYTES", knobs.memory_bytes),
        (files, "PIECE_BYTES", 300),
        (naming, "PAGE", 2),
        (naming, "_REFRESHES", _Refreshes()),
    )
    with ExitStack() as stack:
        for module, name, value in limits:
            stack.enter_context(replaced(module, name, lambda _, value=value: value))
        yield
