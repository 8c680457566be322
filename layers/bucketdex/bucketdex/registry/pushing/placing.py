"""The bytes of a package brought to where its manifest can name them for good, each in the cheapest way.

Files of this machine are put into the registry unless they are there already, objects in S3 are referred to by their
version, or copied inside S3 where that is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from bucketdex.hashing import ChangedError, hash_files
from bucketdex.manifest import Entry, Hash, read
from bucketdex.manifest.layout import Physical, physical
from bucketdex.registry.concurrently import each
from bucketdex.registry.errors import AbsentError, PackageError
from bucketdex.registry.parts import LARGE_BYTES, do_parts
from bucketdex.registry.progress import Meter, Watch
from bucketdex.registry.pushing.folder_copies import FolderCopies
from bucketdex.registry.pushing.journal import Account, Begun, Journal, Landed, Meant, Parts
from bucketdex.registry.pushing.known_to_index import with_digests_of_the_index
from bucketdex.registry.pushing.presence import present
from bucketdex.registry.pushing.references import Reading, Referred, look
from bucketdex.registry.pushing.server_side import Copies, LargeCopy
from bucketdex.registry.pushing.uploads import LargeUpload, Taken, Uploads
from bucketdex.registry.revisions import manifest_pieces
from bucketdex.registry.sources import Source, Stored, hash_of_large, local_path, source_of
from bucketdex.registry.storage import Storage
from bucketdex.registry.storage.local import LocalFolder
from bucketdex.registry.storage.s3 import Bucket

THREADS = 24  # requests for small files that wait for their answers at the same time
FEW = 20  # files that are rather looked for one by one than by a listing
LISTED_PAGE = 1000  # keys that a listing brings in a request
FEWEST_PAGES = 20  # that are listed, however few files there are to put


class Placing(msgspec.Struct, frozen=True):
    """What a push knows about where the bytes go."""

    storage: Storage
    begun: Begun
    known: Account | None  # of the push that was interrupted
    copy: bool
    sure: bool  # whether what the revision before says is looked at too, and not believed
    watch: Watch

    @property
    def prefix(self) -> str:
        """What the keys of the package's files begin with."""
        return f"{self.begun.handle}/"


def place(entries: Sequence[Entry], placing: Placing, journal: Journal) -> list[Stored]:
    """Bring the bytes of all entries to where they can stay; return for each where that is.

    Raises `PackageError` where something is not what it was, and `Transient` where S3 may take it later.
    """
    stored: dict[int, Stored] = {}
    sources: list[Source] = []
    objects: list[tuple[int, Entry, Physical]] = []
    for number, entry in enumerate(entries):
        address = entry.physical_keys[0]
        if path := local_path(address):
            sources.append(source_of(number, entry, path))
        elif where := physical(address):
            objects.append((number, entry, where))
        else:
            raise PackageError(f"{entry.logical_key}: {address} is neither a file here nor an object in S3")
    if objects and placing.copy and not isinstance(placing.storage, Bucket):
        raise PackageError("objects in S3 are copied into buckets only: install the package, and push the folder")
    stored |= _place_objects(objects, placing)
    stored |= _place_files(sources, placing, journal)
    return [stored[number] for number in range(len(entries))]


def _place_files(sources: list[Source], placing: Placing, journal: Journal) -> dict[int, Stored]:
    known, stored = _landed(sources, placing)
    left = [it for it in sources if it.number not in stored]
    journal.begin(placing.begun, known, (Meant(it.logical_key, it.size) for it in sources))
    meter = Meter(placing.watch, "upload", len(left), sum(it.size for it in left))
    match placing.storage:
        case LocalFolder() as folder:
            inside = [it for it in left if _is_inside(folder, it.path)]
            stored |= _referred_files(folder, inside)
            copies = FolderCopies(folder, placing.prefix, journal, meter)
            chosen = {it.number for it in inside}
            each(copies.copy, (it for it in left if it.number not in chosen), 4)
            return stored | copies.stored
        case Bucket() as bucket:
            parts: Mapping[str, Parts] = known.parts if known else {}
            uploads = Uploads(
                bucket, placing.prefix, before=_before(left, placing), taken=_taken(bucket, placing.prefix, len(left)),
                parts=parts, journal=journal, meter=meter,
            )  # fmt: skip
            each(uploads.small, (it for it in left if it.size <= LARGE_BYTES), min(THREADS, len(left)))
            do_parts([LargeUpload(uploads, it) for it in left if it.size > LARGE_BYTES])
            return stored | uploads.stored
    raise PackageError(f"files cannot be put into {placing.storage.uri}")


def _landed(sources: list[Source], placing: Placing) -> tuple[Account | None, dict[int, Stored]]:
    """Return what has landed of the push that was interrupted and is still there, by the numbers of the entries.

    With it comes the account of that push without what has been deleted since.
    """
    known = placing.known
    if known is None:
        return None, {}
    told = {it.number: known.landed[it.logical_key] for it in sources if _has_landed(it, known.landed)}
    there = present(placing.storage, placing.prefix, {it.address: it.size for it in told.values()})
    gone = {it.logical_key for it in told.values() if it.address not in there}
    kept = {key: it for key, it in known.landed.items() if key not in gone}
    stored = {number: _again(it) for number, it in told.items() if it.address in there}
    return msgspec.structs.replace(known, landed=kept), stored


def _place_objects(objects: list[tuple[int, Entry, Physical]], placing: Placing) -> dict[int, Stored]:
    target = placing.storage.name if placing.copy and isinstance(placing.storage, Bucket) else None
    stored: dict[int, Stored] = {}
    ready: list[Referred] = []
    unknown: list[tuple[int, Entry, Physical]] = []
    for number, entry, where in objects:
        if where.version_id and entry.hash and isinstance(entry.size, int):
            if target in (None, where.bucket):  # mostly: an entry of a manifest, carried on as it is
                stored[number] = Stored(entry.physical_keys[0], entry.size, entry.hash, "referred")
            else:
                ready.append(Referred(number, entry.logical_key, *where, "", entry.size, entry.hash))
        else:
            unknown.append((number, entry, where))
    if not ready and not unknown:
        return stored
    s3 = _client(placing.storage)
    meter = Meter(placing.watch, "look", len(unknown), 0)

    def ask(item: tuple[int, Entry, Physical]) -> None:
        ready.append(look(s3, *item))
        meter.add(0, 1)

    each(ask, unknown, min(THREADS, len(unknown)))
    to_copy = [it for it in ready if target not in (None, it.bucket)]
    to_refer = with_digests_of_the_index([it for it in ready if target in (None, it.bucket)])
    to_read = [it for it in to_refer if it.hash is None]
    stored |= {it.number: it.stored() for it in to_refer if it.hash}
    if to_copy and isinstance(placing.storage, Bucket):
        copies = Copies(
            placing.storage, placing.prefix, Meter(placing.watch, "copy", len(to_copy), sum(it.size for it in to_copy))
        )
        each(copies.small, (it for it in to_copy if it.size <= LARGE_BYTES), min(THREADS, len(to_copy)))
        do_parts([LargeCopy(copies, it) for it in to_copy if it.size > LARGE_BYTES])
        stored |= copies.stored
    reading = Meter(placing.watch, "hash", len(to_read), sum(it.size for it in to_read))
    do_parts([Reading(s3, it, stored, reading) for it in to_read])
    return stored


def _before(left: Sequence[Source], placing: Placing) -> dict[str, Entry]:
    """Return the entries of the revision before for the files that are to be put, where they are versions in S3.

    An object without a version may have been put over since.
    """
    if not left or not placing.begun.parent:
        return {}
    wanted = {it.logical_key for it in left}
    own = f"{placing.storage.uri}/" if placing.copy else "s3://"
    found: dict[str, Entry] = {}
    try:
        for line in read(manifest_pieces(placing.storage, placing.begun.parent)):
            said = line.said
            if isinstance(said, Entry) and said.logical_key in wanted and _is_version(said.physical_keys[0], own):
                found[said.logical_key] = said
    except AbsentError:  # a pointer without its manifest: then nothing is known
        return {}
    if not placing.sure:
        return found
    there = present(placing.storage, placing.prefix, {it.physical_keys[0]: it.size for it in found.values()})
    return {key: it for key, it in found.items() if it.physical_keys[0] in there}


def _taken(bucket: Bucket, prefix: str, files: int) -> Taken:
    """Return what there is under the keys to put at, if that is not much more than what is to be put."""
    if files <= FEW:
        return Taken(None)
    most = max(FEWEST_PAGES, files // 50) * LISTED_PAGE
    found = {it.key: it.size for it in islice(bucket.list(prefix), most)}
    return Taken(None if len(found) == most else found)


def _has_landed(source: Source, landed: Mapping[str, Landed]) -> bool:
    it = landed.get(source.logical_key)
    if it is None or (it.source, it.size, it.mtime_ns) != (source.path, source.size, source.mtime_ns):
        return False
    if it.address.startswith("s3://") and "?versionId=" not in it.address:
        return False  # it may have been replaced since: S3 is asked
    return source.known in (None, it.hash)


def _is_version(address: str, begin: str) -> bool:
    return address.startswith(begin) and "?versionId=" in address


def _again(landed: Landed) -> Stored:
    return Stored(landed.address, landed.size, landed.hash, "skipped")


def _is_inside(folder: LocalFolder, path: str) -> bool:
    return path.startswith(f"{folder.root}/")


def _referred_files(folder: LocalFolder, sources: Iterable[Source]) -> dict[int, Stored]:
    """Return the files that are in the registry's own folder already: they stay where they are."""
    sources = list(sources)
    try:
        values = hash_files([(it.path, it.size) for it in sources])
    except ChangedError as error:
        raise PackageError(str(error)) from error
    found: dict[int, Stored] = {}
    for source, value in zip(sources, values, strict=True):
        made: Hash = hash_of_large(source, value)
        address = folder.address(source.path.removeprefix(f"{folder.root}/"))
        found[source.number] = Stored(address, source.size, made, "referred")
    return found


def _client(storage: Storage) -> Any:
    if isinstance(storage, Bucket):
        return storage.s3
    from bucketdex.aws import clients  # noqa: PLC0415, boto3 only where S3 is used

    return clients.transfer_s3()
