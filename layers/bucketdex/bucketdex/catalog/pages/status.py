"""How the stack is: lag, queues, what was set aside and how it is replayed, checks of buckets, the index itself."""

from bucketdex.catalog.answers import Page
from bucketdex.catalog.edges import Edges
from bucketdex.health.told import Health, health
from bucketdex.http import Request

SLOW_SECONDS = 60  # of lag, worth a look


def page(_request: Request, edges: Edges) -> Page:
    """Tell how the stack is."""
    told = health(edges.opensearch, edges.control, edges.sqs, edges.queues, edges.viewer, edges.clock)
    return Page("status.html", {"title": "Status", "health": told, "verdict": verdict(told)})


def verdict(told: Health) -> tuple[str, str]:
    """Return what is to be said first of the stack, and its tone."""
    if told.problems:
        return "Not everything can be told", "bad"
    if told.dead_letters:
        return "Something was set aside", "bad"
    if told.differing:
        return "The last checks found differences, which were sent to be mended", "warn"
    # Not the worst: one object whose tags were set later looks like one that was indexed late.
    if told.lag and (told.lag.p95_seconds or 0) > SLOW_SECONDS:
        return "The index may have been behind within the last hour", "warn"
    if not told.settled:
        return "Changes are under way", "info"
    return "All is settled", "good"
