"""The documents of a pointer file and of a manifest file: pure functions of what S3 said."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from bucketdex.index.pairs import LONGEST_VALUE, Pair, flattened, named, storable_text
from bucketdex.manifest import Header, Verification
from bucketdex.manifest.layout import ManifestName, PointerName

State = Literal["none", "loading", "complete", "removing"]
MOST_TOLD = 5  # problems of a manifest that its document tells; the others are counted
LONGEST_MESSAGE = 10_000  # characters
LARGEST = 2**63 - 1  # that a field of the index takes
# What a pointer takes over from its manifest's document.
COPIED = ("message", "metadata", "pairs", "workflow", "entries", "directories", "total_bytes", "verified")
# What OpenSearch may refuse, and a document can do without.
EMPTY: dict[str, object] = {"message": None, "metadata": (), "pairs": (), "workflow": None}


class FileVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which version of a file something is about."""

    version_id: str | None = None
    etag: str | None = None


class EntryState(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the entries of a manifest are searchable.

    `epoch` is the millisecond in which loading or removing them began; entries carry it. Loading goes on at `offset`,
    the place of a line in the unpacked manifest. `since` is when the invocation that loads them last gave a sign; None
    where it let go.
    """

    state: State = "none"
    epoch: int = 0
    offset: int = 0
    loaded: int = 0
    refused: int = 0
    since: datetime | None = None


class PackageDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the index holds of a pointer or manifest; the mapping is in `index/mappings/packages.py`.

    `manifest` and `manifest_problem` are what a pointer knows of its manifest's file, and what is wrong with that.
    `left` are top hashes that a `latest` pointed at before, whose manifests have not been told yet.
    """

    bucket: str
    key: str
    type: Literal["pointer", "manifest"]
    observed_at: datetime
    deleted: bool = False
    handle: str | None = None
    author: str | None = None
    name: str | None = None
    latest: bool | None = None
    revision: str | None = None
    created: datetime | None = None
    top_hash: str | None = None
    computed_top_hash: str | None = None
    verified: bool | None = None
    message: str | None = None
    metadata: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    workflow: str | None = None
    entries: int | None = None
    directories: int | None = None
    total_bytes: int | None = None
    size: int | None = None
    modified: datetime | None = None
    version_id: str | None = None
    etag: str | None = None
    manifest: FileVersion | None = None
    manifest_problem: str | None = None
    left: tuple[str, ...] = ()
    entry_state: EntryState | None = None
    problem: str | None = None

    @property
    def file(self) -> FileVersion:
        """Which version of its file it is about."""
        return FileVersion(self.version_id, self.etag)


def stored(source: dict[str, Any]) -> PackageDocument:
    """Return a document as it was read from the index."""
    return msgspec.convert(source, PackageDocument)


def of_pointer(name: PointerName) -> dict[str, Any]:
    """Return the fields that the key of a pointer gives."""
    author, _, rest = name.handle.partition("/")
    return {
        "type": "pointer", "handle": name.handle, "author": author, "name": rest, "latest": name.latest,
        "revision": name.revision, "created": name.created,
    }  # fmt: skip


def of_header(header: Header) -> dict[str, Any]:
    """Return the fields that the header of a manifest gives."""
    pairs, _ = flattened("metadata", header.user_meta)
    workflow = (header.workflow or {}).get("id")
    return {
        "message": storable_text(header.message)[:LONGEST_MESSAGE] if header.message else None,
        "metadata": named(pairs),
        "pairs": pairs,
        "workflow": storable_text(workflow)[:LONGEST_VALUE] if isinstance(workflow, str) else None,
    }


def of_manifest(name: ManifestName, found: Verification) -> dict[str, Any]:
    """Return the fields that a manifest gives, which was read from beginning to end."""
    return {
        "computed_top_hash": found.top_hash,
        "verified": found.verified and found.top_hash == name.top_hash,
        "entries": found.entries,
        "directories": found.directories,
        "total_bytes": min(found.total_bytes, LARGEST),
        **(of_header(found.header) if found.header else {}),
    }


def problems_of(found: Verification) -> list[str]:
    """Return what is wrong with a manifest, in a few words."""
    told = [storable_text(problem) for problem in found.problems[:MOST_TOLD]]
    more = found.problem_count - len(told)
    return [*told, f"and {more} problems more"] if more > 0 else told


def problem(said: Iterable[str]) -> str | None:
    """Return the problems of a document as its field takes them."""
    return "; ".join(said)[:LONGEST_VALUE] or None


def file_of(manifest: dict[str, Any]) -> FileVersion | None:
    """Return the file that a manifest's document, as it is stored, is about; None where S3 has or tells none."""
    if manifest.get("deleted") or "etag" not in manifest:
        return None
    return FileVersion(manifest.get("version_id"), manifest["etag"])


def agree(pointer: dict[str, Any], manifest: dict[str, Any]) -> bool:
    """Whether a pointer's document says what its manifest's document says; both as they are stored."""
    file = file_of(manifest)
    if not _same_problem(pointer, manifest):
        return False
    if file is None:
        return "manifest" not in pointer
    return pointer.get("manifest") == msgspec.to_builtins(file) and all(
        pointer.get(name) == manifest.get(name) for name in ("entries", "verified")
    )


def _same_problem(pointer: dict[str, Any], manifest: dict[str, Any]) -> bool:
    return bool(pointer.get("manifest_problem") == manifest.get("problem"))
