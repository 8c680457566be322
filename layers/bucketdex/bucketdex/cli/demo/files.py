"""The files that the demo writes: real ones from data packages, or those of a folder of the user's."""

import mimetypes
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bucketdex.cli.output import printable

MOST_FILES = 2_000  # the emulated S3 takes about 200 of them a second
MOST_BYTES = 500_000_000  # it keeps them in memory
LARGEST_BYTES = 100_000_000
LONGEST_KEY = 1_024  # bytes, S3's limit
NAMED, SHOWN_CHARACTERS = 3, 60  # of those left out

mimetypes.add_type("application/x-ipynb+json", ".ipynb")
mimetypes.add_type("text/x-rst", ".rst")


class DemoFile(msgspec.Struct, frozen=True):
    """A file, the key it is written to, and what is said about it there."""

    key: str
    path: Path
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}

    @property
    def content_type(self) -> str:
        """The type that its name tells."""
        return mimetypes.guess_type(self.path.name)[0] or "application/octet-stream"


class Files(msgspec.Struct, frozen=True):
    """Files to write, and what the user should know about those that are not."""

    files: tuple[DemoFile, ...]
    notes: tuple[str, ...] = ()


def of_folder(folder: Path) -> Files:
    """Return the files below `folder` under keys that begin with its name; not more than a demo should take."""
    folder = folder.resolve()
    found: list[DemoFile] = []
    left_out: dict[str, list[Path]] = defaultdict(list)
    total = 0
    for path in _walk(folder, left_out):
        key = f"{folder.name or 'data'}/{path.relative_to(folder).as_posix()}"
        reason = next((reason for reason, applies in LEFT_OUT if applies(path, key)), None)
        if reason:
            left_out[reason].append(path)
            continue
        total += path.stat().st_size
        if len(found) == MOST_FILES or total > MOST_BYTES:
            left_out[f"all beyond the first {MOST_FILES:,} files and {MOST_BYTES // 1_000_000} MB"].append(path)
            break
        found.append(DemoFile(key, path))
    return Files(tuple(found), tuple(f"left out: {_told(reason, paths, folder)}" for reason, paths in left_out.items()))


def _told(reason: str, paths: list[Path], folder: Path) -> str:
    if reason.startswith("all"):
        return f"{reason}, from {_shown(paths[0], folder)} on"
    names = [_shown(path, folder) for path in paths[:NAMED]]
    return f"{len(paths):,} × {reason} ({', '.join(names)}{', …' if len(paths) > NAMED else ''})"


def _shown(path: Path, folder: Path) -> str:
    name = path.relative_to(folder).as_posix().encode(errors="backslashreplace").decode()
    return printable(name if len(name) <= SHOWN_CHARACTERS else f"…{name[-SHOWN_CHARACTERS:]}")


def _walk(folder: Path, left_out: dict[str, list[Path]]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        left_out["unreadable folder"].append(Path(error.filename))

    for parent, folders, names in folder.walk(on_error=unreadable, follow_symlinks=False):
        hidden = {name for name in (*folders, *names) if name.startswith(".")}
        if hidden:
            left_out["hidden file or folder"] += [parent / name for name in sorted(hidden)]
        folders[:] = sorted(set(folders) - hidden)
        yield from (parent / name for name in sorted(set(names) - hidden))


LEFT_OUT: tuple[tuple[str, Callable[[Path, str], bool]], ...] = (  # in this order: each may lean on those before
    (
        "name with control characters, or not in UTF-8",
        lambda _, key: any(c < " " or "\ud800" <= c <= "\udfff" for c in key),
    ),
    (f"name longer than {LONGEST_KEY:,} bytes", lambda _, key: len(key.encode()) > LONGEST_KEY),
    ("symbolic link", lambda path, _: path.is_symlink()),
    ("no regular file", lambda path, _: not path.is_file()),
    ("unreadable", lambda path, _: not os.access(path, os.R_OK)),
    (f"larger than {LARGEST_BYTES // 1_000_000} MB", lambda path, _: path.stat().st_size > LARGEST_BYTES),
)
