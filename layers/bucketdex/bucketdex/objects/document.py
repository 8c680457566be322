"""The document of an object: a pure function of what S3 said, and of the facts that are about that very version."""

import re
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from hashlib import sha256
from typing import Any

import msgspec

from bucketdex.changes import Author, Checksum
from bucketdex.changes.hint import Hint
from bucketdex.digests import claims
from bucketdex.digests.kept import from_headers
from bucketdex.hashing import CHUNKED, SHA256, digest_of
from bucketdex.hashing import from_sha256 as chunked_from_sha256
from bucketdex.index.names import extensions, name_of
from bucketdex.index.pairs import LONGEST_VALUE, MOST_PAIRS, Pair, typed
from bucketdex.objects.columns import columns
from bucketdex.objects.observe import Observation
from bucketdex.objects.text import claims_text, excerpt

ENCODED_WORD = re.compile(r"=\?[^?]+\?[bqBQ]\?")


class ObjectDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the index holds of a key; the mapping is in `index/mappings/`.

    A tombstone has `deleted`, the version id of the delete marker if there is one, and no more.
    """

    bucket: str
    key: str
    observed_at: datetime
    deleted: bool = False
    name: str | None = None
    extensions: tuple[str, ...] = ()
    size: int | None = None
    modified: datetime | None = None
    version_id: str | None = None
    etag: str | None = None
    storage_class: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    encryption: dict[str, str] | None = None
    checksums: tuple[Checksum, ...] = ()
    digest_note: str | None = None
    metadata: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    content: str | None = None
    content_from: str | None = None
    columns: tuple[str, ...] = ()
    written_by: Author | None = None
    written_at: datetime | None = None
    problem: str | None = None


def object_document(hint: Hint, seen: Observation) -> ObjectDocument:
    """Return the document of what was seen: of the object, of its absence, or a stub where S3 refused to tell."""
    if seen.gone:
        return ObjectDocument(hint.bucket, hint.key, seen.observed_at, deleted=True, version_id=seen.marker)
    name = name_of(hint.key)
    known: dict[str, Any] = {"name": name, "extensions": extensions(name)}
    problems = list(seen.problems)
    if seen.answer is None:
        known |= {"size": hint.size, "version_id": hint.version_id, "etag": hint.etag}
    else:
        known |= _told(seen.answer, seen.tags or {})
        known |= {"size": seen.size, "checksums": _checksums(seen)}
        known |= _text(seen, known, problems)
    return ObjectDocument(
        hint.bucket, hint.key, seen.observed_at, problem="; ".join(problems)[:LONGEST_VALUE] or None, **known
    )


def _told(answer: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    metadata = [(name, decoded(value)) for name, value in answer.get("Metadata", {}).items()]
    pairs = [("metadata", *pair) for pair in metadata] + [("tag", *pair) for pair in tags.items()]
    encryption = {
        "type": answer.get("ServerSideEncryption") or answer.get("SSECustomerAlgorithm"),
        "key": answer.get("SSEKMSKeyId"),
    }
    return {
        "modified": answer.get("LastModified"),
        "version_id": answer.get("VersionId"),
        "etag": answer.get("ETag", "").strip('"') or None,
        "storage_class": answer.get("StorageClass", "STANDARD"),
        "content_type": answer.get("ContentType"),
        "content_encoding": answer.get("ContentEncoding"),
        "encryption": {name: value for name, value in encryption.items() if value} or None,
        "metadata": tuple(f"{name}={value}"[:LONGEST_VALUE] for name, value in metadata[:MOST_PAIRS]),
        "tags": tuple(f"{name}={value}"[:LONGEST_VALUE] for name, value in sorted(tags.items())[:MOST_PAIRS]),
        "pairs": tuple(typed(*pair) for pair in pairs[:MOST_PAIRS]),
    }


def decoded(value: str) -> str:
    """Return a metadata value as it was meant: S3 encodes what is not ASCII by RFC 2047."""
    if not ENCODED_WORD.search(value):
        return value
    try:
        text = str(make_header(decode_header(value)))
        text.encode()  # the codec is the user's to name, and some give what is no text
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return value
    return text


def _checksums(seen: Observation) -> tuple[Checksum, ...]:
    """Return what S3 keeps, and what its bytes have where they are all here."""
    kept = from_headers((seen.answer or {})["ResponseMetadata"]["HTTPHeaders"])
    if not seen.whole or seen.body is None:
        return kept
    digest = sha256(seen.body)
    values = {kind: digest_of(kind, seen.body) for kind in claims.to_compute(kept) - {SHA256, CHUNKED}}
    values[SHA256] = digest.hexdigest()
    if chunked := chunked_from_sha256(digest.digest(), len(seen.body)):
        values[CHUNKED] = chunked
    return kept + claims.computed(kept, values)


def _text(seen: Observation, known: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    if not seen.body or known["content_encoding"] not in (None, "", "identity", "aws-chunked"):
        return {}
    extension = known["extensions"][0] if known["extensions"] else ""
    found = excerpt(seen.body)
    if found:
        return {"content": found[0], "content_from": found[1], "columns": columns(extension, found[0])}
    if claims_text(known["content_type"], extension):
        problems.append(f"it claims to be text ({known['content_type'] or extension}), but its bytes are not")
    return {}
