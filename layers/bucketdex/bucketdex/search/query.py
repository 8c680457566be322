"""What people type, as an OpenSearch query: one pure function.

Every word has to be found somewhere: in the name, the key, the content, the metadata or the tags. The last word may be
the beginning of one, as people type. "Words in quotes" have to stand together. Nothing that is typed is an operator of
OpenSearch, so nothing can break it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

MOST_PARTS = 40  # words, and the parts of words (`a-b` has two); the rest is cut, and no query costs more
MOST_CHARACTERS = 500
FRAGMENT_CHARACTERS = 120

# Where a word is looked for, and how much a find there counts: names over content.
FIELDS = {"name.text": 6, "key.text": 3, "metadata.text": 2, "tags.text": 2, "problem.text": 1, "content": 1}
EXACT = {"key": 20, "name": 12, "extensions": 4, "tags": 6, "metadata": 6, "etag": 20, "checksums.value": 20}
HIGHLIGHTED = ("name.text", "key.text", "metadata.text", "tags.text", "content")
WHOLE = ("name.text", "key.text")  # are highlighted whole, the others in fragments
PARTS = re.compile(r"[^\W_]+")
PIECES = re.compile(r'"([^"]*)"?|(\S+)')


def search_body(text: str, size: int, buckets: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the body of a search for `text`; an empty text finds everything, the newest first.

    `buckets` narrows it to these. What the viewer may see is added where it is sent.
    """
    clauses = _clauses(text[:MOST_CHARACTERS])
    narrowed = [{"terms": {"bucket": list(buckets)}}] if buckets else []
    query: dict[str, Any] = {"bool": {"must": clauses or [{"match_all": {}}], "filter": narrowed}}
    return {
        "query": query,
        "size": size,
        "track_total_hits": True,
        "_source": {"excludes": ["content", "pairs"]},
        "sort": [{"_score": "desc"}, {"key": "asc"}] if clauses else [{"modified": "desc"}, {"key": "asc"}],
        "highlight": {
            "encoder": "html",
            "pre_tags": ["<mark>"],
            "post_tags": ["</mark>"],
            "fragment_size": FRAGMENT_CHARACTERS,
            "number_of_fragments": 3,
            "fields": {field: {"number_of_fragments": 0} if field in WHOLE else {} for field in HIGHLIGHTED},
        },
    }


def _clauses(text: str) -> list[dict[str, Any]]:
    pieces = list(_within_bounds(PIECES.findall(text)))
    if not pieces:
        return [_exact(text.strip())] if text.strip() else []
    typing = bool(pieces[-1][1]) and not text[-1].isspace()
    clauses = [_phrase(phrase) if phrase else _word(word) for phrase, word in pieces]
    if typing:
        clauses[-1] = _any(_word(pieces[-1][1]), _beginning(pieces[-1][1]))
    return [{"bool": {"should": [{"bool": {"must": clauses}}, _exact(text.strip())], "minimum_should_match": 1}}]


def _within_bounds(pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what can be searched for, phrase or word, until there are too many parts."""
    left = MOST_PARTS
    for phrase, word in pieces:
        parts = len(PARTS.findall(phrase or word))
        left -= parts
        if left < 0:
            return
        if parts:
            yield phrase, word


def _word(word: str) -> dict[str, Any]:
    return _any(_match(word, "best_fields", operator="and"), _exact(word))


def _phrase(words: str) -> dict[str, Any]:
    return _match(words, "phrase")


def _beginning(word: str) -> dict[str, Any]:
    return _match(word, "bool_prefix", operator="and")


def _match(words: str, kind: str, **more: str) -> dict[str, Any]:
    fields = [f"{field}^{boost}" for field, boost in FIELDS.items()]
    return {"multi_match": {"query": words, "type": kind, "fields": fields, **more}}


def _exact(value: str) -> dict[str, Any]:
    """The value as it stands: a key, a name, `.csv.gz`, `project=penguins`, an etag, a digest."""
    terms = [{"term": {field: {"value": value, "boost": boost}}} for field, boost in EXACT.items()]
    return {"bool": {"should": terms}}


def _any(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}
