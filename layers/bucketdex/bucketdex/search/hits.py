"""The answer to a search, as programs get it."""

from typing import Any

import msgspec

# What a hit shows of its document; the whole of it is `bucketdex show`'s to tell.
SHOWN = ("name", "size", "modified", "version_id", "content_type", "metadata", "tags", "problem")


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something found. `highlights` gives for each field the fragments that matched, as safe HTML with `<mark>`."""

    kind: str
    bucket: str
    key: str
    score: float
    highlights: dict[str, list[str]]
    name: str | None = None
    size: int | None = None
    modified: str | None = None
    version_id: str | None = None
    content_type: str | None = None
    metadata: list[str] = []
    tags: list[str] = []
    problem: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """How many documents match in all, and the best of them."""

    total: int
    hits: list[Hit]


def answer(found: dict[str, Any]) -> Answer:
    """Return OpenSearch's answer as ours."""
    return Answer(found["hits"]["total"]["value"], [_hit(hit) for hit in found["hits"]["hits"]])


def _hit(hit: dict[str, Any]) -> Hit:
    source = hit["_source"]
    return Hit(
        kind="object",
        bucket=source["bucket"],
        key=source["key"],
        score=hit["_score"] or 0.0,
        highlights={field.removesuffix(".text"): found for field, found in hit.get("highlight", {}).items()},
        **{name: source[name] for name in SHOWN if name in source},
    )
