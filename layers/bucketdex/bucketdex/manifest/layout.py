"""Where a registry keeps its packages, and how the bytes of an entry are named: keys and `s3://` addresses.

.quilt/packages/<top hash>                            a manifest
.quilt/named_packages/<author>/<name>/<unix time>     a pointer: a small text file that holds a top hash
.quilt/named_packages/<author>/<name>/latest          the pointer to the newest revision
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode

PACKAGES = ".quilt/packages/"
NAMED = ".quilt/named_packages/"
WORKFLOWS = ".quilt/workflows/config.yml"
LATEST = "latest"
HANDLE = re.compile(r"[\w-]+/[\w-]+")  # the reference client's rule
TOP_HASH = re.compile(r"[0-9a-f]{64}")
PLAIN_VERSION = re.compile(r"versionId=[\w.-]+", re.ASCII)  # as S3 makes them
LATEST_SECOND = 253_402_300_799  # the last of the year 9999


class ManifestName(NamedTuple):
    """The key of a manifest; `top_hash` is its last part, whatever that is."""

    top_hash: str


class PointerName(NamedTuple):
    """The key of a pointer: `revision` is `latest`, or the Unix time at which the revision was made."""

    handle: str
    revision: str

    @property
    def latest(self) -> bool:
        """Whether it names the newest revision."""
        return self.revision == LATEST

    @property
    def created(self) -> datetime | None:
        """When the revision was made, if its name tells."""
        seconds = self.revision
        if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= 12 and int(seconds) <= LATEST_SECOND):
            return None
        return datetime.fromtimestamp(int(seconds), UTC)


class Physical(NamedTuple):
    """Where the bytes of an entry are in S3."""

    bucket: str
    key: str
    version_id: str | None = None


def manifest_key(top_hash: str) -> str:
    """Return the key of a manifest."""
    return PACKAGES + top_hash


def pointer_key(handle: str, revision: str = LATEST) -> str:
    """Return the key of a pointer."""
    return f"{NAMED}{handle}/{revision}"


def parse(key: str) -> ManifestName | PointerName | None:
    """Return what a key of a registry names; None for every other key."""
    if key.startswith(PACKAGES):
        name = key.removeprefix(PACKAGES)
        return ManifestName(name) if name and "/" not in name else None
    if key.startswith(NAMED):
        parts = key.removeprefix(NAMED).split("/")
        return PointerName(f"{parts[0]}/{parts[1]}", parts[2]) if len(parts) == 3 and all(parts) else None
    return None


def fault_of_handle(handle: str) -> str | None:
    """Return why a package cannot have this handle, or None."""
    if HANDLE.fullmatch(handle):
        return None
    return f"{handle[:100]!r} is no handle of a package: AUTHOR/NAME, each of letters, digits, _ and -"


def pointed_at(content: bytes) -> str | None:
    """Return the top hash that a pointer's content names, or None."""
    try:
        found = content.decode("ascii").strip().lower()
    except UnicodeDecodeError:
        return None
    return found if TOP_HASH.fullmatch(found) else None


def physical(address: str) -> Physical | None:
    """Return what an `s3://` address names, read as the reference client reads it; None for every other address."""
    if not address.startswith("s3://"):
        return None
    where, _, query = address[5:].partition("?")
    if "#" in address:
        where, query = where.partition("#")[0], "" if "#" in where else query.partition("#")[0]
    bucket, _, key = where.partition("/")
    if "%" in key:
        key = unquote(key)
    version: str | None = None
    if query:
        version = query[10:] if PLAIN_VERSION.fullmatch(query) else parse_qs(query).get("versionId", [None])[0]
    return Physical(bucket, key, version) if bucket and key else None


def s3_uri(bucket: str, key: str, version_id: str | None = None) -> str:
    """Return the address as the reference client writes it."""
    query = f"?{urlencode({'versionId': version_id})}" if version_id else ""
    return f"s3://{bucket}{quote('/' + key)}{query}"
