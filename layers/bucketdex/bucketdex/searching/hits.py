"""The answer to a search, as programs get it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bucketdex.searching.handles import Manifest, Standing
from bucketdex.searching.question import Kind, kind_of
from bucketdex.searching.viewer import counted

MOST_METADATA = 8_000  # characters of a hit's metadata; the whole of it is `bucketdex show`'s to tell
LONGEST_MESSAGE = 2_000  # characters


class Found(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    """What every hit has. `highlights` gives for each field the fragments that matched, as safe HTML with `<mark>`."""

    bucket: str
    score: float
    highlights: dict[str, list[str]]


class ObjectHit(Found, frozen=True, omit_defaults=True, kw_only=True, tag="object"):
    """An object that was found."""

    key: str
    name: str | None = None
    size: int | None = None
    modified: str | None = None
    version_id: str | None = None
    content_type: str | None = None
    metadata: list[str] = []
    tags: list[str] = []
    problem: str | None = None


class PackageHit(Found, frozen=True, omit_defaults=True, kw_only=True, tag="package"):
    """A revision of a package, the latest unless its top hash was asked for; `bucket` is its registry.

    It has no handle where no pointer names it. `verified` is false where its contents are not what its top hash says,
    and `problem` then tells more.
    """

    latest: bool
    handle: str | None = None
    top_hash: str | None = None
    revision: str | None = None
    message: str | None = None
    entries: int | None = None
    total_bytes: int | None = None
    verified: bool | None = None
    modified: str | None = None
    metadata: list[str] = []
    workflow: str | None = None
    problem: str | None = None


class EntryHit(Found, frozen=True, omit_defaults=True, kw_only=True, tag="entry"):
    """An entry of a manifest; `bucket` is the registry, `handles` are the packages whose latest revision has it.

    Where it is in no latest revision, `latest` is false and `handles` are those that had it.
    """

    logical_key: str
    top_hash: str
    handles: list[str]
    latest: bool
    physical_key: str | None = None
    size: int | None = None
    hash: dict[str, str] | None = None
    metadata: list[str] = []
    problem: str | None = None


Hit = ObjectHit | PackageHit | EntryHit
OF_KIND: dict[Kind, type[Hit]] = {"object": ObjectHit, "package": PackageHit, "entry": EntryHit}


class Answer(msgspec.Struct, frozen=True):
    """How many documents match in all and of each kind that was asked for, and the best of them."""

    total: int
    totals: dict[Kind, int]
    hits: list[Hit]


def answer(found: dict[str, Any], kinds: tuple[Kind, ...], standing: Mapping[Manifest, Standing]) -> Answer:
    """Return OpenSearch's answer as ours; `standing` tells which packages the manifests of its entries are."""
    totals: dict[Kind, int] = dict.fromkeys(kinds, 0)
    for index in counted(found, "indexes"):
        totals[kind_of(index["key"])] += index["doc_count"]
    return Answer(found["hits"]["total"]["value"], totals, [_hit(hit, standing) for hit in found["hits"]["hits"]])


def manifests(found: dict[str, Any]) -> set[Manifest]:
    """Return the manifests of the entries that were found."""
    sources = (hit["_source"] for hit in found["hits"]["hits"] if kind_of(hit["_index"]) == "entry")
    return {(source["bucket"], source["top_hash"]) for source in sources}


def _hit(hit: dict[str, Any], standing: Mapping[Manifest, Standing]) -> Hit:
    kind, source = kind_of(hit["_index"]), hit["_source"]
    told: dict[str, Any] = source | {
        "score": hit["_score"] or 0.0,
        "highlights": {field.removesuffix(".text"): found for field, found in hit.get("highlight", {}).items()},
        "metadata": _bounded(source.get("metadata", ())),
    }
    if kind == "package":
        told["latest"] = source.get("latest", False)
        told["message"] = source.get("message", "")[:LONGEST_MESSAGE] or None
    if kind == "entry":
        stands = standing.get((source["bucket"], source["top_hash"]), Standing())
        told |= {"handles": list(stands.handles), "latest": stands.latest}
    made: type[Hit] = OF_KIND[kind]
    return made(**{name: told[name] for name in made.__struct_fields__ if name in told})


def _bounded(metadata: list[str]) -> list[str]:
    left = MOST_METADATA
    shown: list[str] = []
    for value in metadata:
        left -= len(value)
        if left < 0:
            break
        shown.append(value)
    return shown
