"""What may be read for a digest: a bucket's setting, and what S3 would charge for."""

from bucketdex.control import Hashing
from bucketdex.digests.kept import ARCHIVED_CLASSES

# Those that S3 lets read for no fee by the byte; what was archived and is restored was paid for by who restored it.
FREE_CLASSES = frozenset({"STANDARD", "INTELLIGENT_TIERING", "REDUCED_REDUNDANCY", *ARCHIVED_CLASSES})
LEFT_OUT = "SHA256 left out: the object was read by ranges, whose digests do not make a plain SHA-256"
SETTING = "bucketdex bucket set"


def refused(said: str) -> str:
    """Return the note of an object that S3 does not let be read, in S3's words."""
    return f"not read for a digest: S3 refuses: {said}"


def refusal(hashing: Hashing, key: str, size: int, storage_class: str, archived: bool) -> str | None:
    """Return why an object is not read for its digest, and what would change that; None where it may be."""
    why = None
    if hashing.mode != "read":
        why = f"the bucket's setting is to take only what S3 keeps ({SETTING} --hash read)"
    elif archived:
        why = f"it is archived ({storage_class}) and would have to be restored first"
    elif (excluded := next(filter(key.startswith, hashing.without), None)) is not None:
        why = f"the bucket's setting leaves out keys that begin with {excluded} ({SETTING} --hash-without)"
    elif hashing.prefixes and not key.startswith(hashing.prefixes):
        wanted = ", ".join(hashing.prefixes)
        why = f"the bucket's setting is for keys that begin with {wanted} ({SETTING} --hash-prefix)"
    elif hashing.largest is not None and size > hashing.largest:
        why = f"it has {size:,} bytes, the bucket's setting allows {hashing.largest:,} ({SETTING} --hash-largest)"
    elif hashing.storage_classes and storage_class not in hashing.storage_classes:
        why = f"it is in {storage_class}, the bucket's setting is for others ({SETTING} --hash-class)"
    elif not hashing.storage_classes and storage_class not in FREE_CLASSES:
        why = f"S3 may charge for what is read of {storage_class} ({SETTING} --hash-class names all classes to read)"
    return f"not read for a digest: {why}" if why else None
