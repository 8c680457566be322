"""A million documents as a stack has them, in proportion: mostly objects, entries of packages, some packages.

All is drawn from one seed, so two runs have the same documents. Popular words are much more frequent than rare ones, as
in real buckets.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from benchmarks.million_names import EXTENSIONS, FOLDERS, PEOPLE, Names
from bucketdex.changes import Author, Checksum
from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS, READS_ALIAS
from bucketdex.index.ids import object_id, reads_id
from bucketdex.index.names import extensions, name_of
from bucketdex.index.pairs import flattened, named, typed
from bucketdex.manifest import Entry, Hash
from bucketdex.manifest.layout import manifest_key, pointer_key, s3_uri
from bucketdex.objects.document import ObjectDocument
from bucketdex.packages.document import PackageDocument
from bucketdex.packages.entry import EntryWriter

BUCKETS = tuple(f"lab-{name}" for name in ("raw", "derived", "imaging", "sequencing", "survey", "shared"))
REGISTRY = "lab-registry"
ENTRIES, PACKAGES = 0.2, 0.02  # shares of all documents; a package has a pointer `latest`, two others and a manifest
OF_A_PACKAGE = 4
READ = 0.02  # rows of reads, beside all documents
FIRST, DAYS = datetime(2022, 1, 1, tzinfo=UTC), 1700
TEXT = frozenset({".csv", ".tsv", ".json", ".txt", ".md", ".ipynb", ".log", ".yaml", ".py", ".rst"})
TABLES = frozenset({".csv", ".tsv"})
Made = tuple[str, str, bytes]  # alias, id, document


def documents(count: int, names: Names) -> Iterator[Made]:
    """Yield so many documents, and the rows of reads beside them."""
    rng = random.Random(8)
    entries, packages = int(count * ENTRIES), int(count * PACKAGES)
    handles = max(1, packages // OF_A_PACKAGE)
    objects = count - entries - handles * OF_A_PACKAGE
    each, left = entries // handles, entries % handles
    of_package: list[ObjectDocument] = []
    made = 0
    seen: set[str] = set()
    for number in range(objects):
        it = an_object(number, names, rng)
        while (identity := object_id(it.bucket, it.key)) in seen:
            it = an_object(number, names, rng)
        seen.add(identity)
        yield OBJECTS_ALIAS, identity, msgspec.json.encode(it)
        of_package.append(it)
        if made < handles and number >= (made + 1) * objects // handles - 1:
            wanted = each + (1 if made < left else 0)
            yield from a_package(made, wanted, of_package, names, rng)
            of_package.clear()
            made += 1
        if rng.random() < READ * count / objects:
            day = str(datetime.now(UTC).date() - timedelta(days=rng.randrange(1, 80)))
            row = {"bucket": it.bucket, "key": it.key, "day": day, "count": rng.randrange(1, 50), "reader_count": 1}
            yield READS_ALIAS, reads_id(it.bucket, it.key, day), msgspec.json.encode(row)


def an_object(number: int, names: Names, rng: random.Random) -> ObjectDocument:
    """Return the document of an object with a real name under a plausible folder."""
    when = FIRST + timedelta(days=rng.randrange(DAYS), seconds=rng.randrange(86_400))
    person, project = _some(PEOPLE, rng), _some(names.words, rng)
    key = f"{_some(FOLDERS, rng)}/{project}/{when:%Y}/{_name(number, when, names, rng)}"
    if rng.random() < 0.3:
        key = f"{_some(FOLDERS, rng)}/{person}/{project}/run_{number % 997:03}/{key.rpartition('/')[2]}"
    name = name_of(key)
    ends = extensions(name)
    suffix = ends[0] if ends else ""
    metadata = _metadata(project, person, when, names, rng)
    tags = {"project": project, "stage": rng.choice(("raw", "clean", "final"))} if rng.random() < 0.3 else {}
    pairs = [*(typed("metadata", *it) for it in metadata.items()), *(typed("tag", *it) for it in tags.items())]
    known: dict[str, Any] = {}
    if suffix in TEXT:
        known = {"content": names.excerpt(rng, rng.randrange(200, 1_200)), "content_from": "utf-8 text"}
    if suffix in TABLES:
        known["columns"] = tuple(dict.fromkeys(_some(names.words, rng) for _ in range(rng.randrange(3, 9))))
    return ObjectDocument(
        bucket=BUCKETS[min(int(rng.expovariate(0.6)), len(BUCKETS) - 1)], key=key, observed_at=when, name=name,
        extensions=ends, size=int(rng.lognormvariate(10, 3)), modified=when, version_id=f"{rng.getrandbits(128):032x}",
        etag=f"{rng.getrandbits(128):032x}", storage_class="STANDARD", content_type="binary/octet-stream",
        encryption={"type": "AES256"}, metadata=named(tuple(it for it in pairs if it.of == "metadata")),
        tags=tuple(f"{name}={value}" for name, value in tags.items()), pairs=tuple(pairs),
        checksums=(Checksum("SHA256", f"{rng.getrandbits(256):064x}", "computed"),),
        written_by=Author("IAMUser", person), written_at=when, **known,
    )  # fmt: skip


def a_package(
    number: int, entries: int, objects: list[ObjectDocument], names: Names, rng: random.Random
) -> Iterator[Made]:
    """Yield the documents of a package whose entries are some of the objects."""
    author = _some(PEOPLE, rng).partition(".")[2]
    handle = f"{author}/{rng.choice(names.packages)}-{_some(names.words, rng)}-{number}".replace("__", "_")
    when = objects[-1].modified or FIRST
    metadata = {
        "project": _some(names.words, rng),
        "samples": rng.randrange(1, 500),
        "plate": {"well": f"B{number % 12}"},
    }
    pairs, _ = flattened("metadata", metadata)
    chosen = [rng.choice(objects) for _ in range(entries)]
    told: dict[str, Any] = {
        "message": names.excerpt(rng, rng.randrange(40, 160)), "metadata": named(pairs), "pairs": pairs,
        "entries": entries, "total_bytes": sum(it.size or 0 for it in chosen), "verified": True,
    }  # fmt: skip
    top_hashes = [f"{rng.getrandbits(256):064x}" for _ in range(2)]
    seconds = int(when.timestamp())
    for name, top_hash in ((str(seconds - 9), top_hashes[0]), (str(seconds), top_hashes[1]), ("latest", top_hashes[1])):
        pointer = PackageDocument(
            REGISTRY, pointer_key(handle, name), "pointer", when, handle=handle, author=author,
            name=handle.partition("/")[2], latest=name == "latest", revision=name, top_hash=top_hash, modified=when,
            **told,
        )  # fmt: skip
        yield PACKAGES_ALIAS, object_id(REGISTRY, pointer.key), msgspec.json.encode(pointer)
    manifest = PackageDocument(
        REGISTRY, manifest_key(top_hashes[1]), "manifest", when, top_hash=top_hashes[1], modified=when, **told
    )
    yield PACKAGES_ALIAS, object_id(REGISTRY, manifest.key), msgspec.json.encode(manifest)
    writer = EntryWriter(REGISTRY, top_hashes[1], 1)
    for place, it in enumerate(chosen):
        digest = Hash("SHA256", it.checksums[0].value)
        entry = Entry(f"part{place:02}/{it.name}", [s3_uri(it.bucket, it.key, it.version_id)], it.size, digest)
        identity, document = writer.document(entry)
        yield ENTRIES_ALIAS, identity.decode(), document


def _name(number: int, when: datetime, names: Names, rng: random.Random) -> str:
    file = _some(names.files, rng)
    match number % 4:
        case 0:
            return file
        case 1:
            return f"{file.partition('.')[0]}_{when:%Y-%m-%d}{rng.choice(EXTENSIONS)}"
        case 2:
            return f"{file.partition('.')[0]}_sample-{number:06}{rng.choice(EXTENSIONS)}"
    return f"{_some(names.words, rng)}-{file.partition('.')[0]}_rep{number % 5}{rng.choice(EXTENSIONS)}"


def _metadata(project: str, person: str, when: datetime, names: Names, rng: random.Random) -> dict[str, str]:
    if rng.random() < 0.5:
        return {}
    every = {
        "operator": person, "sample": _some(names.words, rng), "temperature": f"{rng.gauss(20, 4):.1f}",
        "acquired": f"{when:%Y-%m-%d}", "label": rng.choice(("cat", "dog", "control", "treated")), "project": project,
    }  # fmt: skip
    return dict(rng.sample(sorted(every.items()), rng.randrange(1, 5)))


def _some[T](choice: "list[T] | tuple[T, ...]", rng: random.Random) -> T:
    """Return one of them; the first are much more frequent than the last."""
    return choice[int(len(choice) * rng.random() ** 3)]
