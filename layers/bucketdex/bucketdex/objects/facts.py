"""Facts that S3 cannot tell again, or not for nothing: who wrote an object, and its digests.

A fact is about one version. It is taken from a hint, or over from the document before, only while version id *and*
etag are those of the object: one etag can belong to many versions.

Checksums merge by type and origin, so whatever comes twice or in another order makes the same document. What they say
of each other, that S3 claims what the bytes do not have, is told from all of them each time.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from bucketdex.changes import Author, Checksum, Fact
from bucketdex.changes.change import is_unique
from bucketdex.changes.hint import Hint
from bucketdex.digests.claims import contradiction
from bucketdex.digests.kept import has_digest
from bucketdex.digests.policy import LEFT_OUT
from bucketdex.index.pairs import LONGEST_VALUE
from bucketdex.objects.document import ObjectDocument

NEVER = datetime.min.replace(tzinfo=UTC)


def facts_of(document: dict[str, Any]) -> Fact | None:
    """Return what a stored document knows beyond S3, or None if that is nothing."""
    checksums = msgspec.convert(document.get("checksums", ()), tuple[Checksum, ...])
    author = msgspec.convert(document["written_by"], Author) if document.get("written_by") else None
    note = document.get("digest_note")
    if not _is_identified(document) or not (checksums or note or author):
        return None
    written_at = msgspec.convert(document.get("written_at"), datetime | None)
    return Fact(document.get("etag"), document.get("version_id"), checksums, note, author, written_at)


def _is_identified(document: dict[str, Any]) -> bool:
    return not document.get("deleted") and bool(document.get("etag") or is_unique(document.get("version_id")))


def known_of(documents: Iterable[dict[str, Any]]) -> list[Fact]:
    """Return what the documents of one key know; a generation whose mapping has no note does not take it away."""
    return sorted(filter(None, map(facts_of, documents)), key=lambda fact: fact.digest_note is not None)


def with_facts(seen: ObjectDocument, facts: Iterable[Fact]) -> ObjectDocument:
    """Return the document of what was just seen with what the facts about its version add.

    What was seen stays, and of facts the later ones win; of authors the one of the newest record, for the same version
    id can be written again where it is `null`. A note is that of the last fact that told of digests; what was seen with
    its digest needs none.
    """
    if seen.deleted:
        return seen
    checksums: dict[tuple[str, str], Checksum] = {}
    note = seen.digest_note
    about = [fact for fact in facts if fact.is_about(seen.version_id, seen.etag)]
    for fact in about:
        checksums |= _by_kind(fact.checksums)
        if fact.checksums or fact.digest_note:
            note = fact.digest_note
    checksums |= _by_kind(seen.checksums)
    merged = tuple(checksums[kind] for kind in sorted(checksums))
    return msgspec.structs.replace(
        seen,
        checksums=merged,
        # Facts come in any order: a note that there is no digest is none where there is one.
        digest_note=note if note == LEFT_OUT or not has_digest(merged) else None,
        problem=_problem(seen, merged),
        **_authorship(about),
    )


def with_more_facts(stored: ObjectDocument, facts: Iterable[Fact]) -> ObjectDocument:
    """Return a stored document with what facts about its version add: its own digests are facts that came before."""
    if stored.deleted or not (stored.etag or is_unique(stored.version_id)):
        return stored
    before = Fact(
        stored.etag, stored.version_id, stored.checksums, stored.digest_note, stored.written_by, stored.written_at
    )
    bare = msgspec.structs.replace(stored, checksums=(), digest_note=None, problem=_without_contradiction(stored))
    return with_facts(bare, [before, *facts])


def _authorship(facts: Iterable[Fact]) -> dict[str, Any]:
    """Return who wrote it, and when, as the newest record tells it, whatever the order of the facts."""
    told = [(it.written_at or NEVER, msgspec.json.encode(it.written_by), it) for it in facts if it.written_by]
    newest = max(told, key=lambda it: it[:2])[2] if told else None
    return {"written_by": newest and newest.written_by, "written_at": newest and newest.written_at}


def _by_kind(checksums: Iterable[Checksum]) -> dict[tuple[str, str], Checksum]:
    return {(it.type, it.origin): it for it in checksums}


def _problem(document: ObjectDocument, checksums: Collection[Checksum]) -> str | None:
    """Return the document's problem with what these checksums contradict each other in, which goes first."""
    rest = _without_contradiction(document)
    return "; ".join(filter(None, (contradiction(checksums), rest)))[:LONGEST_VALUE] or None


def _without_contradiction(document: ObjectDocument) -> str | None:
    said = (contradiction(document.checksums) or "").split("; ")
    return "; ".join(part for part in (document.problem or "").split("; ") if part not in said) or None


def as_last_known(hint: Hint, documents: Iterable[dict[str, Any]]) -> Hint:
    """Return the hint of an object that S3 refuses to tell of, completed from a document that it does not contradict.

    So a right that is missing for a while does not cost the facts about a version that is still there. What the trail
    tells comes in any order: only what was made after the document takes the place of what that knows.
    """
    for document in documents:
        known = {name: document.get(name) for name in ("version_id", "etag", "size")}
        if hint.claims is not None and not document.get("deleted"):
            since = datetime.fromisoformat(document["observed_at"])
            newer = [(it.time, it.version_id) for it in hint.claims if it.version_id and it.time and it.time > since]
            version = {"version_id": max(newer)[1], "etag": None, "size": None} if newer else known
            return msgspec.structs.replace(hint, **version)
        told = {"version_id": hint.version_id, "etag": hint.etag}
        if not document.get("deleted") and all(value in (None, known[name]) for name, value in told.items()):
            return msgspec.structs.replace(hint, **known | ({"size": hint.size} if hint.size is not None else {}))
    return hint


def all_about(facts: Iterable[Fact], document: dict[str, Any]) -> bool:
    """Whether the stored document shows the very version that every fact is about."""
    return not document.get("deleted") and all(
        fact.is_about(document.get("version_id"), document.get("etag")) for fact in facts
    )
