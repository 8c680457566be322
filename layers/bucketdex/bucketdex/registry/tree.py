"""The tree of a package: directories with their metadata, files at the leaves."""

from collections.abc import Iterator
from typing import Any

from bucketdex.manifest import Metadata
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.logical_keys import checked

UNSET: Any = object()  # no metadata; a `null` in an old header is something else, as it is part of the top hash

MOST_LEVELS = 1000  # of directories: a key of S3 has at most 512

type Node = Entry | Directory


class Directory:
    """A directory of a package; `children` are in no order."""

    __slots__ = ("children", "meta")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.meta: Any = UNSET

    def find(self, path: str) -> Node:
        """Return what is at a path beneath it; raises `KeyError`."""
        node: Node = self
        for name in path.rstrip("/").split("/"):
            if isinstance(node, Entry):
                raise KeyError(path)
            try:
                node = node.children[name]
            except KeyError:
                raise KeyError(path) from None
        return node

    def put(self, logical_key: str, entry: Entry) -> None:
        """Set the file at a logical key; raises `PackageError` for a key that no file can have there."""
        above, _, name = checked(logical_key).rpartition("/")
        directory = self.directory(above) if above else self
        if isinstance(directory.children.get(name), Directory):
            raise PackageError(f"{logical_key!r} is a directory in this package: delete it first, or take another key")
        directory.children[name] = entry

    def directory(self, path: str) -> "Directory":
        """Return the directory at a path, made where it is absent.

        Raises `PackageError` where a file is in its way, or it is too deep.
        """
        if path.count("/") >= MOST_LEVELS:
            raise PackageError(f"{path[:100]!r}... is deeper than {MOST_LEVELS} directories")
        found: Node = self
        for name in path.split("/"):
            assert isinstance(found, Directory)  # noqa: S101, else raised below
            inner = found.children.get(name)
            if inner is None:
                inner = found.children[name] = Directory()
            elif isinstance(inner, Entry):
                raise PackageError(f"{name!r} on the way to {path!r} is a file in this package, not a directory")
            found = inner
        assert isinstance(found, Directory)  # noqa: S101
        return found

    def remove(self, path: str) -> None:
        """Remove what is at a path, and the directories that are empty then; raises `KeyError`."""
        self.find(path)
        way = [self]
        names = path.rstrip("/").split("/")
        for name in names[:-1]:
            inner = way[-1].children[name]
            assert isinstance(inner, Directory)  # noqa: S101, find went this way
            way.append(inner)
        for directory, name in zip(reversed(way), reversed(names), strict=True):
            del directory.children[name]
            if directory.children or (directory.meta is not UNSET and directory.meta):
                break

    def walk(self, above: str = "") -> Iterator[tuple[str, Entry]]:
        """Yield each file with its logical key, in the order of the tree: that of the top hash."""
        # The names at one level, last first, for each level that is open, and how much of the path is above it.
        prefix = above
        open_levels = [(len(above), sorted(self.children.items(), key=_name, reverse=True))]
        while open_levels:
            left = open_levels[-1][1]
            if not left:
                open_levels.pop()
                prefix = prefix[: open_levels[-1][0]] if open_levels else above
                continue
            name, node = left.pop()
            if isinstance(node, Entry):
                yield prefix + name, node
            else:
                prefix = f"{prefix}{name}/"
                open_levels.append((len(prefix), sorted(node.children.items(), key=_name, reverse=True)))

    def directories(self) -> Iterator[tuple[str, "Directory"]]:
        """Yield each directory beneath it with its path, which ends with `/`, in the order of the tree."""
        waiting: list[tuple[str, Directory]] = [("", self)]
        while waiting:
            path, directory = waiting.pop()
            if path:
                yield path, directory
            inner = [(f"{path}{name}/", it) for name, it in directory.children.items() if isinstance(it, Directory)]
            waiting.extend(sorted(inner, key=lambda found: found[0], reverse=True))

    def metadata(self) -> Iterator[Metadata]:
        """Yield the metadata of directories as a manifest has them."""
        for path, directory in self.directories():
            if directory.meta is not UNSET and directory.meta:
                yield Metadata(path, directory.meta)


def _name(child: tuple[str, Node]) -> str:
    return child[0]
