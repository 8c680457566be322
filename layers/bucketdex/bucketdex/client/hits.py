"""What a search finds, as Python has it: the fields of the API's hits, their address, and their bytes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex import changes
from bucketdex.client.connection import Connection, connection
from bucketdex.client.errors import SearchError
from bucketdex.manifest.layout import manifest_key, physical, s3_uri
from bucketdex.searching import hits

if TYPE_CHECKING:
    import io

STACK = "stack"  # where a hit keeps who found it, beside its fields


class Addressed:
    """What is kept in S3, under an address."""

    __slots__ = ()

    @property
    def uri(self) -> str:
        """The address of its bytes, as manifests and `bucketdex.Package` take it: quoted, and with the version."""
        raise NotImplementedError

    def open(self) -> "io.BufferedReader":
        """Return its bytes as a file that can seek, of the version that was found.

        Where the bucket keeps no versions it is the state of now, and reading fails if that is replaced meanwhile.
        Raises `SearchError` for what has no bytes in S3, `AbsentError` where they are no more, and `PackageError` where
        S3 refuses.
        """
        from bucketdex.client.opening import opened  # noqa: PLC0415, boto3 only where bytes are read

        named = physical(self.uri)
        if named is None:
            raise SearchError(f"{self} has no bytes in S3 that can be opened")
        stack = self.__dict__.get(STACK) or connection()  # one that was pickled asks the usual stack
        return opened(stack.s3(), named)

    def __str__(self) -> str:
        return self.uri


class Author(changes.Author, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """Who wrote an object, also as a newer stack tells it."""


class ObjectHit(Addressed, hits.ObjectHit, frozen=True, omit_defaults=True, kw_only=True, tag="object", dict=True):
    """An object."""

    written_by: Author | None = None

    @property
    def uri(self) -> str:
        """The address of its bytes, as manifests and `bucketdex.Package` take it: quoted, and with the version."""
        return s3_uri(self.bucket, self.key, None if self.version_id == "null" else self.version_id)


class PackageHit(Addressed, hits.PackageHit, frozen=True, omit_defaults=True, kw_only=True, tag="package", dict=True):
    """A revision of a package; its bytes are those of its manifest."""

    @property
    def uri(self) -> str:
        """The address of its manifest, or of its registry where no top hash is known."""
        return s3_uri(self.bucket, manifest_key(self.top_hash)) if self.top_hash else f"s3://{self.bucket}"

    def __str__(self) -> str:
        return f"{self.handle or '(no handle)'}@{(self.top_hash or '')[:12]} in s3://{self.bucket}"


class EntryHit(Addressed, hits.EntryHit, frozen=True, omit_defaults=True, kw_only=True, tag="entry", dict=True):
    """An entry of a package."""

    @property
    def uri(self) -> str:
        """The address of its bytes, as the manifest has it; nothing where it has none."""
        return self.physical_key or ""

    def __str__(self) -> str:
        package = self.handles[0] if self.handles else self.top_hash[:12]
        return f"{self.logical_key} in {package} ({self.uri})"


type Hit = ObjectHit | PackageHit | EntryHit
OF_KIND: dict[str, type[Addressed]] = {"object": ObjectHit, "package": PackageHit, "entry": EntryHit}


class Page(msgspec.Struct, frozen=True):
    """An answer of the API; without a cursor it is the last. Where nothing is found, `did_you_mean` may be a query."""

    total: int
    totals: dict[str, int]
    hits: list[ObjectHit | PackageHit | EntryHit]
    cursor: str | None = None
    did_you_mean: str | None = None


def found_by[T: Iterable[Any]](stack: Connection, found: T) -> T:
    """Return hits that know whose S3 they are in."""
    for hit in found:
        hit.__dict__[STACK] = stack
    return found
