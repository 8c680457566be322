"""One line of a manifest: the header, an entry, or metadata of a directory.

Nearly all lines are plain and decoded by msgspec. What msgspec does not take but Python's `json` does (NaN, lone
surrogates, a hash of another shape) is decoded by that, as the reference client does, so both see the same values.
"""

import json
from typing import Any

import msgspec

VERSION = "v0"
NO_META = msgspec.Raw(b"{}")


class Hash(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A digest of an entry's bytes. Types that nobody knows are kept as they are."""

    type: str
    value: str


class Header(msgspec.Struct, frozen=True):
    """The first line; `fields` is all of it, the other attributes are what is understood of it."""

    fields: dict[str, Any]

    @property
    def version(self) -> Any:
        """The version of the format, `v0`."""
        return self.fields.get("version")

    @property
    def message(self) -> str | None:
        """What the author said of this revision."""
        message = self.fields.get("message")
        return message if isinstance(message, str) else None

    @property
    def user_meta(self) -> dict[str, Any]:
        """The author's metadata of the package; a `null`, as old clients wrote it, is none."""
        found = self.fields.get("user_meta")
        return found if isinstance(found, dict) else {}

    @property
    def workflow(self) -> dict[str, Any] | None:
        """The workflow that was applied when it was pushed."""
        found = self.fields.get("workflow")
        return found if isinstance(found, dict) else None


class Entry(msgspec.Struct, frozen=True):
    """A file of the package. `meta` is the JSON as it stands, or the value where only Python's `json` could read it."""

    logical_key: str
    physical_keys: list[str]
    size: int | float | None = None
    hash: Hash | None = None
    meta: msgspec.Raw | Any = NO_META

    @property
    def metadata(self) -> Any:
        """The metadata as a value."""
        return json.loads(bytes(self.meta)) if isinstance(self.meta, msgspec.Raw) else self.meta


class Metadata(msgspec.Struct, frozen=True):
    """Metadata of a directory: an entry without physical keys. It is not part of the top hash."""

    logical_key: str
    meta: Any


class LineFault(msgspec.Struct, frozen=True):
    """A line that cannot be read, or that no manifest should have; `str()` names it."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class _Line(msgspec.Struct):
    logical_key: str
    physical_keys: list[str] | None = None
    size: int | float | None = None
    hash: Hash | None = None
    meta: msgspec.Raw = NO_META


_decode = msgspec.json.Decoder(_Line).decode


def header(line: bytes) -> Header:
    """Read the first line; raises `ValueError`."""
    fields = _json(line)
    if not isinstance(fields, dict):
        raise ValueError("the header is not a JSON object")  # noqa: TRY004, a ValueError like every fault of a line
    if "logical_key" in fields:
        raise ValueError("the header is missing: the first line is an entry")
    if fields.get("version") != VERSION:
        raise ValueError(f"the version is {fields.get('version')!r}, only {VERSION!r} is known")
    return Header(fields)


def entry(line: bytes) -> Entry | Metadata:
    """Read another line; raises `ValueError`."""
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _slow(line)
    if found.physical_keys:
        return Entry(found.logical_key, found.physical_keys, found.size, found.hash, found.meta)
    return Metadata(found.logical_key, _json(bytes(found.meta)))


def _slow(line: bytes) -> Entry | Metadata:
    """Read a line as the reference client does."""
    found = _json(line)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004
    key, keys, meta = found.get("logical_key"), found.get("physical_keys"), found.get("meta", {})
    if not isinstance(key, str):
        raise ValueError(f"the logical key is {_shown(key)}, not a string")  # noqa: TRY004
    if not keys:
        return Metadata(key, meta)
    if not isinstance(keys, list) or not all(isinstance(each, str) for each in keys):
        raise ValueError(f"the physical keys are {_shown(keys)}, not a list of strings")
    size, digest = found.get("size"), found.get("hash")
    if isinstance(size, bool) or not isinstance(size, int | float | None):
        raise ValueError(f"the size is {_shown(size)}, not a number")  # noqa: TRY004
    if digest is None:
        return Entry(key, keys, size, None, meta)
    if not isinstance(digest, dict) or digest.keys() != {"type", "value"}:
        raise ValueError(f"the hash is {_shown(digest)}, not a type and a value")
    if not all(isinstance(each, str) for each in digest.values()):
        raise ValueError(f"the hash is {_shown(digest)}, not two strings")
    return Entry(key, keys, size, Hash(**digest), meta)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from error


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:100] + "..."
