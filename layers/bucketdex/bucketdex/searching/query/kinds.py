"""The kinds of documents, as queries see them: where each is looked in, and how much a find there counts."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from bucketdex.searching.language.syntax import Qualifier
from bucketdex.searching.query.clauses import Clause


class Known(msgspec.Struct, frozen=True):
    """What was looked up before: the package documents that each beginning of a top hash names; and of qualifiers that
    name packages the manifests that those are, by registry.

    `forms` is whether texts are looked for composed and decomposed, which too many words would make too dear.
    """

    revisions: Mapping[str, Sequence[str]] = {}
    manifests: Mapping[Qualifier, Mapping[str, Sequence[str]]] = {}
    forms: bool = True


class Fields(msgspec.Struct, frozen=True):
    """Where words are looked for, and how much a find there counts."""

    words: dict[str, float]  # analysed: times how rare the word is
    sure: dict[str, float] = {}  # analysed: this much, however rare the word is
    exact: dict[str, float] = {}  # keywords: the value as it stands, this much
    folded: dict[str, float] = {}  # keywords: the value in capitals or not, this much
    prose: frozenset[str] = frozenset()  # of `words`, those with text, where one or two letters begin too many words


class KindOf(msgspec.Struct, frozen=True):
    """How documents of a kind are found: by words, by what else a word may be, and by qualifiers.

    `shown` narrows all of it. A qualifier that a kind does not have finds nothing of it.
    """

    fields: Fields
    special: Callable[[str, Known], Sequence[Clause]]
    qualifiers: Mapping[str, Callable[[Qualifier, Known], Clause]]
    shown: Callable[[Known], Sequence[Clause]] = lambda _: ()
