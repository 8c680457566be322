"""Entries: found by logical key, digest, metadata and the address of their bytes.

They count half of what objects do: an entry's bytes are an object too, and its package comes before it.
"""

from bucketdex.index.ids import object_id
from bucketdex.searching.query.clauses import Clause, Fields, all_of, counting, having, matching
from bucketdex.searching.query.words import Typed, addresses, digest

FIELDS = Fields(
    words={"name.text": 3, "logical_key.text": 1.5, "metadata.text": 1, "problem.text": 0.5},
    exact={"logical_key": 100, "name": 60, "physical_key": 100, "metadata": 30, "extensions": 5},
)
WHOLE = ("name.text", "logical_key.text")
FRAGMENTS = ("metadata.text",)
DIGEST = ADDRESS = 100


def entries(typed: Typed) -> Clause:
    """Return the query for entries."""
    return matching(FIELDS, typed, _special)


def _special(text: str) -> list[Clause]:
    found = [counting(having("hash", digest(text)), DIGEST)]
    for at in addresses(text):
        same = {"term": {"object": object_id(at.bucket, at.key)}}
        version = [{"term": {"physical.version_id": at.version_id}}] if at.version_id else []
        found.append(counting(all_of(same, *version), ADDRESS))
    return found
