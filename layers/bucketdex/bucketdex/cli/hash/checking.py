"""Lists of digests, as `sha256sum` and `bucketdex hash --json` write them, read to be checked."""

import re
from collections.abc import Iterator

import msgspec

from bucketdex.hashing import CHUNKED, CRC64NVME, SHA256

COREUTILS = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)", re.DOTALL)
BSD = re.compile(r"(\\?)SHA256 \((.+)\) = ([0-9a-fA-F]{64})", re.DOTALL)
ESCAPES = {"\\n": "\n", "\\r": "\r", "\\\\": "\\"}
KINDS = (SHA256, CHUNKED, CRC64NVME)


class Expected(msgspec.Struct, frozen=True):
    """A file and the digests (type -> value) that it should have."""

    path: str
    values: dict[str, str]


def expected(text: str) -> Iterator[Expected | int]:
    """Yield what each line expects, or the number of a line that says nothing that is understood.

    Empty lines, and comments that begin with `#`, are passed over.
    """
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")  # noqa: PLW2901, of lists that were made on Windows
        if line and not line.startswith("#"):
            yield _read(line) or number


def escaped(path: str) -> tuple[str, str]:
    """Return a path as `sha256sum` prints it, and what stands before the line."""
    shown = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return shown, "\\" if shown != path else ""


def _read(line: str) -> Expected | None:
    if match := COREUTILS.fullmatch(line):
        return Expected(_unescaped(match[3], match[1]), {SHA256: match[2].lower()})
    if match := BSD.fullmatch(line):
        return Expected(_unescaped(match[2], match[1]), {SHA256: match[3].lower()})
    try:
        told = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("path"), str):
        return None
    values = {kind: told[kind] for kind in KINDS if isinstance(told.get(kind), str)}
    if SHA256 in values:
        values[SHA256] = values[SHA256].lower()
    return Expected(told["path"], values) if values else None


def _unescaped(path: str, escape: str) -> str:
    return re.sub(r"\\[nr\\]", lambda found: ESCAPES[found[0]], path) if escape else path
