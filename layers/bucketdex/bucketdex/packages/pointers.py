"""A pointer file and its document.

It says what the manifest that it names says, so it is about two files. Whoever writes the document of one of them looks
at the other's afterwards; so of two that write at once, one sees what the other wrote, and tells it.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from bucketdex.changes.hint import Hint, ObjectName
from bucketdex.changes.outcome import Outcome, Tally
from bucketdex.errors import Transient
from bucketdex.index import writer
from bucketdex.index.ids import object_id
from bucketdex.index.pairs import LONGEST_VALUE
from bucketdex.manifest import Header, LineFault, layout
from bucketdex.manifest import read as lines_of
from bucketdex.manifest.layout import PointerName, manifest_key
from bucketdex.packages import files
from bucketdex.packages.document import (
    COPIED,
    FileVersion,
    PackageDocument,
    agree,
    file_of,
    of_header,
    of_pointer,
    problem,
    stored,
)
from bucketdex.packages.edges import KIND, MOST_PASSES, Edges, Write, is_settled, read, write
from bucketdex.packages.files import ManifestFile, RefusedError, Seen


def reconcile(edges: Edges, hint: Hint, name: PointerName, tally: Tally) -> Outcome:
    """Make the document of a pointer say what S3 says, and tell the manifests that are concerned.

    Raises `Transient` and `Permanent`.
    """
    bucket, key = where = (hint.bucket, hint.key)
    identity = object_id(bucket, key)
    for attempt in range(MOST_PASSES):
        view = edges.control.view(KIND, [bucket])
        if bucket not in view.buckets:
            return Outcome("not connected")
        indexes = [generation.index for generation in view.generations]
        before = read(edges, indexes, [identity])
        if not attempt and is_settled(hint, before, indexes):
            return Outcome("settled")
        observed_at = edges.now()
        seen = files.pointer(edges.s3, bucket, key)
        top_hash = layout.pointed_at(seen.content)
        known = [stored(it.source) for it in before.values() if not it.source.get("deleted")]
        if seen.refused and known:  # what was known of it stays: a refusal is no deletion
            seen, top_hash = seen.as_known(known[0]), known[0].top_hash
        documents = _documents(edges, where, name, indexes, seen, top_hash, observed_at)
        left = _left(before.values(), top_hash)
        writes = [
            Write(index, replace(document, left=left), _lock(before.get((index, identity))))
            for index, document in zip(indexes, documents, strict=True)
        ]
        locks = write(edges, identity, writes)
        if locks is None:
            tally.conflicts += 1
            continue
        if not _other_side(edges, where, indexes, top_hash, documents):
            tally.retries += 1
            continue
        if left:
            _tell(edges, where, identity, writes, locks)
        return Outcome("deleted" if seen.gone else "indexed")
    raise Transient(f"the document of s3://{bucket}/{key} was not settled in {MOST_PASSES} passes")


def _documents(
    edges: Edges,
    where: ObjectName,
    name: PointerName,
    indexes: list[str],
    seen: Seen,
    top_hash: str | None,
    observed_at: datetime,
) -> list[PackageDocument]:
    """Return the document for each generation."""
    bucket, key = where
    if seen.gone:
        return [PackageDocument(bucket, key, "pointer", observed_at, deleted=True)] * len(indexes)
    problems = [seen.problem] if seen.problem else []
    if fault := layout.fault_of_handle(name.handle):
        problems.append(fault)
    if not name.latest and name.created is None:
        problems.append(f"its name {name.revision[:100]!r} is neither latest nor a Unix time")
    fields: dict[str, Any] = {**of_pointer(name), **seen.fields(), "bucket": bucket, "key": key}
    fields["observed_at"] = observed_at
    if top_hash is None:
        if not seen.problem:
            problems.append("it does not hold a top hash (64 hexadecimal digits)")
        return [PackageDocument(**fields, problem=problem(problems))] * len(indexes)
    copies = _of_manifests(edges, bucket, indexes, top_hash)
    return [
        PackageDocument(**fields, top_hash=top_hash, **copied, problem=problem([*problems, *_told(copied)]))
        for copied in copies
    ]


def _told(copied: dict[str, Any]) -> list[str]:
    """Return what is wrong with the manifest that a pointer names, as the pointer tells it."""
    if said := copied.get("manifest_problem"):
        return [f"its manifest: {said}"]
    return [] if copied else ["its manifest is missing"]


def _of_manifests(edges: Edges, bucket: str, indexes: list[str], top_hash: str) -> list[dict[str, Any]]:
    """Return for each generation what the manifest says, and what is wrong with it; nothing of one that is missing.

    It is taken from the manifest's document where that is about the file that is there, or where S3 does not tell
    what is there, else from the file's first line.
    """
    identity, key = object_id(bucket, manifest_key(top_hash)), manifest_key(top_hash)
    there = files.head(edges.s3, bucket, key)
    if there.gone:
        return [{}] * len(indexes)
    version = there.version or FileVersion()
    known = read(edges, indexes, [identity])
    header: dict[str, Any] | None = None
    found: list[dict[str, Any]] = []
    for index in indexes:
        document = known.get((index, identity))
        manifest = stored(document.source) if document else None
        if manifest and not manifest.deleted and (manifest.file == version or there.refused):
            copied = {name: getattr(manifest, name) for name in COPIED}
            copied |= {"manifest": manifest.file if manifest.etag else None, "manifest_problem": manifest.problem}
            found.append(copied)
            continue
        if there.refused:
            found.append({"manifest_problem": there.problem})
            continue
        if header is None:
            header = _header(ManifestFile(edges.s3, bucket, key, version, there.size or 0, edges.check))
        found.append(header | {"manifest": version})
    return found


def _header(file: ManifestFile) -> dict[str, Any]:
    """Return what the first line of a manifest says."""
    try:
        first = next(lines_of(file.pieces())).said
    except RefusedError as error:
        return {"manifest_problem": str(error)}
    match first:
        case Header():
            return of_header(first)
        case LineFault():
            return {"manifest_problem": str(first)[:LONGEST_VALUE]}
    return {}


def _left(before: Any, top_hash: str | None) -> tuple[str, ...]:
    """Return the top hashes that the documents name, or were to tell, and that are not what S3 names now."""
    named: dict[str, None] = {}
    for it in before:
        if it.source.get("latest") and it.source.get("top_hash"):
            named[it.source["top_hash"]] = None
        named |= dict.fromkeys(it.source.get("left", ()))
    named.pop(top_hash or "", None)
    return tuple(named)


def _other_side(
    edges: Edges, where: ObjectName, indexes: list[str], top_hash: str | None, documents: list[PackageDocument]
) -> bool:
    """Look at the manifest's documents, after this one was written, and tell its handler what it has to know.

    False: they say something else by now than what was copied.
    """
    if top_hash is None:
        return True
    bucket, key = where[0], manifest_key(top_hash)
    identity = object_id(bucket, key)
    found = read(edges, indexes, [identity])
    for index, document in zip(indexes, documents, strict=True):
        known = found.get((index, identity))
        manifest = known.source if known else {}
        state = manifest.get("entry_state", {}).get("state", "none")
        if document.manifest is not None and document.manifest == file_of(manifest):
            if not agree(msgspec.to_builtins(document), manifest):
                return False
            if not document.latest or state in ("loading", "complete"):
                continue
        elif document.manifest == file_of(manifest):
            continue
        edges.hint(bucket, [key], "a pointer names it")
        break
    return True


def _tell(edges: Edges, where: ObjectName, identity: str, writes: list[Write], locks: list[writer.Lock]) -> None:
    """Tell the manifests that `latest` has left; then, and only then, forget them.

    A crash in between leaves them in the document, for whoever comes next.
    """
    left = writes[0].document.left
    edges.hint(where[0], map(manifest_key, left), "latest left it")
    told = [Write(it.index, replace(it.document, left=()), lock) for it, lock in zip(writes, locks, strict=True)]
    write(edges, identity, told)  # after a conflict another handler has them to tell again, which does no harm


def _lock(found: writer.Stored | None) -> writer.Lock | None:
    return found.lock if found else None
