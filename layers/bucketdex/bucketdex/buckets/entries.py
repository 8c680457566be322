"""Which manifests of a bucket keep their entries searchable: those that a `latest` names, or all."""

from bucketdex.buckets.connect import Edges, Progress, silent
from bucketdex.buckets.contents import send_contents
from bucketdex.control import Entries
from bucketdex.errors import Permanent
from bucketdex.manifest.layout import PACKAGES


def keep(name: str, entries: Entries, edges: Edges, progress: Progress = silent) -> int:
    """Say it of the bucket, have each of its manifests looked at again, and return how many there are.

    Repeated it does no harm, and completes a run that was broken off. Raises `Transient`, and `Permanent` where the
    bucket is not connected.
    """
    progress("register", 0)
    if not edges.control.set_entries(name, entries):
        raise Permanent(f"the bucket {name} is not connected; `bucketdex bucket list` shows those that are")
    return send_contents(
        edges.s3, edges.sqs, name, edges.bulk_events_url, lambda keys: progress("list", keys), prefix=PACKAGES
    )
