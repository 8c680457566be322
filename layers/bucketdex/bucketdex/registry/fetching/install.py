"""A package fetched into a folder: what is there already stays, what is fetched is compared with its hash."""

import os
import stat
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bucketdex.hashing import agrees, hash_file, is_verifiable
from bucketdex.manifest import Hash
from bucketdex.manifest.layout import physical
from bucketdex.registry.concurrently import each
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.fetching.downloads import Folder, LargeDownload, Notebook, SmallDownloads, Wanted, scratch_in
from bucketdex.registry.fetching.names import Names, choose
from bucketdex.registry.foreign import refuse_foreign
from bucketdex.registry.making.scanning import address_of_path
from bucketdex.registry.parts import LARGE_BYTES, do_parts
from bucketdex.registry.progress import Meter, Watch, unwatched
from bucketdex.registry.sources import local_path
from bucketdex.registry.state_folder import state_file
from bucketdex.registry.storage.protocol import Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from bucketdex.registry.package import Package

SIZES = 1 << 63  # of files are below this, on every disk
THREADS = 24  # requests for small files that wait for their answers at the same time

_decode = msgspec.json.Decoder(tuple[str, int, int, str, str]).decode


class UnverifiedFilesWarning(UserWarning):
    """Of some files only the size could be compared, as their hash is absent or of a type that is not known here."""


class AlikeWarning(UserWarning):
    """Some files have names that are one on other systems."""


class Fetched(msgspec.Struct, frozen=True):
    """What came into a folder: the logical keys `fetched`, those `kept` as they were there, of how many bytes.

    Of those `unverified` only the size was compared. `left_out` are logical keys that cannot be files, with the
    reason; `alike` are groups of names that are one where case is not told.
    """

    folder: str
    fetched: int
    kept: int
    bytes: int
    unverified: list[str]
    left_out: dict[str, str]
    alike: list[list[str]]


def install(
    handle: str,
    storage: Storage,
    dest: str | os.PathLike[str] | None = None,
    *,
    top_hash: str | None = None,
    names: Names = "portable",
    progress: Watch = unwatched,
) -> "Package":
    """Browse a revision and fetch all of it; `dest` is by default a folder here of the package's name."""
    from bucketdex.registry.package import Package  # noqa: PLC0415, which imports this

    package = Package.browse(handle, storage, top_hash)
    for _, entry in package.walk():
        refuse_foreign(entry.physical_key)  # before anything is fetched
    return fetch(package, dest or handle.partition("/")[2], names=names, progress=progress)


def fetch(
    package: "Package", dest: str | os.PathLike[str], *, names: Names = "portable", progress: Watch = unwatched
) -> "Package":
    """Fetch all files of a package into a folder and return the package with its files there.

    Warns of files that could not be verified, and of names that are one on other systems.
    """
    told = fetch_all(package.walk(), dest, names=names, progress=progress)
    if told.unverified:
        message = f"of {len(told.unverified)} files only the size was compared, such as {told.unverified[0]}"
        warnings.warn(message, UnverifiedFilesWarning, stacklevel=3)
    if told.alike:
        warnings.warn(f"{told.alike[0]} are one file where case is not told", AlikeWarning, stacklevel=3)
    here = package.filter(lambda key, _: key not in told.left_out)
    for key, entry in here.walk():
        entry.physical_key = address_of_path(f"{told.folder}/{key}")
    return here


def fetch_all(
    entries: Iterable[tuple[str, Entry]],
    dest: str | os.PathLike[str],
    *,
    names: Names = "portable",
    progress: Watch = unwatched,
    s3: "S3Client | None" = None,
) -> Fetched:
    """Fetch files into a folder; raises `PackageError` where one cannot be, or is not what its entry says.

    What came stays there also then, so that the next attempt fetches only the rest.
    """
    root = Path(dest).expanduser().absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
        by_key = dict(entries)
        chosen = choose(by_key, root, names)
        real = os.path.realpath(root)
        wanted = [_wanted(key, by_key[key], f"{real}/{key}") for key in chosen.keys]
        book = state_file("installs", real)
        noted = _noted(book)
        book.parent.mkdir(parents=True, exist_ok=True)
        note = Notebook(os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600))
        try:
            kept = _kept(wanted, noted, note, progress)
            left = [it for it, there in zip(wanted, kept, strict=True) if not there]
            unverified = _fetch(left, Path(real, scratch_in(real, by_key)), note, progress, s3) if left else []
        finally:
            os.close(note.file)
    except OSError as error:
        raise PackageError(f"{error.filename or root}: {error.strerror or error}") from error
    size = sum(it.size or 0 for it in left)
    return Fetched(real, len(left), len(wanted) - len(left), size, unverified, chosen.left_out, chosen.alike)


def _fetch(left: list[Wanted], scratch: Path, note: Notebook, watch: Watch, s3: "S3Client | None") -> list[str]:
    meter = Meter(watch, "download", len(left), sum(it.size or 0 for it in left))
    folder = Folder(scratch, note, meter)
    folder.open()
    try:
        large: list[LargeDownload] = []
        small: list[Wanted] = []
        client = None
        if any(not isinstance(it.source, str) for it in left):
            from bucketdex.aws import clients  # noqa: PLC0415, boto3 only where S3 is used

            client = s3 or clients.transfer_s3()
        for it in left:
            if isinstance(it.source, str) or it.size is None or it.size <= LARGE_BYTES:
                small.append(it)
            else:
                large.append(LargeDownload(client, folder, it, it.source))
        each(SmallDownloads(client, folder).fetch, small, min(THREADS, len(small)))
        do_parts(large)
    finally:
        folder.close()
    return folder.unverified


def _wanted(key: str, entry: Entry, path: str) -> Wanted:
    address = entry.physical_key
    source = local_path(address) or physical(address)
    if source is None:
        raise PackageError(f"{key}: {address} is neither a file here nor an object in S3")
    size = entry.size
    if size is not None and not (isinstance(size, int) and 0 <= size < SIZES):
        raise PackageError(f"{key}: its entry says that it has {size} bytes; the manifest is damaged")
    return Wanted(key, path, source, size, entry.hash)


def _kept(wanted: list[Wanted], noted: dict[str, tuple[int, int, Hash]], note: Notebook, watch: Watch) -> list[bool]:
    """Return which files are in the folder as they should be: by what was noted of them, or by their bytes."""
    kept = [False] * len(wanted)
    to_read: list[int] = []
    for number, it in enumerate(wanted):
        try:
            found = os.lstat(it.path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISDIR(found.st_mode):
            raise PackageError(f"{it.path} is a folder, but {it.logical_key} of the package is a file: move it away")
        if not stat.S_ISREG(found.st_mode) or (it.size is not None and found.st_size != it.size):
            continue
        if it.hash and noted.get(it.logical_key) == (found.st_size, found.st_mtime_ns, it.hash):
            kept[number] = True
        elif it.hash and is_verifiable(it.hash.type):
            to_read.append(number)
        else:
            kept[number] = it.source == it.path
    meter = Meter(watch, "verify", len(to_read), sum(wanted[number].size or 0 for number in to_read))

    def compare(number: int) -> None:
        it = wanted[number]
        before = os.lstat(it.path)
        named = it.hash
        kept[number] = bool(named and agrees(named.type, named.value, hash_file(it.path, named.type, meter.add)))
        if kept[number]:
            note.add(it, before.st_size, before.st_mtime_ns)
        meter.add(0, 1)

    each(compare, to_read, min(os.cpu_count() or 1, len(to_read)))
    return kept


def _noted(book: Path) -> dict[str, tuple[int, int, Hash]]:
    """Return the state in which each file last came into the folder."""
    try:
        lines = book.read_bytes().split(b"\n")
    except OSError:
        return {}
    noted: dict[str, tuple[int, int, Hash]] = {}
    for line in lines:
        try:
            key, size, mtime_ns, type_, value = _decode(line)
        except msgspec.DecodeError:  # the last one, if it broke off
            continue
        noted[key] = (size, mtime_ns, Hash(type_, value))
    return noted
