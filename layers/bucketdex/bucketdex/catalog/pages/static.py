"""The catalog's own files."""

from bucketdex.catalog.answers import NotFound
from bucketdex.catalog.assets import asset
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.security import bytes_headers
from bucketdex.http import Answer, Request

FOR_GOOD = "public, max-age=31536000, immutable"
AGAIN = "no-cache"  # an address of an older or newer release, while one replaces the other


def page(_request: Request, _edges: Edges, digest: str, name: str) -> Answer:
    """Return a file; under another digest than its own it is not to be kept."""
    found = asset(name)
    if found is None:
        raise NotFound(f"There is no file {name}.")
    kept = FOR_GOOD if digest == found.digest else AGAIN
    return Answer(200, found.body, found.content_type, {"Cache-Control": kept, **bytes_headers()})
