"""A package: its latest revision."""

from bucketdex.catalog.answers import Page
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.pages import revision
from bucketdex.http import Request


def page(request: Request, edges: Edges, registry: str, author: str, name: str) -> Page:
    """Show the latest revision of a package."""
    return revision.page(request, edges, registry, author, name, "")
