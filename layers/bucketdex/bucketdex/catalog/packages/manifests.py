"""A manifest as S3 has it, read for a page: as much of it as a page may read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bucketdex.aws import refusals
from bucketdex.errors import Permanent, Transient
from bucketdex.manifest import Entry, Header, LineFault, Metadata, read
from bucketdex.manifest.layout import manifest_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_BYTES = 32 * 1024 * 1024  # of a manifest's file
MOST_UNPACKED = 96 * 1024 * 1024  # of its lines
MOST_ENTRIES = 100_000
HEADER_BYTES = 1024 * 1024  # the longest header that is looked at alone
PIECE_BYTES = 256 * 1024


class TooLargeError(Permanent):
    """A manifest is larger than a page may read."""


class Manifest(msgspec.Struct, frozen=True):
    """A manifest: its header, its entries by their logical keys, and metadata of its directories."""

    header: Header
    entries: dict[str, Entry]
    directories: dict[str, Any]
    problems: tuple[str, ...] = ()


def header_of(s3: "S3Client", registry: str, top_hash: str) -> Header | None:
    """Return the header of a manifest; None where it cannot be read. Raises `Transient`, `Permanent` for a refusal."""
    first = next(read(_pieces(s3, registry, top_hash, HEADER_BYTES)), None)
    return first.said if first and isinstance(first.said, Header) else None


def manifest_of(s3: "S3Client", registry: str, top_hash: str) -> Manifest:
    """Return a manifest, all of it.

    Raises `TooLargeError` for one of more than 100,000 entries or 32 MB, `Permanent` for one that is not there, refused
    or no manifest, and `Transient`.
    """
    lines = read(_pieces(s3, registry, top_hash, MOST_BYTES))
    first = next(lines).said
    if not isinstance(first, Header):
        raise Permanent(f"the manifest {top_hash[:12]} cannot be read: {first}")
    entries: dict[str, Entry] = {}
    directories: dict[str, Any] = {}
    problems: list[str] = []
    unpacked = 0
    for line in lines:
        unpacked += len(line.raw)
        match line.said:
            case Entry(logical_key=key) as entry:
                entries[key] = entry
            case Metadata(logical_key=key, meta=meta):
                directories[key] = meta
            case LineFault() as fault:
                problems.append(str(fault))
        if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED:
            raise too_large(top_hash)
    return Manifest(first, entries, directories, tuple(problems[:5]))


def too_large(top_hash: str) -> TooLargeError:
    """Return what is said of a manifest that is larger than a page may read."""
    return TooLargeError(
        f"the manifest {top_hash[:12]} has more than {MOST_ENTRIES:,} entries or {MOST_BYTES // 1024**2} MB, which is "
        "more than a page reads: use `bucketdex package` on a machine of yours"
    )


def _pieces(s3: "S3Client", registry: str, top_hash: str, most: int) -> Iterator[bytes]:
    """Yield the bytes of a manifest, at most so many: where there are more, a header is read and all else refused."""
    name = f"s3://{registry}/{manifest_key(top_hash)}"
    try:
        answer: Any = s3.get_object(Bucket=registry, Key=manifest_key(top_hash))
        if most == MOST_BYTES and answer["ContentLength"] > most:
            raise too_large(top_hash)
        body = answer["Body"]
        try:
            left = most
            while left > 0 and (piece := body.read(min(left, PIECE_BYTES))):
                left -= len(piece)
                yield piece
        finally:
            body.close()
    except ClientError as error:
        refusals.raise_if_transient(error, registry, manifest_key(top_hash))
        said = (
            "is not there any more" if refusals.code(error) in refusals.GONE else f"is refused: {refusals.said(error)}"
        )
        raise Permanent(f"the manifest {name} {said}") from error
    except (BotoCoreError, HTTPError, OSError) as error:
        told = f"the manifest {name} cannot be read now"
        raise Transient(f"{told}: {error}", told) from error
