"""Completing the word at the end of what is being typed."""

from typing import TYPE_CHECKING

from bucketdex.searching.language.qualifiers import QUALIFIERS
from bucketdex.searching.language.syntax import MOST_CHARACTERS
from bucketdex.searching.suggesting import known, terms
from bucketdex.searching.suggesting.places import keys, packages, places
from bucketdex.searching.suggesting.told import Suggestion, Suggestions
from bucketdex.searching.suggesting.typing import Typing, completed, typing
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST = 50
MOST_QUALIFIERS = 3  # beside what a word may also become


def suggest(client: "OpenSearch", viewer: Viewer, text: str, size: int = 10) -> Suggestions:
    """Return what the word at the end of a text may become: qualifiers, values, packages, folders and objects.

    What stands before it narrows that. Nothing is a mistake here; raises `Transient`.
    """
    typed, size = typing(text), max(1, min(size, MOST))
    if typed is None or not viewer.buckets:
        return Suggestions([])
    found = _of_qualifier(client, viewer, typed, size) if typed.name else _of_word(client, viewer, typed, size)
    once = {
        (it.kind, it.query, it.bucket, it.key): it
        for it in found
        if it.query != text and len(it.query) <= MOST_CHARACTERS
    }
    return Suggestions(list(once.values())[:size])


def _of_word(client: "OpenSearch", viewer: Viewer, typed: Typing, size: int) -> list[Suggestion]:
    name, dot, _ = typed.word.partition(".")
    if dot and name.lower() in terms.OF_FIELD:
        return terms.names(client, viewer, typed, size)
    return known.qualifiers(typed)[:MOST_QUALIFIERS] + places(client, viewer, typed, size)


def _of_qualifier(client: "OpenSearch", viewer: Viewer, typed: Typing, size: int) -> list[Suggestion]:
    kind = QUALIFIERS[typed.name or ""]
    if kind.name == "bucket":
        begun = typed.word.lower()
        buckets = sorted(it for it in viewer.buckets if it.startswith(begun))[:size]
        return [Suggestion(it, "value", completed(typed, "bucket", it), bucket=it) for it in buckets]
    if kind.name in ("key", "name"):
        return keys(client, viewer, typed, size)
    if kind.name == "package":
        return packages(client, viewer, typed, size)
    if kind.choices or kind.form in ("size", "date"):
        return known.values(typed)
    if kind.name in terms.TERMS or (kind.name in terms.OF_FIELD and typed.field):
        return terms.values(client, viewer, typed, size)
    return []
