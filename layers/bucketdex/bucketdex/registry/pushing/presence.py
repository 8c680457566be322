"""Whether bytes that an earlier push has put, or refers to, are still there: they may have been deleted since."""

from collections.abc import Mapping
from itertools import islice

from bucketdex.manifest.layout import physical
from bucketdex.registry.concurrently import each
from bucketdex.registry.errors import PackageError
from bucketdex.registry.sources import local_path
from bucketdex.registry.storage.local import path_of
from bucketdex.registry.storage.protocol import Storage
from bucketdex.registry.storage.s3 import Bucket

THREADS = 24  # requests that wait for their answers at the same time
FEW = 20  # addresses that are rather asked for one by one than by a listing
LISTED = 20_000  # versions that are listed at least, however few addresses there are


def present(storage: Storage, prefix: str, told: Mapping[str, int | float | None]) -> set[str]:
    """Return which of the addresses are of something that is there, with the size that is told of each.

    Objects are mostly under the prefix, and their versions the latest: a listing tells those, a thousand in a request.
    What these credentials may not look at counts as absent. Raises `Transient`.
    """
    found = {address for address in told if _is_file(address, told[address])}
    if not isinstance(storage, Bucket):
        return found
    if len(told) > FEW:
        found |= _listed(storage, prefix, told)

    def ask(address: str) -> None:
        if _is_object(storage, address, told[address]):
            found.add(address)

    left = [address for address in told if address not in found]
    each(ask, left, min(THREADS, len(left)))
    return found


def _listed(bucket: Bucket, prefix: str, told: Mapping[str, int | float | None]) -> set[str]:
    try:
        there = ((bucket.address(it.key, it.version_id), it.size) for it in bucket.list(prefix, versions=True))
        return {address for address, size in islice(there, max(LISTED, 2 * len(told))) if told.get(address) == size}
    except PackageError:  # versions may not be listed
        return set()


def _is_object(bucket: Bucket, address: str, size: float | None) -> bool:
    where = physical(address)
    if where is None:
        return False
    try:
        there = Bucket(where.bucket, bucket.s3).head(where.key, where.version_id)
    except PackageError:
        return False
    return there is not None and there.size == size


def _is_file(address: str, size: float | None) -> bool:
    if not local_path(address):
        return False
    path = path_of(address)
    return path.is_file() and path.stat().st_size == size
