"""What the search box suggests while one types: for the script, with the address of what can be opened at once."""

from bucketdex.catalog import links
from bucketdex.catalog.edges import Edges
from bucketdex.errors import Fault
from bucketdex.http import Answer, Request, json_answer
from bucketdex.searching.suggesting import Suggestion, suggest

MOST = 8
ICONS = {"qualifier": "filter", "value": "tag", "object": "object", "package": "package", "folder": "folder"}
SHORTLY = {"Cache-Control": "private, max-age=30"}


def page(request: Request, edges: Edges) -> Answer:
    """Complete the word at the end of what was typed; where that cannot be had, there is nothing to suggest."""
    try:
        found = suggest(edges.opensearch, edges.viewer, request.one("q"), MOST).suggestions
    except Fault:
        return json_answer({"suggestions": []})
    return json_answer({"suggestions": [told(it) for it in found]}, headers=SHORTLY)


def told(it: Suggestion) -> dict[str, str | bool]:
    """Return a suggestion as the script shows it: `href` opens it; `more` is to be typed on."""
    shown: dict[str, str | bool] = {"text": it.text, "detail": it.detail, "query": it.query, "icon": ICONS[it.kind]}
    if it.kind == "qualifier":
        shown["more"] = True
    if href := address(it):
        shown["href"] = href
    return shown


def address(it: Suggestion) -> str:
    """Return where an object, a folder or a package is; nothing for what only narrows the search."""
    if it.bucket is None:
        return ""
    if it.kind == "object" and it.key is not None:
        return links.object(it.bucket, it.key)
    if it.kind == "folder" and it.key is not None:
        return links.folder(it.bucket, it.key if it.key.endswith("/") else f"{it.key}/")
    return links.package(it.bucket, it.handle) if it.kind == "package" and it.handle else ""
