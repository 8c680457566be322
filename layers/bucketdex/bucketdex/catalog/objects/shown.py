"""What an object's page shows of what is known: pure functions of S3's answers and the index's."""

from collections.abc import Iterable, Sequence, Set

import msgspec

from bucketdex.catalog import links
from bucketdex.catalog.objects.now import Now
from bucketdex.catalog.objects.snippets import narrowed
from bucketdex.changes import Author, Checksum
from bucketdex.objects.text import EXCERPT_BYTES
from bucketdex.searching.containing import Containing
from bucketdex.searching.details import ObjectDetail, ObjectVersions

NOT_INDEXED = "The index does not have it yet"
ORIGINS = {
    "computed": "computed from its bytes",
    "s3": "as S3 keeps it",
    "combined": "combined from what S3 keeps",
}


class Linked(msgspec.Struct, frozen=True):
    """A name with a value, and the search for it; "" where there is none."""

    name: str
    value: str
    href: str = ""


class Digest(msgspec.Struct, frozen=True):
    """A digest, and where it comes from."""

    type: str
    value: str
    origin: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it is listed; `shown` is the one that the page is about."""

    id: str
    href: str
    download: str
    modified: str
    latest: bool
    marker: bool
    size: int | None
    storage_class: str | None
    shown: bool


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A package that has the object; `other_version` where it has it in another version than is shown."""

    handle: str
    registry: str
    href: str
    logical_key: str
    top_hash: str
    latest: bool
    other_version: bool


class Alert(msgspec.Struct, frozen=True):
    """What has to be said first."""

    tone: str
    title: str
    text: str = ""
    href: str = ""
    link: str = ""


def metadata(it: Now, told: ObjectDetail | None) -> list[Linked]:
    """Return the metadata: as S3 says them, else as they are indexed."""
    pairs: Iterable[tuple[str, str]] = it.metadata
    if not it.metadata and told:
        pairs = ((pair.name, pair.keyword) for pair in told.pairs if pair.of == "metadata")
    return [Linked(name, value, _search("meta", value, name)) for name, value in pairs]


def tags(told: ObjectDetail | None) -> list[Linked]:
    """Return the tags that are indexed."""
    pairs = told.pairs if told else ()
    return [
        Linked(pair.name, pair.keyword, _search("tag", pair.keyword, pair.name)) for pair in pairs if pair.of == "tag"
    ]


def columns(told: ObjectDetail | None) -> list[Linked]:
    """Return the columns of a table, each with the search for it."""
    return [Linked("", name, _search("column", name)) for name in (told.columns if told else ())]


def author(told: ObjectDetail | None) -> Linked | None:
    """Return who wrote it, with the search for what they wrote."""
    if told is None or told.written_by is None:
        return None
    by: Author = told.written_by
    name = by.name or by.session or by.type or ""
    detail = ", ".join(part for part in (by.type, by.session and f"session {by.session}") if part and part != name)
    return Linked(detail, name, _search("by", by.name) if by.name else "")


def searched(told: ObjectDetail | None) -> str | None:
    """Return how much of its content is searched; None where that is not known."""
    if told is None:
        return None
    most = f"{EXCERPT_BYTES // 1024} KiB"
    if told.content_from is None:
        only = f"only the first {most} of text are: CSV, JSON, Markdown, code, notebooks and the like"
        return "none: it is empty" if told.size == 0 else f"none: {only}"
    return f"the first {most}" if "first" in told.content_from else "all of it"


def digests(checksums: Sequence[Checksum]) -> list[Digest]:
    """Return the digests with their origins in words; one that several agree on is told once."""
    origins: dict[tuple[str, str], list[str]] = {}
    for it in checksums:
        said = ORIGINS.get(it.origin, it.origin) + (", of its parts' checksums" if it.scope == "COMPOSITE" else "")
        origins.setdefault((it.type, it.value), []).append(said)
    return [Digest(*digest, " and ".join(said)) for digest, said in origins.items()]


def versions(found: ObjectVersions, it: Now, chosen: str) -> list[Version]:
    """Return the versions as they are listed."""
    bucket, key = found.bucket, found.key
    here = chosen or it.version_id or "null"
    return [
        Version(
            id=each.version_id,
            href=links.object(bucket, key, each.version_id),
            download=links.download(bucket, key, each.version_id),
            modified=each.modified,
            latest=each.latest,
            marker=each.delete_marker,
            size=each.size,
            storage_class=each.storage_class,
            shown=each.version_id == here or (each.latest and not chosen),
        )
        for each in found.versions
    ]


def containers(found: Iterable[Containing], buckets: Set[str], version: str | None) -> list[Container]:
    """Return the packages that have an object; manifests that no package names have no page."""
    return [
        Container(
            handle=handle,
            registry=it.registry,
            href=links.package(it.registry, handle, None if it.latest else it.top_hash),
            logical_key=it.logical_key,
            top_hash=it.top_hash,
            latest=it.latest,
            other_version=bool(version and it.version_id and it.version_id != version),
        )
        for it in found
        if it.registry in buckets
        for handle in it.handles
    ]


def alerts(bucket: str, key: str, chosen: str, it: Now, told: ObjectDetail | None, *, agrees: bool) -> list[Alert]:
    """Return what is unusual about an object."""
    found = [*_of_state(bucket, key, chosen, it)]
    if it.state == "there":
        if it.archived:
            said = f"It is in {it.storage_class}: its bytes can be read after it was restored."
            found.append(Alert("warn", "This object is archived", said))
        if told is None and not chosen:
            said = "What is shown here is what S3 says. Events take some seconds; if it stays so, check the bucket."
            found.append(Alert("info", NOT_INDEXED, said))
        elif told and not agrees and not chosen:
            said = "Columns, tags and digests are not shown until the index has caught up, which takes some seconds."
            found.append(Alert("info", "The index has another version of it", said))
        elif chosen and not (told and agrees):
            said = "The index keeps what is now, so columns, tags and digests are not shown of this one."
            found.append(Alert("info", "This is an older version", said, links.object(bucket, key), "To the latest"))
    if told and told.problem and agrees and not it.archived:  # which is said already
        found.append(Alert("warn", "It could not be indexed as a whole", told.problem))
    return found


def _of_state(bucket: str, key: str, chosen: str, it: Now) -> Iterable[Alert]:
    latest = (links.object(bucket, key), "To the latest") if chosen else ("", "")
    if it.state == "deleted":
        said = "Its versions are kept, and can be opened." if not chosen else "A delete marker has no content."
        yield Alert("warn", "It was deleted" if not chosen else "This version is a delete marker", said, *latest)
    elif it.state == "absent":
        title = "S3 does not have it any more" if not chosen else "There is no such version"
        yield Alert("warn", title, "" if chosen else "The index hears of that in a moment.", *latest)
    elif it.state == "refused":
        title = "S3 does not let the catalog read it"
        yield Alert("warn", title, f"{it.said}. What is shown is what the index knows of it.", *latest)
    elif it.state == "unknown":
        said = f"{it.said}. " if it.said else ""
        yield Alert("warn", "S3 does not answer just now", f"{said}What is shown is what the index knows of it.")


def _search(name: str, value: str, field: str | None = None) -> str:
    query = narrowed(name, value, field)
    return links.search(query) if query else ""
