"""The packages: all of them, the newest first, or those that a query finds."""

from bucketdex.catalog import links
from bucketdex.catalog.answers import Page
from bucketdex.catalog.cards import card
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.pages.search import start_of
from bucketdex.http import Request
from bucketdex.searching.details import PackageList, packages_told
from bucketdex.searching.language.mistakes import QuerySyntaxError

PAGE = 20


def page(request: Request, edges: Edges) -> Page:
    """List packages."""
    text, registry, cursor = request.one("q").strip(), request.one("registry"), request.one("cursor")
    start = start_of(request.one("start")) if cursor else 0
    if registry:
        edges.bucket(registry)
    mistake = None
    try:
        found = packages_told(edges.opensearch, edges.viewer, text, registry or None, cursor or None, PAGE)
    except QuerySyntaxError as error:
        found, mistake = PackageList(0, []), error
    last = start + len(found.packages)
    return Page(
        "packages.html",
        {
            "title": "Packages",
            "text": text,
            "registry": registry,
            "registries": [bucket.name for bucket in edges.buckets],
            "mistake": mistake,
            "total": found.total,
            "cards": [card(hit, edges.viewer.buckets) for hit in found.packages],
            "first": start + 1,
            "last": last,
            "again": links.packages(text, registry) if start else "",
            "next": links.packages(text, registry, found.cursor, last) if found.cursor else "",
        },
        status=200 if mistake is None else 422,
    )
