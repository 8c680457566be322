"""Facts that S3 cannot tell again: who wrote an object, and digests that were computed elsewhere.

A fact is about one version. It is taken from a hint, or over from the document before, only while version id *and*
etag are those of the object: one etag can belong to many versions.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from bucketdex.changes import Author, Fact
from bucketdex.changes.hint import Hint
from bucketdex.objects.document import Checksum, ObjectDocument


def facts_of(document: dict[str, Any]) -> Fact | None:
    """Return what a stored document knows beyond S3, or None if that is nothing."""
    computed = {c["type"]: c["value"] for c in document.get("checksums", ()) if c.get("origin") == "computed"}
    author = msgspec.convert(document["written_by"], Author) if document.get("written_by") else None
    if document.get("deleted") or not document.get("etag") or not (computed or author):
        return None
    return Fact(document["etag"], document.get("version_id"), computed, author)


def with_facts(document: ObjectDocument, facts: Iterable[Fact]) -> ObjectDocument:
    """Return the document with what the facts about its version add; later facts win, what was just computed stays."""
    for fact in facts:
        if document.deleted or not fact.is_about(document.version_id, document.etag):
            continue
        have = {c.type for c in document.checksums if c.origin == "computed"}
        added = tuple(Checksum(kind, value, "computed") for kind, value in fact.digests.items() if kind not in have)
        document = msgspec.structs.replace(
            document,
            checksums=document.checksums + added,
            written_by=fact.written_by or document.written_by,
        )
    return document


def as_last_known(hint: Hint, documents: Iterable[dict[str, Any]]) -> Hint:
    """Return the hint of an object that S3 refuses to tell of, completed from a document that it does not contradict.

    So a right that is missing for a while does not cost the facts about a version that is still there.
    """
    for document in documents:
        known = {name: document.get(name) for name in ("version_id", "etag", "size")}
        told = {"version_id": hint.version_id, "etag": hint.etag}
        if not document.get("deleted") and all(value in (None, known[name]) for name, value in told.items()):
            return msgspec.structs.replace(hint, **known | ({"size": hint.size} if hint.size is not None else {}))
    return hint


def all_about(facts: Iterable[Fact], document: dict[str, Any]) -> bool:
    """Whether the stored document shows the very version that every fact is about."""
    return not document.get("deleted") and all(
        fact.is_about(document.get("version_id"), document.get("etag")) for fact in facts
    )
