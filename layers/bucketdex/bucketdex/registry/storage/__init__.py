"""Where registries and data are kept: one small protocol, a local folder, S3, and a place for others."""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bucketdex.manifest.layout import physical
from bucketdex.registry.errors import PackageError
from bucketdex.registry.storage.local import LocalFolder, path_of
from bucketdex.registry.storage.protocol import ABSENT, Location, Stat, Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["ABSENT", "Location", "Stat", "Storage", "address_of", "default_registry", "locate", "storage_of"]


BARE_WORD = re.compile(r"[\w-][\w.-]*")  # a name that may be meant for a bucket


def storage_of(uri: str | os.PathLike[str], s3: "S3Client | None" = None) -> Storage:
    """Return the storage of a registry: `s3://bucket`, a folder's path, or its `file://` address.

    `s3` is the client for S3; without one, the usual one is made. Nothing is asked of S3, and no folder is made, before
    something is read or written. Raises `PackageError` for what is no registry.
    """
    text = os.fspath(uri)
    if text.startswith("s3://"):
        bucket, _, rest = text[5:].partition("/")
        if not bucket or rest:
            raise PackageError(
                f"{text!r} is no registry: in S3 that is a whole bucket, such as s3://{bucket or 'my-data'}"
            )
        return _bucket(bucket, s3)
    if isinstance(uri, str) and BARE_WORD.fullmatch(text) and not path_of(text).is_dir():
        raise PackageError(f"there is no folder {text}; the bucket is s3://{text}, a new folder is ./{text}")
    return LocalFolder(path_of(text))


def locate(address: str, s3: "S3Client | None" = None) -> Location:
    """Return where the bytes of an entry are, from its physical key; raises `PackageError`."""
    if named := physical(address):
        return Location(_bucket(named.bucket, s3), named.key, named.version_id)
    if not address.startswith("file://"):
        raise PackageError(f"{address!r} is no place that is known here: s3://bucket/key or file:///path")
    path = path_of(address)
    return Location(LocalFolder(path.parent), path.name)


def address_of(source: str | os.PathLike[str]) -> str:
    """Return the physical key of a file: an `s3://` address as it is, anything else as the `file://` address."""
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"a source is a path, an s3:// address or an entry of a package, not {type(source).__name__}")
    text = os.fspath(source)
    return text if text.startswith("s3://") else path_of(text).as_uri()


def default_registry() -> str:
    """Return the registry that is meant where none is named: `BUCKETDEX_REGISTRY`, or a folder of the user's."""
    if named := os.environ.get("BUCKETDEX_REGISTRY"):
        return named
    if sys.platform == "win32":
        data = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local"
    elif sys.platform == "darwin":
        data = Path.home() / "Library/Application Support"
    else:
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return str(Path(data) / "bucketdex" / "packages")


def _bucket(name: str, s3: "S3Client | None") -> Storage:
    from bucketdex.registry.storage.s3 import Bucket  # noqa: PLC0415, boto3 only where S3 is used

    if s3 is None:
        from bucketdex.aws import clients  # noqa: PLC0415

        s3 = clients.transfer_s3()
    return Bucket(name, s3)
