"""A file of a package: where its bytes are, how many, their digest, and what its author says of it."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.manifest import Entry as Line
from bucketdex.manifest import Hash
from bucketdex.registry.errors import PackageError
from bucketdex.registry.metadata import NOTHING, Kept, checked, kept, shown

if TYPE_CHECKING:
    from bucketdex.registry.storage import Location

USER = "user_meta"  # where the author's metadata stand in an entry's, as the reference client keeps them


class Entry(msgspec.Struct, gc=False):
    """A file of a package.

    `physical_key` is the `s3://` or `file://` address of its bytes and `size` their number. `hash` is None until the
    package is built or pushed. A million of them are held, so metadata stay as JSON until they are asked for.
    """

    physical_key: str
    size: int | float | None = None
    hash: Hash | None = None
    kept: Kept = NOTHING  # all metadata of the entry

    @property
    def metadata(self) -> Any:
        """All metadata of the entry as its manifest has them: mostly `{"user_meta": ...}`."""
        return shown(self.kept)

    @property
    def meta(self) -> dict[str, Any]:
        """The author's metadata. It is a copy: `set_meta` changes them."""
        if self.kept is NOTHING:
            return {}
        found = self.metadata
        meta = found.get(USER) if isinstance(found, dict) else None
        return meta if isinstance(meta, dict) else {}

    def set_meta(self, meta: Mapping[str, Any] | None) -> None:
        """Set the author's metadata; raises `PackageError` for what JSON cannot hold."""
        found = self.metadata
        self.kept = kept((found if isinstance(found, dict) else {}) | {USER: None if meta is None else checked(meta)})

    def copy(self) -> "Entry":
        """Return one like it, to be changed on its own."""
        return Entry(self.physical_key, self.size, self.hash, self.kept)

    def with_physical_key(self, address: str) -> "Entry":
        """Return one like it whose bytes are elsewhere."""
        return Entry(address, self.size, self.hash, self.kept)

    def line(self, logical_key: str) -> Line:
        """Return it as a manifest has it."""
        return Line(logical_key, [self.physical_key], self.size, self.hash, self.kept)

    def location(self) -> "Location":
        """Return where its bytes are; raises `PackageError` where that is no place that is known here."""
        from bucketdex.registry.storage import locate  # noqa: PLC0415, boto3 only where bytes are read

        return locate(self.physical_key)

    def get(self) -> str:
        """Return the path of its file on this machine, or its address in S3."""
        from bucketdex.registry.storage.local import path_of  # noqa: PLC0415

        return str(path_of(self.physical_key)) if self.physical_key.startswith("file:") else self.physical_key

    def get_bytes(self) -> bytes:
        """Return its bytes, compared with its hash; raises `PackageError` where they are others."""
        data = self.location().read()
        if fault := self.fault_of(data):
            raise PackageError(f"{self.physical_key} {fault}; it has been changed since the package was made")
        return data

    def get_text(self) -> str:
        """Return its bytes as text in UTF-8."""
        return self.get_bytes().decode()

    def get_as_json(self) -> Any:
        """Return what its JSON holds."""
        return self.deserialize(format="json")

    def fault_of(self, data: bytes) -> str | None:
        """Return how these bytes differ from those that it names, or None; what cannot be compared does not differ."""
        from bucketdex.hashing import agrees, digest_of, is_verifiable  # noqa: PLC0415

        if self.size is not None and self.size != len(data):
            return f"has {len(data)} bytes, not {self.size}"
        named = self.hash
        if named and is_verifiable(named.type) and not agrees(named.type, named.value, digest_of(named.type, data)):
            return f"has another {named.type} hash"
        return None

    def deserialize(
        self,
        func: Callable[[bytes], Any] | None = None,
        *,
        format: str | None = None,  # noqa: A002, what it is
        **options: Any,
    ) -> Any:
        """Return what its bytes mean, by the extension of its file or by `format` (such as `csv`).

        JSON as its value; CSV, TSV and Parquet as pandas' DataFrame; npy and npz as numpy's arrays; text and Markdown
        as a string; YAML as its value; each also within gzip. `options` go to the reader. `func` replaces all of that.
        Raises `PackageError` where no reader is known, and says what to install where its library is missing.
        """
        from bucketdex.registry.formats import deserialize, reader_of  # noqa: PLC0415

        if func:
            return func(self.get_bytes())
        name = os.path.basename(self.location().key)  # noqa: PTH119, a key is no path
        reader = reader_of(name, format)  # before the bytes are loaded
        return deserialize(reader, self.get_bytes(), name, options)

    def fetch(self, dest: str | os.PathLike[str] | None = None) -> Path:
        """Copy its bytes to a file on this machine and return that; compared with its hash before it gets its name.

        `dest` is the file, or a folder that exists; without it the file gets its own name in the current folder.
        """
        from bucketdex.registry.fetching.install import fetch_all  # noqa: PLC0415

        own = os.path.basename(self.location().key)  # noqa: PTH119, a key is no path
        path = Path(own if dest is None else dest).expanduser().absolute()
        if path.is_dir():
            path = path / own
        fetch_all([(path.name, self)], path.parent, names="here")
        return path

    def __call__(self, func: Callable[[bytes], Any] | None = None, **options: Any) -> Any:
        """Return what its bytes mean, as `deserialize`."""
        return self.deserialize(func, **options)
