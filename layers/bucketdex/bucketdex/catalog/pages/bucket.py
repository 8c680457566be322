"""A bucket: how much is in it, of what, how it grew, and whether the index agrees with it."""

import msgspec

from bucketdex.catalog import formats, links
from bucketdex.catalog.answers import Page
from bucketdex.catalog.edges import Edges
from bucketdex.health.buckets import bucket_health
from bucketdex.health.lag import Documents, lag_and_documents
from bucketdex.http import Request
from bucketdex.searching.facets import growth
from bucketdex.searching.facets.growth import Month
from bucketdex.searching.language.editing import with_value
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import Query

WIDE, HIGH = 640, 200  # of the plot
LEFT, BOTTOM, TOP = 56, 24, 8  # what its labels take
LINES = 4


class Line(msgspec.Struct, frozen=True):
    """A line of the grid, and what it says."""

    y: float
    text: str


class Plot(msgspec.Struct, frozen=True):
    """How the bytes grew, as a curve and the area below it."""

    curve: str
    area: str
    lines: tuple[Line, ...]
    first: str
    last: str


def page(_request: Request, edges: Edges, bucket: str) -> Page:
    """Tell of a bucket."""
    connected = edges.bucket(bucket)
    grown = growth(edges.opensearch, edges.viewer, bucket)
    _, documents = lag_and_documents(edges.opensearch, edges.viewer, edges.clock())
    of_bucket = with_value(Query(), "bucket", bucket)
    return Page(
        "bucket.html",
        {
            "title": bucket,
            "bucket": bucket,
            "setting": connected,
            "health": bucket_health(edges.control, connected, documents.get(bucket, Documents())),
            "grown": grown,
            "plot": plot(grown.months),
            "all": links.search(written(of_bucket)),
            "newest": links.search(written(of_bucket), "newest"),
            "extensions": [
                (it, links.search(written(with_value(of_bucket, "ext", it.extension)))) for it in grown.extensions
            ],
            "packages": links.search(written(with_value(of_bucket, "type", "package"))),
        },
    )


def plot(months: list[Month]) -> Plot | None:
    """Return the plot of what is in a bucket, month by month; None where there is but one."""
    if len(months) < 2 or not (most := months[-1].bytes):
        return None
    across, up = (WIDE - LEFT - 8) / (len(months) - 1), (HIGH - BOTTOM - TOP) / most
    points = [
        (round(LEFT + place * across, 1), round(HIGH - BOTTOM - month.bytes * up, 1))
        for place, month in enumerate(months)
    ]
    curve = " ".join(f"{x},{y}" for x, y in points)
    floor = HIGH - BOTTOM
    lines = [
        Line(round(floor - share * (floor - TOP) / LINES, 1), formats.size(most * share / LINES))
        for share in range(LINES + 1)
    ]
    return Plot(
        curve, f"{LEFT},{floor} {curve} {points[-1][0]},{floor}", tuple(lines), months[0].month, months[-1].month
    )
