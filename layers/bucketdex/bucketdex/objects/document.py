"""The document of an object: a pure function of what S3 said, and of the facts that are about that very version."""

import hashlib
import re
from base64 import b64decode
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any

import msgspec

from bucketdex.changes import Author
from bucketdex.changes.hint import Hint
from bucketdex.index.names import extensions, name_of
from bucketdex.index.pairs import LONGEST_VALUE, MOST_PAIRS, Pair, typed
from bucketdex.objects.observe import Observation
from bucketdex.objects.text import claims_text, excerpt

CHECKSUM_HEADER = "x-amz-checksum-"
ENCODED_WORD = re.compile(r"=\?[^?]+\?[bqBQ]\?")


class Checksum(msgspec.Struct, frozen=True, omit_defaults=True):
    """A digest: `origin` is `computed` (here, hex) or `s3` (as S3 gives it, but a full-object SHA256 in hex too).

    `scope` is S3's ChecksumType.
    """

    type: str
    value: str
    origin: str
    scope: str | None = None


class ObjectDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the index holds of a key; the mapping is in `index/mappings/`. A tombstone has `deleted` and no more."""

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
    metadata: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    content: str | None = None
    content_from: str | None = None
    written_by: Author | None = None
    problem: str | None = None


def object_document(hint: Hint, seen: Observation) -> ObjectDocument:
    """Return the document of what was seen: of the object, of its absence, or a stub where S3 refused to tell."""
    if seen.gone:
        return ObjectDocument(hint.bucket, hint.key, seen.observed_at, deleted=True)
    name = name_of(hint.key)
    known: dict[str, Any] = {"name": name, "extensions": extensions(name)}
    problems = list(seen.problems)
    if seen.answer is None:
        known |= {"size": hint.size, "version_id": hint.version_id, "etag": hint.etag}
    else:
        known |= _told(seen.answer, seen.tags or {})
        known |= {"size": seen.size, "checksums": _checksums(seen, problems)}
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


def _checksums(seen: Observation, problems: list[str]) -> tuple[Checksum, ...]:
    answer = seen.answer or {}
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    scope = headers.get("x-amz-checksum-type")
    found = [
        _from_s3(header.removeprefix(CHECKSUM_HEADER).upper(), value, scope)
        for header, value in headers.items()
        if header.startswith(CHECKSUM_HEADER) and header != "x-amz-checksum-type"
    ]
    if seen.whole and seen.body is not None:
        computed = Checksum("SHA256", hashlib.sha256(seen.body).hexdigest(), "computed")
        claimed = [c for c in found if c.type == "SHA256" and c.scope == "FULL_OBJECT"]
        if claimed and claimed[0].value != computed.value:
            problems.append(f"its bytes have the SHA256 {computed.value}, S3 says {claimed[0].value}")
        found.append(computed)
    return tuple(found)


def _from_s3(kind: str, value: str, scope: str | None) -> Checksum:
    if kind == "SHA256" and scope == "FULL_OBJECT":
        value = b64decode(value).hex()
    return Checksum(kind, value, "s3", scope)


def _text(seen: Observation, known: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    if not seen.body or known["content_encoding"] not in (None, "", "identity", "aws-chunked"):
        return {}
    found = excerpt(seen.body)
    if found:
        return {"content": found[0], "content_from": found[1]}
    extension = known["extensions"][0] if known["extensions"] else ""
    if claims_text(known["content_type"], extension):
        problems.append(f"it claims to be text ({known['content_type'] or extension}), but its bytes are not")
    return {}
