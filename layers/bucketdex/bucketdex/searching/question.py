"""What is asked: the query, what it is narrowed to, and in which order, from where on, hits are told."""

from typing import Literal, get_args

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS

Kind = Literal["object", "package", "entry"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ALIASES: dict[Kind, str] = {"object": OBJECTS_ALIAS, "package": PACKAGES_ALIAS, "entry": ENTRIES_ALIAS}
Sort = Literal["relevance", "newest", "oldest", "largest", "smallest", "name"]
SORTS: tuple[Sort, ...] = get_args(Sort)


class Question(msgspec.Struct, frozen=True):
    """A search: `text` as it was typed, at most `size` hits, only of these `buckets` (any, if none) and `kinds`.

    The bucket of a package or an entry is that of its registry. `cursor` is that of the answer before, whose question
    was the same. With `snapshot` all pages show the index as it was at the first one. Of hits that are more than
    `most_bytes` as JSON only the first are on the page, one at least, and the next page goes on behind them.
    """

    text: str = ""
    size: int = 10
    buckets: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = KINDS
    sort: Sort = "relevance"
    cursor: str | None = None
    snapshot: bool = False
    highlights: bool = True
    most_bytes: int | None = None


def kind_of(index: str) -> Kind:
    """Return the kind of the documents in an index; each generation's index begins with its alias."""
    return next(kind for kind, alias in ALIASES.items() if index.startswith(f"{alias}-"))
