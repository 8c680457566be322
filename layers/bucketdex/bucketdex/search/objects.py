"""Searching objects."""

from typing import TYPE_CHECKING

from bucketdex.index.generations import OBJECTS_ALIAS
from bucketdex.search.hits import Answer, answer
from bucketdex.search.query import search_body
from bucketdex.search.viewer import Viewer, ask

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


def search(client: "OpenSearch", viewer: Viewer, text: str, size: int = 10, buckets: tuple[str, ...] = ()) -> Answer:
    """Return what the viewer finds by `text`; raises `Transient`."""
    if not viewer.buckets:
        return Answer(0, [])
    return answer(ask(client, OBJECTS_ALIAS, search_body(text, size, buckets), viewer))
