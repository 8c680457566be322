"""The answer to a search, as programs get it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bucketdex.changes import Author
from bucketdex.searching.handles import Standing
from bucketdex.searching.in_packages import Entry, InPackage, in_packages
from bucketdex.searching.manifests import Manifest
from bucketdex.searching.question import Kind, kind_of
from bucketdex.searching.viewer import counted

MOST_METADATA = 8_000  # characters of a hit's metadata, or columns; the whole is `bucketdex show`'s to tell
LONGEST_MESSAGE = 2_000  # characters


class Found(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    """What every hit has. `highlights` gives for each field the fragments that matched, as safe HTML with `<mark>`."""

    bucket: str
    score: float
    highlights: dict[str, list[str]]


class ObjectHit(Found, frozen=True, omit_defaults=True, kw_only=True, tag="object"):
    """An object that was found. `packages` are at most 5 whose latest revision has it."""

    key: str
    name: str | None = None
    size: int | None = None
    modified: str | None = None
    version_id: str | None = None
    content_type: str | None = None
    extensions: list[str] = []
    storage_class: str | None = None
    metadata: list[str] = []
    tags: list[str] = []
    columns: list[str] = []
    written_by: Author | None = None
    packages: list[InPackage] = []
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
    """How many documents match in all and of each kind that was asked for, and a page of hits.

    What is folded into another hit is in the totals. `cursor` leads to the next page; None: this is the last one.
    """

    total: int
    totals: dict[Kind, int]
    hits: list[Hit]
    cursor: str | None = None


class Beside(msgspec.Struct, frozen=True):
    """What was looked up for a page: entries of its objects, and what manifests stand for."""

    entries: Mapping[str, Sequence[Entry]] = {}
    standing: Mapping[Manifest, Standing] = {}


def totals(found: dict[str, Any], kinds: Sequence[Kind]) -> dict[Kind, int]:
    """Return how many documents of each kind OpenSearch counted."""
    counts: dict[Kind, int] = dict.fromkeys(kinds, 0)
    for index in counted(found, "indexes"):
        counts[kind_of(index["key"])] += index["doc_count"]
    return counts


def manifests(hits: Iterable[dict[str, Any]]) -> set[Manifest]:
    """Return the manifests of the entries among hits."""
    sources = (hit["_source"] for hit in hits if kind_of(hit["_index"]) == "entry")
    return {(source["bucket"], source["top_hash"]) for source in sources}


def made(hit: dict[str, Any], beside: Beside) -> Hit:
    """Return OpenSearch's hit as ours."""
    kind, source = kind_of(hit["_index"]), hit["_source"]
    told: dict[str, Any] = source | {
        "score": hit["_score"] or 0.0,
        "highlights": {field.removesuffix(".text"): found for field, found in hit.get("highlight", {}).items()},
        "metadata": _bounded(source.get("metadata", ())),
    }
    if kind == "object":
        told["columns"] = _bounded(source.get("columns", ()))
        told["packages"] = in_packages(beside.entries.get(hit["_id"], ()), beside.standing)
        if author := source.get("written_by"):
            told["written_by"] = msgspec.convert(author, Author)
    if kind == "package":
        told["latest"] = source.get("latest", False)
        told["message"] = source.get("message", "")[:LONGEST_MESSAGE] or None
    if kind == "entry":
        stands = beside.standing.get((source["bucket"], source["top_hash"]), Standing())
        told |= {"handles": list(stands.handles), "latest": stands.latest}
    form: type[Hit] = OF_KIND[kind]
    return form(**{name: told[name] for name in form.__struct_fields__ if name in told})


def _bounded(values: Sequence[str]) -> list[str]:
    left = MOST_METADATA
    shown: list[str] = []
    for value in values:
        left -= len(value)
        if left < 0:
            break
        shown.append(value)
    return shown
