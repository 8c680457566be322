"""Entries: found by logical key, digest, metadata and the address of their bytes.

They count half of what objects do: an entry's bytes are an object too, and its package comes before it.
"""

from msgspec.structs import replace

from bucketdex.index.ids import object_id
from bucketdex.searching.language.syntax import Qualifier
from bucketdex.searching.query.clauses import Clause, all_of, counting, having
from bucketdex.searching.query.kinds import Fields, KindOf, Known
from bucketdex.searching.query.qualifying import (
    called,
    described,
    digested,
    extension,
    inside,
    is_kind,
    of_manifests,
    spanning,
    valued,
)
from bucketdex.searching.query.words import addresses, digest

FIELDS = Fields(
    words={"name.text": 3, "logical_key.text": 1.5, "metadata.text": 1, "problem.text": 0.5},
    sure={"name.text": 50, "logical_key.text": 15},
    exact={"logical_key": 180, "name": 100, "physical_key": 100, "metadata": 30, "extensions": 5},
    prose=frozenset({"problem.text"}),
)
WHOLE = ("name.text", "logical_key.text")
FRAGMENTS = ("metadata.text",)
DIGEST = ADDRESS = 100
OF_MANIFEST = "user_meta."  # below which manifests have the metadata that somebody gave to an entry


def _special(text: str, _: Known) -> list[Clause]:
    found = [counting(having("hash", digest(text)), DIGEST)]
    for at in addresses(text):
        same = {"term": {"object": object_id(at.bucket, at.key)}}
        version = [{"term": {"physical.version_id": at.version_id}}] if at.version_id else []
        found.append(counting(all_of(same, *version), ADDRESS))
    return found


def _described(asked: Qualifier, known: Known) -> Clause:
    """Find by metadata as they were given, `meta.x:`, also by how the manifest has them, `meta.user_meta.x:`."""
    if asked.field is not None:
        asked = replace(asked, field=asked.field.removeprefix(OF_MANIFEST) or asked.field)
    return described("metadata", "metadata")(asked, known)


ENTRIES = KindOf(
    FIELDS,
    _special,
    {
        "bucket": valued("bucket"),
        "key": called("logical_key", "logical_key.text", inside("logical_key.folders")),
        "name": called("name", "name.text"),
        "ext": extension,
        "size": spanning("size"),
        "type": is_kind("entry"),
        "author": of_manifests,
        "package": of_manifests,
        "hash": digested("hash"),
        "meta": _described,
    },
)
