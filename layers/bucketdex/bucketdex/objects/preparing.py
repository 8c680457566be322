"""What is to be written for a key: from the documents that are there, from S3, and from what somebody told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec

from bucketdex.changes.change import NO_VERSION
from bucketdex.changes.hint import Claim, Hint
from bucketdex.control import Bucket, Generation
from bucketdex.index import writer
from bucketdex.index.known import covers
from bucketdex.index.mappings import unknown_to
from bucketdex.index.refusal import without_refused
from bucketdex.objects.document import ObjectDocument, object_document
from bucketdex.objects.facts import all_about, as_last_known, known_of, with_facts, with_more_facts
from bucketdex.objects.observe import ObjectReader, Observation

# What OpenSearch may refuse, or does not know yet, and a document can do without.
EMPTY: dict[str, object] = {
    "content": None, "content_from": None, "metadata": (), "tags": (), "pairs": (), "checksums": (),
    "digest_note": None, "encryption": None, "content_type": None, "content_encoding": None, "written_by": None,
    "written_at": None, "extensions": (), "columns": (),
}  # fmt: skip
SHOWN = ("etag", "storage_class")  # beside version and tags: what a notification would have told of

# A record's time and `modified` are in whole seconds, of two hosts.
WHOLE_SECONDS = timedelta(seconds=2)

Before = Sequence[writer.Stored | None]  # the documents of one key, one a generation


@dataclass(frozen=True)
class Task:
    """A key that is not settled yet, and what has come in its way."""

    hint: Hint
    id: str
    bucket: Bucket
    conflicts: int = 0
    busy: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    refused: ObjectDocument | None = None  # what the refusals are about: of another document they say nothing

    @property
    def begun(self) -> bool:
        """Whether somebody, or an earlier round here, may have written the document, and not done what follows."""
        return self.hint.sent is None or bool(self.conflicts or self.busy or self.refusals)

    @property
    def whole(self) -> bool:
        """Whether the documents before are needed as a whole, as they may be written again without a look at S3."""
        return self.hint.facts_only or (self.hint.claims is not None and bool(self.hint.facts))


@dataclass(frozen=True)
class Prepared:
    """What is to be written for a key, one write a generation, and what it was before refused parts were left out.

    No writes: all is known already. `hashed`: a digest is wanted. `missed`: nobody but the trail told of this.
    """

    task: Task
    document: ObjectDocument
    writes: list[writer.Write]
    hashed: bool = False
    missed: bool = False


def prepare(task: Task, generations: Sequence[Generation], before: Before, objects: ObjectReader) -> Prepared:
    """Return the writes that bring every generation's document of the key to what S3 says now; raises `Transient`."""
    hint = task.hint
    if not _needs_a_look(task, before):
        # Each document shows the version in question, or saw what happened: no request, and the same observed_at.
        stored = [msgspec.convert(it.source, ObjectDocument) for it in before if it]
        # Of those that are not whole nothing may be written.
        documents = [with_more_facts(document, hint.facts) for document in stored] if task.whole else stored
        if hint.claims is not None and documents == stored:
            return Prepared(task, stored[0], [])
        return _prepared(task, generations, before, documents)
    sources = [it.source for it in before if it]
    seen = objects.observe(hint)
    if seen.refused:
        hint = as_last_known(hint, sources)
    document = with_facts(object_document(hint, seen), [*known_of(sources), *hint.facts])
    prepared = _prepared(task, generations, before, [document] * len(generations))
    return replace(prepared, hashed=task.bucket.hashing.mode != "off", missed=_missed(task, seen, before, document))


def _needs_a_look(task: Task, before: Before) -> bool:
    """Whether S3 has to be asked; not for facts about what all documents show, nor where the trail tells no news."""
    documents, hint = [it.source for it in before if it], task.hint
    if len(documents) < len(before) or task.begun:
        return True
    if hint.facts_only:
        return not all(all_about(hint.facts, document) for document in documents)
    if hint.claims is None:
        return True
    # Facts of others may be about a version that no document shows yet; the author that a record names may be of one
    # that none shows any more.
    others = [it for it in hint.facts if it.etag is not None]
    return not all(
        _knows(document, hint.claims) and (not others or all_about(others, document)) for document in documents
    )


def _knows(document: dict[str, Any], claims: Sequence[Claim]) -> bool:
    was_told = document.get("deleted") or document.get("storage_class")  # else S3 refused to tell
    return bool(was_told) and covers(document, claims)


def _missed(task: Task, seen: Observation, before: Before, after: ObjectDocument) -> bool:
    """Whether no notification told what was seen now, because of the trail: it stands in no document yet.

    Not where no notifications are expected, not of what happened before the bucket was connected, and not where the
    object was written again since: of that a notification may be under way.
    """
    times = [it.time for it in task.hint.claims or () if it.time]
    if seen.refused or task.bucket.events == "trail" or not times or max(times) <= task.bucket.added:
        return False
    if after.modified and after.modified > max(times) + WHOLE_SECONDS:
        return False
    state = _state(msgspec.to_builtins(after))
    return all(_state(it.source if it else None) != state for it in before)


def _state(document: dict[str, Any] | None) -> tuple[Any, ...] | None:
    """Return what a document shows of an object that can be told of in events; None where there is no object."""
    if document is None or document.get("deleted"):
        return None
    version = document.get("version_id") or NO_VERSION  # which gets a name when versioning is switched on
    return (version, *(document.get(name) for name in SHOWN), tuple(sorted(document.get("tags") or ())))


def _prepared(
    task: Task, generations: Sequence[Generation], before: Before, documents: Sequence[ObjectDocument]
) -> Prepared:
    document = documents[0]
    if task.refused and msgspec.structs.replace(document, observed_at=task.refused.observed_at) != task.refused:
        task = replace(task, refusals=(), refused=None)
    if task.refusals:
        documents = [without_refused(each, list(task.refusals), EMPTY) for each in documents]
    documents = [_as_known_to(generation, each) for generation, each in zip(generations, documents, strict=True)]
    # Always written, also when nothing changed: a write that is skipped leaves the lock of a slow handler valid.
    writes = [
        writer.Write(generation.index, task.id, msgspec.json.encode(each), it.lock if it else None)
        for generation, each, it in zip(generations, documents, before, strict=True)
    ]
    return Prepared(task, document, writes)


def _as_known_to(generation: Generation, document: ObjectDocument) -> ObjectDocument:
    unknown = unknown_to(generation.mapping)
    return msgspec.structs.replace(document, **{name: EMPTY[name] for name in unknown}) if unknown else document
