"""Which package documents the beginning of a top hash names: each revision once, under each handle that had it.

A push makes two pointers and a manifest with one top hash, and more pointers each time it is pushed again. One document
stands for all of a handle: its pointer `latest` or else the newest. A manifest stands for itself where no pointer names
it.
"""

from collections.abc import Sequence
from typing import Any

from bucketdex.searching.viewer import counted

MOST_HASHES, MOST_REGISTRIES, MOST_HANDLES = 10, 10, 20  # that one beginning names; further ones are not found by it
NONE = ""  # in place of a handle, which a manifest has not


def body(prefixes: Sequence[str]) -> dict[str, Any]:
    """Return the search, of packages, for what the beginnings of top hashes name."""
    best = {"top_hits": {"size": 1, "_source": False, "sort": [{"latest": "desc"}, {"created": "desc"}]}}
    of_handle = {"terms": {"field": "handle", "size": MOST_HANDLES, "missing": NONE}, "aggs": {"document": best}}
    of_registry = {"terms": {"field": "bucket", "size": MOST_REGISTRIES}, "aggs": {"handles": of_handle}}
    of_hash = {"terms": {"field": "top_hash", "size": MOST_HASHES}, "aggs": {"registries": of_registry}}
    begun = [{"prefix": {"top_hash": prefix}} for prefix in prefixes]
    return {
        "query": {"bool": {"should": begun, "minimum_should_match": 1}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"beginnings": {"filters": {"filters": begun}, "aggs": {"top_hashes": of_hash}}},
    }


def named(answer: dict[str, Any], prefixes: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids of the documents that each beginning names, those that name one."""
    found: dict[str, list[str]] = {}
    for prefix, begun in zip(prefixes, counted(answer, "beginnings"), strict=False):  # there may be no index
        registries = [it for of_hash in begun["top_hashes"]["buckets"] for it in of_hash["registries"]["buckets"]]
        found[prefix] = [each for registry in registries for each in _documents(registry)]
    return {prefix: documents for prefix, documents in found.items() if documents}


def _documents(registry: dict[str, Any]) -> list[str]:
    by_handle = {
        handle["key"]: handle["document"]["hits"]["hits"][0]["_id"] for handle in registry["handles"]["buckets"]
    }
    manifest = by_handle.pop(NONE, None)
    return list(by_handle.values()) or ([manifest] if manifest else [])
