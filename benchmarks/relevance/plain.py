"""What ours is measured against: OpenSearch's `multi_match` of the text as it stands, over the same fields unweighted.

It gets what is no ranking for nothing: only the latest revision of a package, and whole values (digests, keys) as they
stand.
"""

from typing import TYPE_CHECKING, Any, Literal

from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.manifest.layout import physical

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

FIELDS = [
    "name.text", "key.text", "content", "columns.text", "metadata.text", "tags.text", "problem.text",
    "handle.text", "message", "logical_key.text",
    "name", "key", "etag", "extensions", "metadata", "tags", "columns", "checksums.value", "written_by.name",
    "handle", "author", "workflow", "top_hash", "logical_key", "physical_key", "hash.value",
]  # fmt: skip
# A pointer of an older revision and a manifest are no answer; an object or entry has no `type`.
SHOWN = {"bool": {"must_not": [{"term": {"type": "manifest"}}, {"term": {"latest": False}}]}}
Operator = Literal["or", "and"]


def plain(client: "OpenSearch", text: str, operator: Operator, size: int) -> list[str]:
    """Return the names of what is found, the best first."""
    found = {"multi_match": {"query": text, "type": "best_fields", "fields": FIELDS, "operator": operator}}
    body = {"query": {"bool": {"must": [found], "filter": [SHOWN]}}, "size": size}
    aliases = ",".join((OBJECTS_ALIAS, PACKAGES_ALIAS, ENTRIES_ALIAS))
    answer = client.search(index=aliases, body=body)
    return [_name(hit["_source"]) for hit in answer["hits"]["hits"]]


def _name(source: dict[str, Any]) -> str:
    if "handle" in source:
        return f"package:{source['handle']}"
    if "logical_key" in source:
        return file_of(source["physical_key"])
    return f"object:{source['bucket']}/{source['key']}"


def file_of(address: str) -> str:
    """Return the name of the object that an entry's address is about: both are the same file to who searches."""
    at = physical(address)
    return f"object:{at.bucket}/{at.key}" if at else address
