"""How much of what users named freely is told of one thing: a manifest may say more than an answer holds."""

from typing import Any

MOST_CHARACTERS = 50_000  # of metadata, and of the same as pairs: of all that there is, rarely ever less


def bounded(source: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose metadata and pairs are cut where they are too long."""
    return source | {
        "metadata": _first(source.get("metadata", ()), len),
        "pairs": _first(source.get("pairs", ()), lambda it: len(it["name"]) + len(it["keyword"])),
    }


def _first(items: Any, length: Any) -> list[Any]:
    left, kept = MOST_CHARACTERS, []
    for it in items:
        left -= length(it)
        if left < 0:
            break
        kept.append(it)
    return kept
