"""What a revision is made of: the hashes that are missing, the header, the manifest."""

from collections.abc import Iterable, Iterator, Mapping
from types import EllipsisType
from typing import Any

from bucketdex.hashing import CHUNKED, ChangedError, hash_files
from bucketdex.manifest import Hash, Header, TopHashError, top_hash, write
from bucketdex.manifest.layout import Physical
from bucketdex.registry.concurrently import each
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.foreign import refuse_foreign
from bucketdex.registry.progress import Meter, Watch
from bucketdex.registry.storage.local import path_of
from bucketdex.registry.storage.protocol import Storage
from bucketdex.registry.tree import UNSET, Directory
from bucketdex.registry.workflows.applying import apply

OBJECTS_AT_A_TIME = 24  # that S3 is asked for, each a request


def refuse_files(storage: Storage, entries: Iterable[tuple[str, Entry]]) -> None:
    """Raise `PackageError` where the manifest of a bucket would name files of this machine."""
    if not storage.uri.startswith("s3://"):
        return
    count = 0
    for _, it in entries:
        refuse_foreign(it.physical_key)
        count += it.physical_key.startswith("file:")
    if count:
        are = "1 file is" if count == 1 else f"{count:,} files are"
        raise PackageError(f"{are} on this machine, and a package in {storage.uri} cannot refer to them: push it")


def hash_missing(entries: Iterable[tuple[str, Entry]], watch: Watch, threads: int | None = None) -> None:
    """Set hash and size of the entries that have none, given with their logical keys.

    Local files are digested on all cores. Of objects in S3 the checksum that S3 keeps is taken where it tells; else
    they are read. Raises `PackageError` where one cannot be read or is not of the size that it was, and, with a hash or
    without, where one is a file of another machine: the manifest of a folder would make it one of this.
    """
    missing: list[tuple[str, Entry]] = []
    for key, it in entries:
        refuse_foreign(it.physical_key)
        if it.hash is None or it.size is None:
            missing.append((key, it))
    _hash_files([it for _, it in missing if it.physical_key.startswith("file:")], watch, threads)
    _hash_objects([(key, it) for key, it in missing if not it.physical_key.startswith("file:")], watch)


def _hash_files(entries: list[Entry], watch: Watch, threads: int | None) -> None:
    files: list[tuple[str, int]] = []
    for entry in entries:
        path = path_of(entry.physical_key)
        try:
            files.append((str(path), int(entry.size) if entry.size is not None else path.stat().st_size))
        except OSError as error:
            raise PackageError(f"{path}: {error.strerror}; it is part of the package") from error
    meter = Meter(watch, "hash", len(files), sum(size for _, size in files))
    try:
        values = hash_files(files, threads, meter.add)
    except ChangedError as error:
        raise PackageError(f"{error}, by `set` or `set_dir`") from error
    except OSError as error:
        raise PackageError(f"{error.filename}: {error.strerror}; it is part of the package") from error
    for entry, value, (_, size) in zip(entries, values, files, strict=True):
        entry.hash, entry.size = Hash(CHUNKED, value), size


def _hash_objects(entries: list[tuple[str, Entry]], watch: Watch) -> None:
    if not entries:
        return
    from bucketdex.registry.parts import do_parts  # noqa: PLC0415, boto3 only where S3 is used
    from bucketdex.registry.pushing.known_to_index import with_digests_of_the_index  # noqa: PLC0415
    from bucketdex.registry.pushing.references import Reading, Referred, look  # noqa: PLC0415
    from bucketdex.registry.storage.s3 import Bucket  # noqa: PLC0415

    found: dict[int, tuple[Any, Referred]] = {}

    def ask(item: tuple[int, tuple[str, Entry]]) -> None:
        number, (key, entry) = item
        at = entry.location()
        if not isinstance(at.storage, Bucket):
            raise PackageError(f"{key}: {at} is neither a file here nor an object in S3")
        s3 = at.storage.s3
        found[number] = s3, look(s3, number, entry.line(key), Physical(at.storage.name, at.key, at.version_id))

    each(ask, enumerate(entries), min(OBJECTS_AT_A_TIME, len(entries)))
    for named in with_digests_of_the_index([named for _, named in found.values()]):
        found[named.number] = found[named.number][0], named
    stored = {number: named.stored() for number, (_, named) in found.items() if named.hash}
    to_read = [(s3, named) for s3, named in found.values() if not named.hash]
    meter = Meter(watch, "hash", len(to_read), sum(named.size for _, named in to_read))
    do_parts([Reading(s3, named, stored, meter) for s3, named in to_read])
    for number, (_, entry) in enumerate(entries):
        entry.hash, entry.size = stored[number].hash, stored[number].size


def fields_of(
    fields: Mapping[str, Any],
    directory: Directory,
    storage: Storage,
    handle: str,
    message: str | None,
    workflow: str | EllipsisType | None,
) -> dict[str, Any]:
    """Return the fields of the header with this message, and the workflow that the package was held against."""
    told = apply(
        storage,
        workflow,
        handle=handle,
        message=message,
        metadata={} if directory.meta is UNSET else directory.meta,
        entries=lambda: (entry.line(key) for key, entry in directory.walk()),
    )
    rest = {name: value for name, value in fields.items() if name != "workflow"}
    return rest | {"message": message} | ({"workflow": told} if told else {})


def top_hash_of(header: Header, directory: Directory) -> str:
    """Return the top hash; raises `PackageError` where an entry has no hash yet."""
    try:
        return top_hash(header, lambda: (entry.line(key) for key, entry in directory.walk()))
    except TopHashError as error:
        raise PackageError(f"{error}: build or push the package first") from error


def manifest_of(header: Header, directory: Directory) -> Iterator[bytes]:
    """Yield the lines of the manifest; raises `PackageError` for metadata that cannot be written."""
    try:
        yield from write(header, directory.metadata(), (entry.line(key) for key, entry in directory.walk()))
    except (ValueError, RecursionError) as error:
        raise PackageError(f"the manifest cannot be written: {error}") from error
