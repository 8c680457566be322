"""What the commands of `bucketdex bucket` touch, of the stack that they work with."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bucketdex.buckets.connect import Edges

NEEDED = ("BUCKETDEX_CONTROL_TABLE", "BUCKETDEX_OPENSEARCH_URL")


def edges_here() -> "Edges":
    """Return the clients and queues of the stack of the environment, or of the one that runs here."""
    from bucketdex.aws import clients, settings
    from bucketdex.buckets.connect import Edges
    from bucketdex.cli.here import adopt, queues
    from bucketdex.control import ControlTable

    adopt(*NEEDED)
    named = queues()
    return Edges(
        s3=clients.s3(),
        sqs=clients.sqs(),
        opensearch=clients.opensearch(settings.opensearch()),
        control=ControlTable(clients.dynamodb(), settings.control().table),
        object_events_url=named["ObjectEvents"].url,
        bulk_events_url=named["BulkEvents"].url,
    )
