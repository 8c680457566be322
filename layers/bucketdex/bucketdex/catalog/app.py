"""The catalog: a request becomes a page, and every error a page that says what to do."""

import importlib
import logging

from bucketdex.catalog import routing
from bucketdex.catalog.answers import NotFound, Page
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.moved import moved
from bucketdex.catalog.rendering import rendered
from bucketdex.catalog.security import page_headers
from bucketdex.errors import Fault, Transient
from bucketdex.http import HTML, Answer, Request

RETRY_SECONDS = "5"
log = logging.getLogger(__name__)
HEADINGS = {
    404: "There is nothing here",
    405: "This can only be read",
    422: "This cannot be answered",
    500: "Something broke",
    503: "Not available just now",
}


def respond(request: Request, edges: Edges) -> Answer:
    """Return the answer to a request. What is raised beside faults is a bug, for the caller to log: see `broken`."""
    try:
        return _answer(request, edges)
    except NotFound as error:
        return _error(request, edges, 404, str(error))
    except Transient as error:
        log.warning("%s is not answered: %s", request.path, error)
        return _error(request, edges, 503, error.for_asker, {"Retry-After": RETRY_SECONDS})
    except Fault as error:
        return _error(request, edges, 422, str(error))


def broken(request: Request, edges: Edges, subject: str) -> Answer:
    """Return the page for a bug; `subject` is what the log calls it."""
    return _error(request, edges, 500, f"This is a fault of bucketdex. Its log tells more, under {subject}.")


def _answer(request: Request, edges: Edges) -> Answer:
    place = routing.found(request)
    if place is None:
        return moved(request) or _error(request, edges, 404, "No page has this address.")
    if request.method not in ("GET", "HEAD"):
        return _error(request, edges, 405, "The catalog shows, and changes nothing.", {"Allow": "GET, HEAD"})
    # Only what is asked for: most processes answer searches, and need no readers of PDF.
    module = importlib.import_module(f"bucketdex.catalog.pages.{place.page}")
    made: Page | Answer = module.page(request, edges, **place.parts)
    return made if isinstance(made, Answer) else _html(made, request, edges)


def _error(request: Request, edges: Edges, status: int, detail: str, headers: dict[str, str] | None = None) -> Answer:
    values = {"title": HEADINGS[status], "detail": detail, "status": status}
    return _html(Page("error.html", values, status, headers=headers or {}), request, edges)


def _html(page: Page, request: Request, edges: Edges) -> Answer:
    headers = {**page_headers(page.image_origins), **page.headers}
    return Answer(page.status, rendered(page, request, edges.clock()), HTML, headers)
