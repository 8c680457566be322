"""Entries of a manifest by their logical keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from bucketdex.index.generations import ENTRIES_ALIAS
from bucketdex.searching.details.entries import EntryDetail, of_manifest
from bucketdex.searching.viewer import Viewer, ask

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_NAMED = 200  # at once


def entries_named(
    client: "OpenSearch", viewer: Viewer, registry: str, top_hash: str, keys: Sequence[str]
) -> dict[str, EntryDetail]:
    """Return the entries of a manifest that have these logical keys, those that are searchable; raises `Transient`."""
    wanted = list(dict.fromkeys(keys))[:MOST_NAMED]
    if not wanted:
        return {}
    # Of a manifest that is loaded anew there may be two generations of entries: the last one stays.
    body = {
        "query": {"bool": {"filter": [*of_manifest(registry, top_hash), {"terms": {"logical_key": wanted}}]}},
        "size": 2 * len(wanted),
        "sort": [{"epoch": "asc"}],
        "track_total_hits": False,
    }
    hits = ask(client, (ENTRIES_ALIAS,), body, viewer)["hits"]["hits"]
    return {hit["_source"]["logical_key"]: msgspec.convert(hit["_source"], EntryDetail) for hit in hits}
