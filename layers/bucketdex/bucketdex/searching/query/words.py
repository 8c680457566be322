"""What people type, cut into words and phrases, and what a word may be besides a word: a hash, a digest, an address."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from bucketdex.manifest.layout import Physical, physical

MOST_PARTS = 40  # words, and the parts of words (`a-b` has two); the rest is cut, and no query costs more
MOST_CHARACTERS = 500
PARTS = re.compile(r"[^\W_]+")
PIECES = re.compile(r'"([^"]*)"?|(\S+)')
HASH_PREFIX = re.compile(r"[0-9a-f]{6,64}", re.ASCII | re.IGNORECASE)  # six of them name one manifest, nearly always
REVISION = re.compile(r"([^@/]+/[^@/]+)@([0-9a-f]{6,64})", re.ASCII | re.IGNORECASE)  # as commands take it
HEX = re.compile(r"[0-9a-f]+", re.ASCII | re.IGNORECASE)
DIGEST = re.compile(r"([a-z][a-z0-9-]{1,30}):(\S+)", re.ASCII | re.IGNORECASE)
FORMS = {  # of types whose values could be taken for each other's
    "sha256": re.compile(r"[0-9a-f]+|\S+=-\d+", re.ASCII | re.IGNORECASE),  # in hex, or of parts: `Xb1P...=-3`
    "sha2-256-chunked": re.compile(r"\S+=", re.ASCII),
}
ADDRESS = "s3://"


class Piece(msgspec.Struct, frozen=True):
    """A word, or words in quotes."""

    text: str
    quoted: bool


class Typed(msgspec.Struct, frozen=True):
    """What was typed: all of it, its pieces, and whether its last word may go on."""

    text: str
    pieces: tuple[Piece, ...]
    unfinished: bool


class Digest(msgspec.Struct, frozen=True):
    """What may be a digest: its possible forms, and its type (in lower case) if that was typed."""

    values: tuple[str, ...]
    type: str | None = None


def read(text: str) -> Typed:
    """Return what was typed, within bounds."""
    text = text[:MOST_CHARACTERS]
    pieces = tuple(_within_bounds(PIECES.findall(text)))
    return Typed(text.strip(), pieces, bool(pieces) and not pieces[-1].quoted and not text[-1].isspace())


def hash_prefixes(text: str) -> tuple[str, ...]:
    """Return the words that may begin a top hash, in lower case."""
    words = (piece.text for piece in read(text).pieces if not piece.quoted)
    return tuple(dict.fromkeys(word.lower() for word in words if HASH_PREFIX.fullmatch(word)))


def digest(word: str) -> Digest:
    """Return the word as a digest: `4b62...`, `sha256:4b62...`; one in hex is in lower case."""
    named = DIGEST.fullmatch(word)
    kind, value = (named[1].lower(), named[2]) if named else (None, word)
    return Digest(tuple(dict.fromkeys((value, value.lower()))) if HEX.fullmatch(value) else (value,), kind)


def is_of_its_type(wanted: Digest) -> bool:
    """Tell whether a digest has the form of the type that was typed, if one was."""
    form = FORMS.get(wanted.type or "")
    return form is None or bool(form.fullmatch(wanted.values[0]))


def addresses(text: str) -> tuple[Physical, ...]:
    """Return what an `s3://` address may mean: quoted as in a manifest, or a key as it is."""
    if not text.startswith(ADDRESS):
        return ()
    bucket, _, key = text.removeprefix(ADDRESS).partition("/")
    meant = (physical(text), Physical(bucket, key) if bucket and key else None)
    return tuple(dict.fromkeys(found for found in meant if found))


def _within_bounds(pieces: Iterable[tuple[str, str]]) -> Iterator[Piece]:
    """Yield what can be searched for, until there are too many parts."""
    left = MOST_PARTS
    for phrase, word in pieces:
        parts = len(PARTS.findall(phrase or word))
        left -= parts
        if left < 0:
            return
        if revision := REVISION.fullmatch(word):
            yield from (Piece(part, quoted=False) for part in revision.groups())
        elif parts:
            yield Piece(phrase or word, bool(phrase))
