"""Documents of the judged set, made by the code that makes those of a stack, and an index of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import md5, sha256
from itertools import batched
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.relevance.files import BUCKETS, REGISTRY, TYPES, Kept, home, kept
from benchmarks.relevance.packages import ARCHIVE, ARCHIVED, PUSHED, Pushed
from bucketdex.changes import Author
from bucketdex.changes.hint import Hint
from bucketdex.index import writer
from bucketdex.index.generations import ALIASES, ENTRIES_ALIAS, NOT_DELETED, OBJECTS_ALIAS, PACKAGES_ALIAS, READS_ALIAS
from bucketdex.index.ids import object_id, reads_id
from bucketdex.index.mappings import entries_index, objects_index, packages_index, reads_index
from bucketdex.manifest import Entry, Hash, Header, verify
from bucketdex.manifest import top_hash as hash_of
from bucketdex.manifest import write as manifest_lines
from bucketdex.manifest.layout import ManifestName, PointerName, manifest_key, pointer_key, s3_uri
from bucketdex.objects.document import object_document
from bucketdex.objects.observe import Observation
from bucketdex.packages.document import COPIED, PackageDocument, of_manifest, of_pointer
from bucketdex.packages.entry import EntryWriter

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

INDEXES = {alias: f"{alias}-relevance" for alias in (OBJECTS_ALIAS, PACKAGES_ALIAS, ENTRIES_ALIAS, READS_ALIAS)}
BODIES = {
    OBJECTS_ALIAS: objects_index, PACKAGES_ALIAS: packages_index, ENTRIES_ALIAS: entries_index,
    READS_ALIAS: reads_index,
}  # fmt: skip
# How often what people work with was read a day, over the last weeks.
READ = {
    ("field-data", "penguins/clean/penguins.csv"): 40,
    ("field-data", "weather/seattle/seattle-weather.csv"): 25,
    ("field-data", "botany/iris/iris.json"): 18,
    ("reference", "transport/airports.csv"): 12,
    ("reference", "countries/germany.json"): 9,
    ("teaching", "cs101/release/ps1/problem1.ipynb"): 9,
    ("field-data", "penguins/raw/penguins-raw.csv"): 6,
    ("reference", "transport/cars.json"): 6,
    ("teaching", "guide/faq.rst"): 4,
}
READ_DAYS = 20


def names() -> frozenset[str]:
    """Return what judgments can name: objects, packages, and the files of entries that are no indexed object."""
    objects = {f"object:{bucket}/{key}" for bucket, key in kept()}
    archived = {f"object:{ARCHIVE}/{key}" for key in _archived()}
    return frozenset(objects | archived | {f"package:{it.handle}" for it in PUSHED})


def fill(client: "OpenSearch") -> None:
    """Make the indexes anew, with all documents in them."""
    for alias in ALIASES:
        client.indices.delete(index=INDEXES[alias], params={"ignore_unavailable": "true"})
        aliases = {alias: {"filter": NOT_DELETED}}
        body = BODIES[alias](1, 0) | {"aliases": aliases}
        body["settings"] |= {"refresh_interval": "-1"}  # one segment, so that equal scores stand in one order
        client.indices.create(index=INDEXES[alias], body=body)
    for some in batched(documents(), 200, strict=False):
        for result in writer.write(client, some):
            if result.status != writer.DONE:
                raise RuntimeError(f"a document was not written: {result}")
    client.indices.refresh(index=",".join(INDEXES.values()))
    client.indices.forcemerge(index=",".join(INDEXES.values()), params={"max_num_segments": 1})


def documents() -> Iterator[writer.Write]:
    """Yield the documents of all objects, packages, entries and reads."""
    objects = kept()
    for it in objects.values():
        yield _write(OBJECTS_ALIAS, object_id(it.bucket, it.key), object_of(it))
    for pushed in PUSHED:
        yield from _package(pushed, _entries(pushed, objects))
    today = datetime.now(UTC).date()
    for (bucket, key), count in READ.items():
        for day in (str(today - timedelta(days=ago)) for ago in range(1, READ_DAYS + 1)):
            row = {"bucket": bucket, "key": key, "day": day, "count": count, "reader_count": 1}
            yield _write(READS_ALIAS, reads_id(bucket, key, day), row)


def object_of(it: Kept) -> Any:
    """Return the document of an object, as the handler makes it of S3's answer and of the trail's."""
    suffix = it.key[it.key.rfind(".") :] if "." in it.key else ""
    answer = {
        "ContentLength": len(it.body),
        "ETag": f'"{md5(it.body, usedforsecurity=False).hexdigest()}"',
        "LastModified": it.modified,
        "Metadata": it.metadata,
        "ContentType": TYPES.get(suffix, "binary/octet-stream"),
        "StorageClass": it.storage_class,
        "VersionId": version_of(it),
        "ResponseMetadata": {"HTTPHeaders": {}},
    }
    seen = Observation(it.modified, answer=answer, size=len(it.body), body=it.body, whole=True, tags=it.tags)
    document = object_document(Hint(it.bucket, it.key), seen)
    author = Author("IAMUser", it.author)
    return msgspec.structs.replace(document, written_by=author, written_at=it.modified)


def version_of(it: Kept) -> str:
    """Return the version that an object has."""
    return sha256(f"{it.bucket}/{it.key}/{it.modified}".encode()).hexdigest()[:32]


def _entries(pushed: Pushed, objects: dict[tuple[str, str], Kept]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for folder, bucket, pattern in pushed.files:
        root = pattern.partition("*")[0].partition("[")[0].rpartition("/")[0]
        for (of, key), it in objects.items():
            if of == bucket and fnmatchcase(key, pattern):
                logical = f"{folder}/{key.removeprefix(root).removeprefix('/')}".removeprefix("/")
                found[logical] = _entry(logical, s3_uri(bucket, key, version_of(it)), it.body)
    if not pushed.files:
        found = {key: _entry(key, s3_uri(ARCHIVE, key), body) for key, body in _archived().items()}
    return [found[key] for key in sorted(found)]


def _entry(logical_key: str, address: str, body: bytes) -> Entry:
    return Entry(logical_key, [address], len(body), Hash("SHA256", sha256(body).hexdigest()))


def _archived() -> dict[str, bytes]:
    return {
        f"{folder}/{path.name}": path.read_bytes()
        for root, pattern, folder in ARCHIVED
        for path in sorted((home(root.partition("/")[0].replace("_", "-")) / root).glob(pattern))
    }


def _package(pushed: Pushed, entries: list[Entry]) -> Iterator[writer.Write]:
    """Yield the documents of a package: of each revision a pointer and a manifest, and of the latest its entries."""
    latest = datetime.fromisoformat(f"{pushed.modified}T12:00:00+00:00")
    revisions = [*pushed.earlier, pushed.message]
    for number, message in enumerate(revisions, 1):
        share = entries[: -(-len(entries) * number // len(revisions))]
        workflow = {"workflow": {"id": pushed.workflow, "config": "s3://registry/.quilt/workflows/config.yml"}}
        header = Header(
            {"version": "v0", "message": message, "user_meta": pushed.metadata} | (workflow if pushed.workflow else {})
        )
        top_hash = hash_of(header, lambda share=share: iter(share))  # type: ignore[misc]
        verified = verify(lambda header=header, share=share: manifest_lines(header, (), share), top_hash)  # type: ignore[misc]
        when = latest - timedelta(days=30 * (len(revisions) - number))
        told = of_manifest(ManifestName(top_hash), verified)
        manifest = PackageDocument(REGISTRY, manifest_key(top_hash), "manifest", when, top_hash=top_hash, modified=when,
                                   **told)  # fmt: skip
        yield _write(PACKAGES_ALIAS, object_id(REGISTRY, manifest.key), manifest)
        copied = {name: getattr(manifest, name) for name in COPIED}
        names = [str(int(when.timestamp())), *(["latest"] if number == len(revisions) else [])]
        for name in names:
            key = pointer_key(pushed.handle, name)
            pointer = PackageDocument(REGISTRY, key, observed_at=when, top_hash=top_hash, modified=when, **copied,
                                      **of_pointer(PointerName(pushed.handle, name)))  # fmt: skip
            yield _write(PACKAGES_ALIAS, object_id(REGISTRY, key), pointer)
    entry_writer = EntryWriter(REGISTRY, top_hash, 1)
    for entry in entries:
        identity, document = entry_writer.document(entry)
        yield writer.Write(INDEXES[ENTRIES_ALIAS], identity.decode(), document)


def _write(alias: str, identity: str, document: Any) -> writer.Write:
    return writer.Write(INDEXES[alias], identity, msgspec.json.encode(document))


__all__ = ["BUCKETS", "documents", "fill", "names"]
