"""Files copied into a registry that is a folder: each under its logical key, and none over another's bytes.

A folder keeps no versions, and an older revision may refer to the bytes at a path. So a file whose path is taken by
other bytes gets one that is named by its hash.
"""

import contextlib
import os
import uuid
from hashlib import sha256
from pathlib import Path

from bucketdex.hashing import CHUNKED, Running, hash_file
from bucketdex.registry.errors import PackageError
from bucketdex.registry.progress import Meter
from bucketdex.registry.pushing.journal import Journal, Landed
from bucketdex.registry.sources import Source, Stored, changed, hash_of_large
from bucketdex.registry.storage.local import SCRATCH, LocalFolder

PIECE_BYTES = 1024 * 1024
OBJECTS = ".quilt/objects"  # for bytes whose own path is taken
TIMES_TRIED = 10  # that a name is looked for, while others take it


class FolderCopies:
    """The copies of one push; `stored` is by the number of the entry."""

    def __init__(self, folder: LocalFolder, prefix: str, journal: Journal, meter: Meter) -> None:
        self.folder, self.prefix, self.journal, self.meter = folder, prefix, journal, meter
        self.stored: dict[int, Stored] = {}
        self._scratch = folder.root / SCRATCH

    def copy(self, source: Source) -> None:
        """Copy a file, if its bytes are not there; raises `PackageError` where it changes meanwhile."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        made = self._scratch / uuid.uuid4().hex
        try:
            value = self._copied(source, made)
            hash_ = hash_of_large(source, value)
            key, there = self._placed(source, value, made)
        finally:
            made.unlink(missing_ok=True)
        stored = Stored(self.folder.address(key), source.size, hash_, "skipped" if there else "uploaded")
        self.journal.note(
            Landed(source.logical_key, source.path, source.size, source.mtime_ns, stored.hash, stored.address)
        )
        self.stored[source.number] = stored
        self.meter.add(source.size, 1)

    def _copied(self, source: Source, made: Path) -> str:
        """Copy the bytes and return their hash."""
        with open(source.path, "rb", buffering=0) as file, made.open("xb") as copy:  # noqa: PTH123
            running = Running(CHUNKED, source.size)
            while piece := file.read(PIECE_BYTES):
                running.update(piece)
                copy.write(piece)
            if copy.tell() != source.size or os.fstat(file.fileno()).st_mtime_ns != source.mtime_ns:
                raise changed(source)
        return running.value()

    def _placed(self, source: Source, value: str, made: Path) -> tuple[str, bool]:
        """Give the copy its name; return that, and whether the bytes were there already."""
        for _ in range(TIMES_TRIED):
            key, there = self._key(source, value)
            if there:
                return key, True
            path = self.folder.root / key
            with contextlib.suppress(FileExistsError):  # another push was there meanwhile: look again
                path.parent.mkdir(parents=True, exist_ok=True)
                if key.startswith(f"{OBJECTS}/"):
                    made.replace(path)  # whoever else puts it there has the same bytes
                else:
                    _name(made, path)
                return key, False
        raise PackageError(f"{source.path}: others write at {self.folder.address(key)} all the time: push again later")

    def _key(self, source: Source, value: str) -> tuple[str, bool]:
        """Return where the bytes go, and whether they are there already."""
        own = self.prefix + source.logical_key
        name = sha256(value.encode()).hexdigest()
        other = f"{OBJECTS}/{name[:2]}/{name}/{Path(source.logical_key).name}"
        for key in (own, other):
            path = self.folder.root / key
            if not path.exists():
                if any(above.is_file() for above in path.parents if above != self.folder.root):
                    continue  # a file has the name of a folder that this one would need
                return key, False
            if path.is_file() and path.stat().st_size == source.size and hash_file(path) == value:
                return key, True
        return other, False


def _name(made: Path, path: Path) -> None:
    """Give a file a name that no other has; raises `FileExistsError` where one has it."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links: the name is taken first, by an empty file
        path.open("xb").close()
        made.replace(path)
