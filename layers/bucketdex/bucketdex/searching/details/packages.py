"""Packages: which there are, what one is, and the revisions that it had."""

from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.errors import Permanent
from bucketdex.index.generations import PACKAGES_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.pairs import Pair
from bucketdex.manifest.layout import LATEST, manifest_key
from bucketdex.searching.answering import search
from bucketdex.searching.details.bounds import bounded
from bucketdex.searching.details.cursors import after, cursor_of
from bucketdex.searching.hits import PackageHit
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer, ask, ask_many, counted

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_PACKAGES = 100  # of a page
MOST_REVISIONS = 100  # of a page
MOST_REGISTRIES = 100  # that have one handle
LEAST_PREFIX = 6  # characters of a top hash that name it
NEWEST = [{"created": {"order": "desc", "missing": "_last"}}, {"key": "desc"}]


class PackageList(msgspec.Struct, frozen=True):
    """How many packages there are, and some of them, each by its latest revision; `cursor` brings those after them."""

    total: int
    packages: list[PackageHit]
    cursor: str | None = None


class Revision(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A revision of a package: a pointer, by the name of its file, and what its manifest says.

    `latest` is whether its top hash is the one that the package has now, which a revert gives to several.
    """

    revision: str
    latest: bool
    top_hash: str | None = None
    created: str | None = None
    message: str | None = None
    entries: int | None = None
    total_bytes: int | None = None
    verified: bool | None = None
    workflow: str | None = None
    problem: str | None = None


class RevisionList(msgspec.Struct, frozen=True):
    """How many revisions a package has in a registry, and some of them, the newest first."""

    total: int
    revisions: list[Revision]
    cursor: str | None = None


class PackageDetail(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A revision of a package, and what its manifest says.

    `registries` are all that have the handle, the one it was looked up in among them. `latest` is whether this is what
    the package is now, and `latest_top_hash` what that is. `revisions` are the names of the pointers to it; `manifest`
    is the key of its manifest. `searchable` says whether its entries are: `complete`, or else `loading`, `removing`,
    `none`. Times are ISO 8601.
    """

    registry: str
    registries: tuple[str, ...]
    handle: str
    top_hash: str
    manifest: str
    latest: bool
    latest_top_hash: str | None = None
    revisions: tuple[str, ...] = ()
    created: str | None = None
    message: str | None = None
    metadata: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    workflow: str | None = None
    entries: int | None = None
    directories: int | None = None
    total_bytes: int | None = None
    verified: bool | None = None
    computed_top_hash: str | None = None
    searchable: str = "none"
    problem: str | None = None


def packages_told(
    client: "OpenSearch",
    viewer: Viewer,
    text: str = "",
    registry: str | None = None,
    cursor: str | None = None,
    size: int = 20,
) -> PackageList:
    """Return the packages that a query finds, the best first; without one all of them, the newest first.

    Raises `Transient`, and `Permanent` for a query or a cursor that is none.
    """
    question = Question(
        text,
        size,
        (registry,) if registry else (),
        ("package",),
        sort="relevance" if text.strip() else "newest",
        cursor=cursor,
    )
    found = search(client, viewer, question)
    return PackageList(found.total, [hit for hit in found.hits if isinstance(hit, PackageHit)], found.cursor)


def package_told(
    client: "OpenSearch", viewer: Viewer, handle: str, registry: str | None = None, top_hash: str | None = None
) -> PackageDetail | None:
    """Return a revision of a package: the latest, or the one whose top hash begins so (with 6 characters or more).

    Where no registry is named, it is the one in which `latest` was written last. None where the viewer sees no such
    package. Raises `Transient`, and `Permanent` where what is given of a top hash names more than one revision.
    """
    wanted = None if top_hash in (None, "", LATEST) else top_hash
    if wanted and len(wanted) < LEAST_PREFIX:
        raise Permanent(f"{wanted!r} is too little of a top hash: give {LEAST_PREFIX} characters or more")
    hashes = {"terms": {"field": "top_hash", "size": 3, "order": {"newest": "desc"}}, "aggs": {"newest": _NEWEST}}
    registries = {"terms": {"field": "bucket", "size": MOST_REGISTRIES}}
    of_handle = [{"term": {"type": "pointer"}}, {"term": {"handle": handle}}]
    chosen = [{"term": {"bucket": registry}}] if registry else []
    named = [{"prefix": {"top_hash": wanted}}] if wanted else []
    everywhere = {"query": _all(of_handle), "size": 0, "aggs": {"registries": registries}}
    latest = _one([*of_handle, *chosen, {"term": {"latest": True}}], [{"modified": {"order": "desc"}}])
    matching = _one([*of_handle, *chosen, *named], [{"latest": "desc"}, {"modified": "desc"}])
    matching |= {"aggs": {"hashes": hashes}} if wanted else {}
    told = ask_many(client, [((PACKAGES_ALIAS,), body) for body in (everywhere, latest, matching)], viewer)
    pointer = _first(told[2])
    if pointer is None or "top_hash" not in pointer:
        return None
    if len(names := [it["key"] for it in counted(told[2], "hashes")]) > 1:
        raise Permanent(f"{wanted!r} names more than one revision of {handle}: {', '.join(it[:16] for it in names)}...")
    now = _first(told[1])
    if now is not None and now["bucket"] != pointer["bucket"]:
        now = _first(ask(client, (PACKAGES_ALIAS,), _latest_in(of_handle, pointer["bucket"]), viewer))
    return _detail(client, viewer, pointer, now, tuple(sorted(it["key"] for it in counted(told[0], "registries"))))


def revisions_told(
    client: "OpenSearch",
    viewer: Viewer,
    handle: str,
    registry: str,
    cursor: str | None = None,
    size: int = MOST_REVISIONS,
) -> RevisionList:
    """Return the revisions of a package in a registry, the newest first; of one that has but a `latest`, that.

    Raises `Transient`, and `Permanent` for a cursor that is none of this list.
    """
    of_handle = [{"term": {"type": "pointer"}}, {"term": {"handle": handle}}, {"term": {"bucket": registry}}]
    about = f"revisions {registry} {handle}"
    kept = {"bool": {"filter": of_handle, "must_not": [{"term": {"latest": True}}]}}
    body = {"query": kept, "size": size, "sort": NEWEST, "track_total_hits": True}
    if cursor:
        body["search_after"] = after(about, cursor, (int, str))
    latest = _latest_in(of_handle[:2], registry)
    found, now = ask_many(client, [((PACKAGES_ALIAS,), body), ((PACKAGES_ALIAS,), latest)], viewer)
    named = _first(now)
    total, hits = found["hits"]["total"]["value"], found["hits"]["hits"]
    if not total and named:
        return RevisionList(1, [_revision(named, named)])
    goes_on = len(hits) == size and size > 0
    return RevisionList(
        total,
        [_revision(hit["_source"], named) for hit in hits],
        cursor_of(about, hits[-1]["sort"]) if goes_on else None,
    )


_NEWEST = {"max": {"field": "modified"}}


def _all(filters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"filter": filters}}


def _one(filters: list[dict[str, Any]], sort: list[Any]) -> dict[str, Any]:
    return {"query": _all(filters), "size": 1, "sort": sort, "track_total_hits": False}


def _latest_in(of_handle: list[dict[str, Any]], registry: str) -> dict[str, Any]:
    return _one([*of_handle, {"term": {"bucket": registry}}, {"term": {"latest": True}}], ["_doc"])


def _first(answer: dict[str, Any]) -> dict[str, Any] | None:
    hits = answer["hits"]["hits"]
    return hits[0]["_source"] if hits else None


def _detail(
    client: "OpenSearch",
    viewer: Viewer,
    pointer: dict[str, Any],
    now: dict[str, Any] | None,
    registries: tuple[str, ...],
) -> PackageDetail:
    registry, handle, top_hash = pointer["bucket"], pointer["handle"], pointer["top_hash"]
    key = manifest_key(top_hash)
    names = _all([
        {"term": {"type": "pointer"}}, {"term": {"bucket": registry}}, {"term": {"handle": handle}},
        {"term": {"top_hash": top_hash}},
    ])  # fmt: skip
    pointers = {"query": names, "size": MOST_REVISIONS, "sort": NEWEST, "_source": ["revision", "created"]}
    manifest = {"query": {"ids": {"values": [object_id(registry, key)]}}, "size": 1}
    named, kept = ask_many(client, [((PACKAGES_ALIAS,), pointers), ((PACKAGES_ALIAS,), manifest)], viewer)
    of_manifest = _first(kept) or {}
    sources = [hit["_source"] for hit in named["hits"]["hits"]]
    told = bounded(pointer) | {
        "registry": registry,
        "registries": registries,
        "manifest": key,
        "latest": bool(now and now.get("top_hash") == top_hash),
        "latest_top_hash": now.get("top_hash") if now else None,
        "revisions": [it["revision"] for it in sources],
        "created": next((it["created"] for it in sources if "created" in it), None),
        "computed_top_hash": of_manifest.get("computed_top_hash"),
        "searchable": of_manifest.get("entry_state", {}).get("state", "none"),
    }
    return msgspec.convert(told, PackageDetail)


def _revision(source: dict[str, Any], now: dict[str, Any] | None) -> Revision:
    is_latest = bool(now and now.get("top_hash") and now["top_hash"] == source.get("top_hash"))
    return msgspec.convert(source | {"latest": is_latest}, Revision)
