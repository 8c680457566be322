"""What a source of events says: something happened to this key. A hint, never the truth; that is read from S3."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

Source = Literal["s3", "eventbridge", "cloudtrail", "bucketdex"]

MAX_KEY_BYTES = 1024  # S3's own limit
MAX_BUCKET_CHARACTERS = 255  # of the oldest buckets; today's have at most 63
NO_VERSION = "null"  # as S3 calls the version that a key has while its bucket has no versions
EARLIEST = 2006  # the year in which S3 began; a clock before that is none


class Author(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who wrote a version: the kind of principal, its name, and the session of a role."""

    type: str | None = None
    name: str | None = None
    session: str | None = None


class Checksum(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A digest of an object's bytes, and where it comes from.

    `origin` is `computed` (its bytes were read here), `s3` (as S3 keeps it), or `combined` (by arithmetic from what S3
    keeps). `SHA256` of a full object is in hex whatever its origin, all else as S3 and manifests write it, in base64.
    `scope` is S3's ChecksumType: `FULL_OBJECT`, or `COMPOSITE` for a checksum of the parts' checksums.
    """

    type: str
    value: str
    origin: str
    scope: str | None = None


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What somebody learned about one version of an object that S3 itself will not tell again, or not for nothing.

    It counts only while both `version_id` and `etag` are those of the object; in a bucket without versions the version
    id is None or `null`. Where the etag is not known (None) the version id has to say it alone, so it must be one that
    only one version has. `digest_note` says what digest there is not, and why; `written_at` is when it was written by
    `written_by`.
    """

    etag: str | None
    version_id: str | None = None
    checksums: tuple[Checksum, ...] = ()
    digest_note: str | None = None
    written_by: Author | None = None
    written_at: datetime | None = None

    def is_about(self, version_id: str | None, etag: str | None) -> bool:
        """Whether it is about the object with this version id and etag."""
        if self.etag is None:
            return is_unique(self.version_id) and self.version_id == version_id
        return (self.version_id or NO_VERSION) == (version_id or NO_VERSION) and self.etag == etag


class ObjectChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something happened to `key` in `bucket`.

    `size`, `version_id` and `etag` are what the event says of the object, if anything; `time` is when it happened.
    `made`: what happened made `version_id`, which is an object's version or a delete marker. `facts_only`: nothing
    happened, the message only brings `facts`.
    """

    bucket: str
    key: str
    source: Source
    event: str
    time: datetime | None = None
    size: int | None = None
    version_id: str | None = None
    etag: str | None = None
    sequencer: str | None = None
    facts: tuple[Fact, ...] = ()
    facts_only: bool = False
    made: bool = False


def is_unique(version_id: str | None) -> bool:
    """Whether only one version, or delete marker, of a key can have this id."""
    return version_id not in (None, "", NO_VERSION)


def when(time: datetime | None) -> datetime | None:
    """Return the time that an event gives, in UTC where it names no zone; None where it cannot be one of S3's."""
    if time is None or not EARLIEST <= time.year < 9999:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def fault_of_bucket(name: str) -> str | None:
    """Return why no bucket can have this name, or None."""
    if not name:
        return "the bucket has no name"
    return f"{name[:100]!r}... is too long for a bucket's name" if len(name) > MAX_BUCKET_CHARACTERS else None


def fault_of_key(key: str) -> str | None:
    """Return why S3 can have no such key, or None."""
    if not key:
        return "the key is empty"
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return "the key is not valid Unicode"
    return f"the key has {length} bytes, S3 allows {MAX_KEY_BYTES}" if length > MAX_KEY_BYTES else None
