"""What is kept of reads, and no longer."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bucketdex.index.deletion import delete_where
from bucketdex.index.mappings import READS_DAYS

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


def sweep(client: "OpenSearch", indexes: Sequence[str], today: date, time_is_up: Callable[[], bool]) -> int:
    """Delete the rows of days that are too long ago, and return how many; raises `Transient`, also for lack of time.

    A row that a late file just wrote may stay until the next time.
    """
    oldest = today - timedelta(days=READS_DAYS)
    query = {"range": {"day": {"lt": oldest.isoformat()}}}
    return delete_where(client, indexes, query, time_is_up=time_is_up, refresh=False)
