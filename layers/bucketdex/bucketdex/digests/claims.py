"""What S3 claims of an object's bytes, held against the bytes where they are read anyway."""

from collections.abc import Collection, Iterable, Mapping

from bucketdex.changes import Checksum
from bucketdex.digests.kept import FULL
from bucketdex.hashing import CHUNKED, SHA256, is_verifiable

ALWAYS = frozenset({SHA256, CHUNKED})


def to_compute(kept: Collection[Checksum]) -> frozenset[str]:
    """Return the types, besides the digests that are computed in any case, that can be compared with what S3 keeps."""
    return frozenset(it.type for it in kept if _is_claim(it) and is_verifiable(it.type)) - ALWAYS


def computed(kept: Collection[Checksum], values: Mapping[str, str]) -> tuple[Checksum, ...]:
    """Return what was computed, as it is kept: the digests, and of the rest what contradicts S3."""
    claimed = {it.type: it.value for it in kept if _is_claim(it)}
    return tuple(
        Checksum(type_, value, "computed")
        for type_, value in values.items()
        if type_ in ALWAYS or claimed.get(type_, value) != value
    )


def contradiction(checksums: Iterable[Checksum]) -> str | None:
    """Return what is to be said where the bytes have another checksum than S3 says, or None."""
    checksums = list(checksums)
    found = {it.type: it.value for it in checksums if it.origin == "computed"}
    said = dict.fromkeys(
        f"its bytes have the {it.type} {found[it.type]}, S3 says {it.value}"
        for it in checksums
        if _is_claim(it) and found.get(it.type, it.value) != it.value
    )
    return "; ".join(said) or None


def _is_claim(it: Checksum) -> bool:
    """Whether it is of the whole object by what S3 says: kept of it in full, or combined from what is kept of parts."""
    return it.origin == "combined" or (it.origin == "s3" and it.scope == FULL)
