"""The control table: which buckets are connected, and which generations of the index are written and read."""

from bucketdex.control.table import Bucket, ControlTable, Entries, Events, Generation, Hashing, View

__all__ = ["Bucket", "ControlTable", "Entries", "Events", "Generation", "Hashing", "View"]
