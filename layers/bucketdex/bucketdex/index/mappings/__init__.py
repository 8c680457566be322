"""What OpenSearch knows of our documents: analysis and mappings, strict, with a version for each kind."""

from bucketdex.index.mappings.entries import ENTRIES_VERSION, ENTRY, entries_index
from bucketdex.index.mappings.objects import OBJECT, OBJECTS_ADDED, OBJECTS_VERSION, objects_index, unknown_to
from bucketdex.index.mappings.packages import PACKAGE, PACKAGES_VERSION, packages_index
from bucketdex.index.mappings.reads import READS, READS_DAYS, READS_VERSION, reads_index

__all__ = [
    "ENTRIES_VERSION",
    "ENTRY",
    "OBJECT",
    "OBJECTS_ADDED",
    "OBJECTS_VERSION",
    "PACKAGE",
    "PACKAGES_VERSION",
    "READS",
    "READS_DAYS",
    "READS_VERSION",
    "entries_index",
    "objects_index",
    "packages_index",
    "reads_index",
    "unknown_to",
]
