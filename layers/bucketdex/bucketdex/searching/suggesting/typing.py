"""The word at the end of what is being typed, and what stands before it: pure functions."""

import re

import msgspec

from bucketdex.searching.language.parsing import QUALIFIER, parse_lenient, split_last
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.qualifiers import NAMES, QUALIFIERS
from bucketdex.searching.language.syntax import MOST_CHARACTERS, All, Qualifier, Query

QUOTES = '"“„'
HALF_CHARACTER = re.compile("[\ud800-\udfff]")


class Typing(msgspec.Struct, frozen=True):
    """`before` is the text up to the last word, `rest` what it says; of a qualifier its `name`, `field`, and what was
    typed of its value as `word`, in quotes if it is `quoted`. Without a name it is a word.
    """

    before: str
    rest: Query
    word: str
    name: str | None = None
    field: str | None = None
    quoted: bool = False


def typing(text: str) -> Typing | None:
    """Return what is being typed; None where nothing is, or a phrase."""
    if len(text) > MOST_CHARACTERS or HALF_CHARACTER.search(text):
        return None
    before, last = split_last(text)
    if not last or last[0] in QUOTES:
        return None
    # What is an alternative to the rest is not narrowed by it.
    rest = Query() if before.split()[-1:] == ["OR"] else parse_lenient(before)
    parts = QUALIFIER.fullmatch(last)
    if not parts or parts[1].lower() not in NAMES:
        return Typing(before, rest, last)
    name, field, value = parts.groups()
    field = field.strip(QUOTES).replace('""', '"') if field else None
    quoted = value[:1] in tuple(QUOTES)
    if quoted and len(value) > 1 and value.endswith('"'):
        return None  # it is said
    return Typing(before, rest, value[1:] if quoted else value, NAMES[name.lower()], field, quoted)


def completed(typed: Typing, name: str, value: str, field: str | None = None) -> str:
    """Return the query text with this qualifier in place of the last word."""
    kind = QUALIFIERS[name]
    # As a text: what was found in the index may look like a comparison.
    as_text = Query(All((Qualifier(name, value, value, field),))) if kind.form != "size" else None
    return typed.before + (written(as_text) if as_text else f"{name}:{value}")
