"""What of a bucket gets a digest."""

from collections.abc import Callable

from bucketdex.control import Bucket, ControlTable, Hashing
from bucketdex.errors import Permanent, Transient

TRIES = 5  # each means that somebody else changed it at the same time


def change(name: str, control: ControlTable, changed: Callable[[Hashing], Hashing]) -> Bucket:
    """Change the setting of a bucket and return the bucket as it is then.

    Raises `Transient`, and `Permanent` where the bucket is not connected.
    """
    for _ in range(TRIES):
        bucket = connected(name, control)
        new = changed(bucket.hashing)
        if new == bucket.hashing or control.set_hashing(name, bucket.hashing, new):
            return connected(name, control)
    raise Transient(f"the settings of {name} are being changed by others; try again")


def connected(name: str, control: ControlTable) -> Bucket:
    """Return the bucket as the control table knows it; raises `Permanent` where it does not, and `Transient`."""
    bucket = next((it for it in control.buckets() if it.name == name), None)
    if bucket is None:
        raise Permanent(f"the bucket {name} is not connected; `bucketdex bucket list` shows those that are")
    return bucket
