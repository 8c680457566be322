"""Objects: found by name, key, content, metadata, tags, digest and address; names over content."""

from bucketdex.searching.query.clauses import Clause, Fields, all_of, counting, having, matching
from bucketdex.searching.query.words import Typed, addresses, digest, is_of_its_type

FIELDS = Fields(
    words={"name.text": 6, "key.text": 3, "metadata.text": 2, "tags.text": 2, "problem.text": 1, "content": 1},
    exact={"key": 200, "name": 120, "etag": 200, "tags": 60, "metadata": 60, "extensions": 10},
)
WHOLE = ("name.text", "key.text")  # are highlighted whole, the others in fragments
FRAGMENTS = ("metadata.text", "tags.text", "content")
DIGEST = ADDRESS = 200


def objects(typed: Typed) -> Clause:
    """Return the query for objects."""
    return matching(FIELDS, typed, _special)


def _special(text: str) -> list[Clause]:
    wanted = digest(text)
    # An object has several checksums in one field, so the type that is asked for may be that of another one's value.
    found = [counting(having("checksums", wanted), DIGEST)] if is_of_its_type(wanted) else []
    return found + [
        counting(all_of({"term": {"bucket": at.bucket}}, {"term": {"key": at.key}}), ADDRESS) for at in addresses(text)
    ]
