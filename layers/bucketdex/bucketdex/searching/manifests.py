"""Manifests that documents name by registry and top hash, as entries and pointers do: each once."""

from collections.abc import Iterable
from typing import Any

from bucketdex.searching.viewer import counted

Manifest = tuple[str, str]  # registry, top hash


def each_manifest(found: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the search for the manifests that the entries, or pointers, that are found name: each once."""
    sources = [{field: {"terms": {"field": field}}} for field in ("bucket", "top_hash")]
    manifests = {"composite": {"size": most, "sources": sources}}
    return {"query": found, "size": 0, "track_total_hits": False, "aggs": {"manifests": manifests}}


def manifests_told(answer: dict[str, Any]) -> list[Manifest]:
    """Return the manifests that the answer to `each_manifest` names."""
    return [(it["key"]["bucket"], it["key"]["top_hash"]) for it in counted(answer, "manifests")]


def by_registry(manifests: Iterable[Manifest]) -> dict[str, list[str]]:
    """Return the top hashes of manifests in each registry."""
    found: dict[str, list[str]] = {}
    for registry, top_hash in manifests:
        found.setdefault(registry, []).append(top_hash)
    return found
