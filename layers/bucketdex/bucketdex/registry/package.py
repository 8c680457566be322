"""A data package: an immutable collection of files once it is built, and a tree to be worked on before that."""

from collections.abc import Callable, Iterator, KeysView, Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any, NamedTuple

from bucketdex.manifest import Header
from bucketdex.registry import revisions
from bucketdex.registry.comparing import Diff, diff
from bucketdex.registry.entry import USER, Entry
from bucketdex.registry.errors import PackageError
from bucketdex.registry.making import building, recording
from bucketdex.registry.metadata import as_json, checked
from bucketdex.registry.opening import Registry, Source, opened
from bucketdex.registry.progress import Watch, unwatched
from bucketdex.registry.tree import UNSET, Directory

if TYPE_CHECKING:
    from bucketdex.registry.fetching.names import Names
    from bucketdex.registry.pushing.push import Pushed
    from bucketdex.registry.verifying import Check

VERSION = "v0"
SHOWN = 20  # entries that `repr` lists


class Origin(NamedTuple):
    """The revision that a package was read from, or became; `verified`: its manifest is what its name says."""

    registry: str
    handle: str
    top_hash: str
    verified: bool = True


class Package:
    """A data package: `package["a/b.csv"]` is a file of it, `package["a"]` the package that is a directory of it.

    What is changed in such a directory is changed in the whole. A registry is named by `s3://bucket` or a folder's
    path; without one it is `BUCKETDEX_REGISTRY`, or a folder of the user's.
    """

    def __init__(self) -> None:
        self.directory = Directory()  # with the author's metadata
        self.fields: dict[str, Any] = {"version": VERSION}  # of the header, the author's metadata not among them
        self.origin: Origin | None = None

    @classmethod
    def browse(cls, handle: str, registry: Registry = None, top_hash: str | None = None) -> "Package":
        """Read a package's manifest; no data.

        `top_hash` names the revision: how it begins (6 characters or more), or its Unix time; without it the latest.
        Raises `AbsentError` where there is none, and `PackageError`, which names the line, for a damaged manifest;
        warns (`UnverifiedWarning`) where the manifest is not what its name says.
        """
        from bucketdex.registry.loading import browse  # noqa: PLC0415

        storage = opened(registry)
        found = revisions.resolve(storage, handle, top_hash)
        loaded = browse(storage, found)
        made = cls()
        made.directory, made.fields = loaded.directory, loaded.fields
        made.directory.meta = made.fields.pop(USER, UNSET)
        made.origin = Origin(storage.uri, handle, found, loaded.top_hash == found)
        return made

    @classmethod
    def install(
        cls,
        handle: str,
        registry: Registry = None,
        *,
        top_hash: str | None = None,
        dest: Source | None = None,
        names: "Names" = "portable",
        progress: Watch = unwatched,
    ) -> "Package":
        """Fetch all files of a package into a folder, each compared with its hash, and return it with its files there.

        An interrupted installation goes on where it was. See `browse` for `registry` and `top_hash`, `fetch` for
        `names`. Without `dest` it is a folder here of the package's name.
        """
        from bucketdex.registry.fetching.install import install  # noqa: PLC0415

        return install(handle, opened(registry), dest, top_hash=top_hash, names=names, progress=progress)

    def set(
        self, logical_key: str, source: "Source | Entry | None" = None, meta: Mapping[str, Any] | None = None
    ) -> "Package":
        """Set a file: a path, an `s3://` address (with `?versionId=` or without: its latest), an entry of a package.

        Without a source it is the file of that path here. `meta` are its metadata. Raises `PackageError` for what is
        not there, for a logical key that no file can have, or for metadata that JSON cannot hold.
        """
        from bucketdex.registry.making.scanning import entry_of  # noqa: PLC0415

        entry = source.copy() if isinstance(source, Entry) else entry_of(logical_key if source is None else source)
        if meta is not None:
            entry.set_meta(meta)
        self.directory.put(logical_key, entry)
        return self

    def set_dir(
        self,
        path: str,
        source: Source | None = None,
        meta: Mapping[str, Any] | None = None,
        *,
        meta_from: str | None = None,
        update_policy: str = "incoming",
        unversioned: bool = False,
    ) -> "Package":
        """Set all files beneath a folder, or an `s3://bucket/prefix/`, as the directory `path` (`/`: the root).

        A `.quiltignore` in the folder is honoured. `meta` are the directory's metadata. `meta_from` is a pattern that
        takes metadata of each file from its path within the source, such as `plate{plate:int}/well{well}.tif`. With
        the `update_policy` `existing` what the package has already stays as it is. `unversioned` refers to the latest
        objects of S3, whatever they will be; else to their versions of now.
        """
        from bucketdex.registry.making.scanning import set_directory  # noqa: PLC0415

        set_directory(
            self.directory, path, source, meta_from=meta_from, update_policy=update_policy, versions=not unversioned
        )
        at = self._at(path.strip("/"))
        if meta is not None:
            at.set_meta(meta)
        elif at.directory.meta is UNSET:
            at.directory.meta = None  # as the reference client: of the same folder it makes the same top hash
        return self

    @property
    def meta(self) -> dict[str, Any]:
        """The author's metadata of the package, or of the directory. It is a copy: `set_meta` changes them."""
        found = self.directory.meta
        return dict(found) if isinstance(found, dict) else {}

    def set_meta(self, meta: Mapping[str, Any]) -> "Package":
        """Set the author's metadata of the package, or of the directory; raises `PackageError` for what is no JSON."""
        as_json(found := checked(meta))
        self.directory.meta = found
        return self

    @property
    def message(self) -> str | None:
        """What the author said of this revision."""
        found = self.fields.get("message")
        return found if isinstance(found, str) else None

    @property
    def workflow(self) -> dict[str, Any] | None:
        """The workflow that was applied when it was pushed."""
        found = self.fields.get("workflow")
        return found if isinstance(found, dict) else None

    def header(self) -> Header:
        """Return the first line of its manifest."""
        meta = self.directory.meta
        return Header(self.fields if meta is UNSET else self.fields | {USER: meta})

    def delete(self, path: str) -> "Package":
        """Take a file or a directory out of the package; raises `KeyError`."""
        self.directory.remove(path)
        return self

    def filter(self, wanted: Callable[[str, Entry], bool]) -> "Package":
        """Return a package of the files for which `wanted(logical_key, entry)` is true, with metadata and history.

        To change one leaves the other as it is.
        """
        from bucketdex.registry.comparing import filtered  # noqa: PLC0415

        made = type(self)()
        made.directory, made.fields, made.origin = filtered(self.directory, wanted), dict(self.fields), self.origin
        return made

    def diff(self, other: "Package") -> Diff:
        """Return which logical keys are added, modified, deleted in `other` over this one."""
        if not isinstance(other, Package):
            raise TypeError(f"diff takes a Package, such as Package.browse(...) returns, not {type(other).__name__}")
        return diff(self.directory, other.directory)

    def verify(self, folder: Source, *, extra_files_ok: bool = False, progress: Watch = unwatched) -> "Check":
        """Compare a folder with the package, all bytes of it; what is returned is true if it is the same.

        It names the logical keys that are missing, changed or extra.
        """
        from bucketdex.registry.verifying import verify  # noqa: PLC0415

        return verify(self.directory, folder, extra_files_ok=extra_files_ok, watch=progress)

    def build(
        self,
        handle: str,
        registry: Registry = None,
        *,
        message: str | None = None,
        workflow: str | EllipsisType | None = ...,
        progress: Watch = unwatched,
    ) -> str:
        """Make this a revision of the package in a registry, and return its top hash. The data stay where they are.

        `workflow` is one of the registry's, or None for none; else its default. Where the registry's manifest of that
        top hash names better places, it stays, and `KeptManifestWarning` tells. Raises `PackageError`.
        """
        storage = opened(registry)
        building.refuse_files(storage, self.walk())
        self.fields = building.fields_of(
            self.fields, self.directory, storage, revisions.checked_handle(handle), message, workflow
        )
        building.hash_missing(self.walk(), progress)
        found = self.top_hash
        recording.record(storage, handle, found, building.manifest_of(self.header(), self.directory))
        self.origin = Origin(storage.uri, handle, found)
        return found

    def push(
        self,
        handle: str,
        registry: Registry = None,
        *,
        message: str | None = None,
        workflow: str | EllipsisType | None = ...,
        force: bool = False,
        copy: bool = False,
        progress: Watch = unwatched,
    ) -> "Pushed":
        """Put the data of this machine into a registry, and make this a revision of the package there.

        Objects in S3 are referred to, or with `copy` copied there. An interrupted push goes on where it was. Raises
        `MovedError` where the registry has a newer revision than the one that this was made from, unless `force`.
        """
        from bucketdex.registry.pushing.push import push  # noqa: PLC0415

        return push(
            self, handle, opened(registry), message, workflow=workflow, force=force, copy=copy, progress=progress
        )

    def fetch(self, dest: Source = ".", *, names: "Names" = "portable", progress: Watch = unwatched) -> "Package":
        """Fetch all files into a folder, each compared with its hash; return the package with its files there.

        Names that some system has no file for are refused; `names` can be `skip` to leave those out, or `here` to take
        what this system can name.
        """
        from bucketdex.registry.fetching.install import fetch  # noqa: PLC0415

        return fetch(self, dest, names=names, progress=progress)

    def get(self, logical_key: str) -> str:
        """Return the path, or the address in S3, of a file's bytes; raises `KeyError`."""
        return self._entry(logical_key).get()

    @property
    def top_hash(self) -> str:
        """The top hash; raises `PackageError` while an entry has no hash."""
        return building.top_hash_of(self.header(), self.directory)

    def walk(self) -> Iterator[tuple[str, Entry]]:
        """Yield each file with its logical key, sorted by names at each level."""
        return self.directory.walk()

    def keys(self) -> KeysView[str]:
        """Return the names at the top: of files, and of directories without their `/`."""
        return self.directory.children.keys()

    def __getitem__(self, path: str) -> "Package | Entry":
        node = self.directory.find(path)
        return node if isinstance(node, Entry) else self._of(node)

    def __contains__(self, path: object) -> bool:
        try:
            return isinstance(path, str) and self.directory.find(path) is not None
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self.directory.children)

    def __len__(self) -> int:
        return len(self.directory.children)

    def __repr__(self) -> str:
        lines = [f"  {key}" for (key, _), _ in zip(self.walk(), range(SHOWN + 1), strict=False)]
        more = ["  ..."] if len(lines) > SHOWN else []
        origin = f" {self.origin.handle}@{self.origin.top_hash[:8]} in {self.origin.registry}" if self.origin else ""
        return "\n".join([f"<Package{origin}>", *lines[:SHOWN], *more])

    def _at(self, path: str) -> "Package":
        return self._of(self.directory.directory(path)) if path not in ("", ".") else self

    def _entry(self, logical_key: str) -> Entry:
        node = self.directory.find(logical_key)
        if isinstance(node, Entry):
            return node
        raise PackageError(f"{logical_key!r} is a directory of the package, not a file")

    def _of(self, directory: Directory) -> "Package":
        made = type(self)()
        made.directory = directory
        return made
