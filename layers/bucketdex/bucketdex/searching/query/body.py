"""The body of a search over all kinds that are asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from bucketdex.searching.query import entries, objects, packages
from bucketdex.searching.query.clauses import Clause, any_of
from bucketdex.searching.query.words import Typed, read
from bucketdex.searching.question import ALIASES, Kind, Question

FRAGMENT_CHARACTERS = 120
HIGHLIGHTED: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "object": (objects.WHOLE, objects.FRAGMENTS),
    "package": (packages.WHOLE, packages.FRAGMENTS),
    "entry": (entries.WHOLE, entries.FRAGMENTS),
}
# What a hit shows of its document; see hits.py.
SHOWN = (
    "bucket", "key", "name", "size", "modified", "version_id", "content_type", "metadata", "tags", "problem",
    "type", "handle", "top_hash", "revision", "latest", "message", "workflow", "entries", "total_bytes", "verified",
    "logical_key", "physical_key", "hash",
)  # fmt: skip


def search_body(question: Question, revisions: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """Return the body of a search; an empty text finds everything, the newest first.

    `revisions` gives for each beginning of a top hash that was typed the package documents that it names. What the
    viewer may see is added where it is sent.
    """
    typed = read(question.text)
    narrowed = [{"terms": {"bucket": list(question.buckets)}}] if question.buckets else []
    kinds = [_of_kind(kind, typed, revisions or {}) for kind in question.kinds]
    return {
        "query": {"bool": {"must": [any_of(kinds)], "filter": narrowed}},
        "size": question.size,
        "track_total_hits": True,
        "_source": list(SHOWN),
        "sort": [{"_score": "desc"} if typed.text else _by("modified", "date", "desc"), *_ALIKE],
        "aggs": {"indexes": {"terms": {"field": "_index", "size": 2 * len(ALIASES)}}},
        "highlight": {
            "encoder": "html",
            "pre_tags": ["<mark>"],
            "post_tags": ["</mark>"],
            "fragment_size": FRAGMENT_CHARACTERS,
            "number_of_fragments": 3,
            "fields": _highlighted(question.kinds),
        },
    }


def _of_kind(kind: Kind, typed: Typed, revisions: Mapping[str, Sequence[str]]) -> Clause:
    match kind:
        case "object":
            found = objects.objects(typed)
        case "package":
            found = packages.packages(typed, revisions)
        case "entry":
            found = entries.entries(typed)
    return {"bool": {"must": [found], "filter": [{"prefix": {"_index": f"{ALIASES[kind]}-"}}]}}


def _by(field: str, kind: str, order: str = "asc") -> Clause:
    # Each kind lacks fields of the others.
    return {field: {"order": order, "unmapped_type": kind, "missing": "_last"}}


_ALIKE = [
    _by("latest", "boolean", "desc"),
    *(_by(field, "keyword") for field in ("key", "logical_key", "bucket", "top_hash")),
]


def _highlighted(kinds: Sequence[Kind]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for kind in kinds:
        whole, fragments = HIGHLIGHTED[kind]
        fields |= {field: {"number_of_fragments": 0} for field in whole} | {field: {} for field in fragments}
    return fields
