"""Objects: found by name, key, content, metadata, tags, digest and address; names over content."""

from bucketdex.searching.query.clauses import Clause, all_of, counting, having
from bucketdex.searching.query.kinds import Fields, KindOf, Known
from bucketdex.searching.query.qualifying import (
    called,
    described,
    digested,
    extension,
    inside,
    is_kind,
    spanning,
    valued,
)
from bucketdex.searching.query.words import addresses, digest, is_of_its_type

FIELDS = Fields(
    words={
        "name.text": 6, "key.text": 3, "columns.text": 3, "metadata.text": 2, "tags.text": 2, "problem.text": 1,
        "content": 1,
    },
    # A name that has the word comes before a text that has it, however rare it is there.
    sure={"name.text": 100, "key.text": 30},
    exact={"key": 200, "name": 120, "etag": 200, "tags": 60, "metadata": 60, "columns": 20, "extensions": 10},
    folded={"written_by.name": 40},
    prose=frozenset({"content", "problem.text"}),
)  # fmt: skip
WHOLE = ("name.text", "key.text")  # are highlighted whole, the others in fragments
FRAGMENTS = ("columns.text", "metadata.text", "tags.text", "content")
DIGEST = ADDRESS = 200


def _special(text: str, _: Known) -> list[Clause]:
    wanted = digest(text)
    # An object has several checksums in one field, so the type that is asked for may be that of another one's value.
    found = [counting(having("checksums", wanted), DIGEST)] if is_of_its_type(wanted) else []
    return found + [
        counting(all_of({"term": {"bucket": at.bucket}}, {"term": {"key": at.key}}), ADDRESS) for at in addresses(text)
    ]


OBJECTS = KindOf(
    FIELDS,
    _special,
    {
        "bucket": valued("bucket"),
        "key": called("key", "key.text", inside("key.folders"), wildcard="key.wildcard"),
        "name": called("name", "name.text"),
        "ext": extension,
        "size": spanning("size"),
        "modified": spanning("modified"),
        "type": is_kind("object"),
        "hash": digested("checksums", "etag"),
        "tag": described("tag", "tags"),
        "meta": described("metadata", "metadata"),
        "column": called("columns", "columns.text"),
        "class": valued("storage_class"),
        "by": valued("written_by.name", "written_by.session"),
    },
)
