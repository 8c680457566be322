"""Templates: everything is escaped, a name that is not given is an error, each is compiled once."""

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bucketdex.catalog import formats, links
from bucketdex.catalog.answers import Page
from bucketdex.catalog.assets import address_of
from bucketdex.http import Request

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "templates"
FILTERS: dict[str, Callable[..., Any]] = {
    name: getattr(formats, name)
    for name in ("number", "size", "plural", "day", "exact", "duration", "moment", "sentence", "visible", "marked")
}


def rendered(page: Page, request: Request, now: datetime) -> str:
    """Return the HTML of a page."""
    template = environment().get_template(page.template)
    # `ago` is of the moment of this request.
    values = {"now": now, "ago": partial(formats.ago, now=now), "here": request.path, "query": request.one("q")}
    # What somebody wrote may hold lone surrogates, which no UTF-8 has.
    return template.render(values | dict(page.values)).encode("utf-8", "replace").decode()


@cache
def environment() -> "Environment":
    """Return the templates."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415, cold start: not for files

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters |= FILTERS
    made.globals |= {"links": links, "static": address_of}
    return made
