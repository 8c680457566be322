"""The manifest of a package, as `quilt3` writes and reads it: parse, write, top hash. No AWS in here."""

from bucketdex.manifest.lines import Entry, Hash, Header, LineFault, Metadata
from bucketdex.manifest.reader import read, resume
from bucketdex.manifest.top_hash import TopHashError, top_hash
from bucketdex.manifest.verify import Verification, faults, verify
from bucketdex.manifest.writer import write

__all__ = [
    "Entry",
    "Hash",
    "Header",
    "LineFault",
    "Metadata",
    "TopHashError",
    "Verification",
    "faults",
    "read",
    "resume",
    "top_hash",
    "verify",
    "write",
]
