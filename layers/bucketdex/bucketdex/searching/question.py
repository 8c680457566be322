"""What is asked: the words, and what it is narrowed to."""

from typing import Literal, get_args

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS

Kind = Literal["object", "package", "entry"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ALIASES: dict[Kind, str] = {"object": OBJECTS_ALIAS, "package": PACKAGES_ALIAS, "entry": ENTRIES_ALIAS}


class Question(msgspec.Struct, frozen=True):
    """A search: `text` as it was typed, at most `size` hits, only of these `buckets` (any, if none) and `kinds`.

    The bucket of a package or an entry is that of its registry.
    """

    text: str = ""
    size: int = 10
    buckets: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = KINDS


def kind_of(index: str) -> Kind:
    """Return the kind of the documents in an index; each generation's index begins with its alias."""
    return next(kind for kind, alias in ALIASES.items() if index.startswith(f"{alias}-"))
