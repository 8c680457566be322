"""What a word may be besides a word: the beginning of a top hash, a digest, an address, a revision of a package."""

import re
from unicodedata import normalize

import msgspec

from bucketdex.manifest.layout import Physical, physical

PARTS = re.compile("[^\\W_]+|[\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")  # an emoji is one
NOUN = re.compile(r"[a-z]{3,30}([a-rt-z]s|[a-rt-z])", re.ASCII | re.IGNORECASE)  # not `class`
HASH_PREFIX = re.compile(r"[0-9a-f]{6,64}", re.ASCII | re.IGNORECASE)  # six of them name one manifest, nearly always
REVISION = re.compile(r"([^@/]+/[^@/]+)@([0-9a-f]{6,64})", re.ASCII | re.IGNORECASE)  # as commands take it
HEX = re.compile(r"[0-9a-f]+", re.ASCII | re.IGNORECASE)
DIGEST = re.compile(r"([a-z][a-z0-9-]{1,30}):(\S+)", re.ASCII | re.IGNORECASE)
FORMS = {  # of types whose values could be taken for each other's
    "sha256": re.compile(r"[0-9a-f]+|\S+=-\d+", re.ASCII | re.IGNORECASE),  # in hex, or of parts: `Xb1P...=-3`
    "sha2-256-chunked": re.compile(r"\S+=", re.ASCII),
}
ADDRESS = "s3://"
SHORT = 2  # letters: so few begin too many words of a text


class Digest(msgspec.Struct, frozen=True):
    """What may be a digest: its possible forms, and its type (in lower case) if that was typed."""

    values: tuple[str, ...]
    type: str | None = None


def parts(text: str) -> int:
    """Return how many words the index may cut a text into."""
    return len(PARTS.findall(normalize("NFC", text)))


def ends_short(text: str) -> bool:
    """Tell whether the last word that the index may cut a text into, which may go on, begins too many to look for."""
    found = PARTS.findall(normalize("NFC", text))
    return not found or len(found[-1]) <= SHORT


def other_number(word: str) -> str | None:
    """Return the plural of a word, or the singular where it seems to be one: who searches need not know which it is."""
    if not NOUN.fullmatch(word):
        return None
    return f"{word}s" if word[-1] not in "sS" else word[:-1]


def hash_prefix(word: str) -> str | None:
    """Return the beginning of a top hash that a word may be, in lower case."""
    return word.lower() if HASH_PREFIX.fullmatch(word) else None


def revision(word: str) -> tuple[str, str] | None:
    """Return the handle and the beginning of a top hash that `bio/penguins@4f2a90` names."""
    found = REVISION.fullmatch(word)
    return (found[1], found[2].lower()) if found else None


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
