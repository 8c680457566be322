"""Addresses that lead nowhere as they stand, as people type them or cut them short, and the page that was meant.

All of them lead to a path of our own: its pattern is one of `routing`, so that none begins with two slashes.
"""

from collections.abc import Callable

from bucketdex.catalog import links, routing
from bucketdex.catalog.assets import address_of
from bucketdex.http import Answer, Request, redirect
from bucketdex.searching.language.editing import with_value
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import Query

API, API_DOCS = "/api", "/api/docs"  # the load balancer sends what is below the first to the API
FOR_GOOD, FOR_NOW = 308, 302
# What is asked for without a page that names it, and the parts of addresses, each with where it leads.
MEANT: tuple[tuple[str, int, Callable[..., str]], ...] = (
    ("/favicon.ico", FOR_NOW, lambda: address_of("mark.svg")),  # its address changes with its contents
    (API, FOR_GOOD, lambda: API_DOCS),
    ("/b", FOR_GOOD, links.home),
    ("/b/{bucket}/object", FOR_NOW, links.folder),
    ("/p", FOR_GOOD, links.packages),
    ("/p/{registry}", FOR_GOOD, lambda registry: links.packages(registry=registry)),
    ("/p/{registry}/{author}", FOR_GOOD, lambda registry, author: links.packages(by(author), registry)),
)


def moved(request: Request) -> Answer | None:
    """Return the way to the page that was meant, with what was asked of it; None where none is known."""
    path = request.path.rstrip("/")
    short = Request(request.method, path, request.query)
    for pattern, status, link in MEANT:
        parts = routing.matched(pattern, short)
        if parts is not None and all(parts.values()):
            return _led(link(**parts), request, status)
    # What was meant has a slash at its end, or has none.
    for meant in (path, f"{path}/"):
        found = routing.found(Request(request.method, meant, request.query)) if meant != request.path else None
        if found and found.page != "static":
            return _led(meant, request, FOR_GOOD)
    return None


def by(author: str) -> str:
    """Return the query for the packages of an author."""
    return written(with_value(Query(), "author", author))


def _led(address: str, request: Request, status: int) -> Answer:
    return redirect(routing.with_query(address, request.query), status)
