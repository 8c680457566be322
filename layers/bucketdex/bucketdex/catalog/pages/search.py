"""Search: the box, what it is narrowed to, hits of all kinds, and facets to narrow it further."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import msgspec

from bucketdex.catalog import links, narrowing
from bucketdex.catalog.answers import Page
from bucketdex.catalog.cards import card
from bucketdex.catalog.edges import Edges
from bucketdex.errors import Fault
from bucketdex.http import Request
from bucketdex.searching.answering import search
from bucketdex.searching.facets import Facets, facets
from bucketdex.searching.folding import folds
from bucketdex.searching.language.editing import with_value, without
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import All, Any, Node, Not, Qualifier, Query
from bucketdex.searching.query import kinds_of
from bucketdex.searching.question import KINDS, Kind, Question, Sort

PAGE = 20  # hits
FEW = 3  # hits, with which the query may have been meant otherwise
SORTS: tuple[tuple[Sort, str], ...] = (
    ("relevance", "Relevance"),
    ("newest", "Newest"),
    ("oldest", "Oldest"),
    ("largest", "Largest"),
    ("smallest", "Smallest"),
    ("name", "Name"),
)
KIND_NAMES: tuple[tuple[Kind, str], ...] = (("package", "Packages"), ("object", "Files"), ("entry", "Package entries"))
MOST_START = 10**9


class Filter(msgspec.Struct, frozen=True):
    """What the query is narrowed to, and the query without it."""

    text: str
    without: str


class Tab(msgspec.Struct, frozen=True):
    """A kind of hits to show alone, or all."""

    text: str
    query: str
    count: int
    current: bool


class Mistake(msgspec.Struct, frozen=True):
    """A query in three pieces, the second of which cannot be read, and what helps."""

    before: str
    bad: str
    after: str
    message: str
    expected: tuple[str, ...]
    suggestion: str | None


def page(request: Request, edges: Edges) -> Page:
    """Answer a search."""
    text, sort = request.one("q"), sort_of(request.one("sort"))
    start = start_of(request.one("start")) if request.one("cursor") else 0
    shared = {
        "title": text.strip() or "Search",
        "text": text,
        "sort": sort,
        "sorts": SORTS,
        "filters": (),
        "tabs": (),
        "facets": (),
        "mistake": None,
        "meant": None,
        "cards": (),
        "total": 0,
        "folds": False,
        "wider": None,
    }
    try:
        query = parse(text)
        question = Question(text, PAGE, sort=sort, cursor=request.one("cursor") or None)
        opened = narrowing.opened(request.one("facet"), query)
        with ThreadPoolExecutor(2) as beside:
            asked = (edges.opensearch, edges.viewer, text)
            counting = beside.submit(facets, *asked, wanted=narrowing.wanted(query), size=narrowing.VALUES)
            opening = beside.submit(facets, *asked, wanted=(opened,), size=narrowing.ALL_VALUES) if opened else None
            found = search(edges.opensearch, edges.viewer, question)
            counted, wide = _or_none(counting.result), _or_none(opening.result) if opening else None
    except QuerySyntaxError as error:
        return Page("search.html", shared | {"mistake": mistake(text, error)}, status=422)
    meant = None
    if text and found.total < FEW and not start:
        from bucketdex.searching.suggesting import did_you_mean  # noqa: PLC0415, cold start: few searches ask

        meant = _or_none(lambda: did_you_mean(edges.opensearch, edges.viewer, text))
    last = start + len(found.hits)
    return Page(
        "search.html",
        shared
        | {
            "total": found.total,
            "folds": folds(kinds_of(query, KINDS)) and found.totals["entry"] > 0,
            "cards": [card(hit, edges.viewer.buckets) for hit in found.hits],
            "first": start + 1,
            "last": last,
            "next": links.search(text, sort, found.cursor, last) if found.cursor else "",
            "again": links.search(text, sort) if start else "",
            "filters": filters(query),
            "tabs": tabs(query, counted),
            "facets": narrowing.columns(counted, text, sort, next(iter(wide.facets), None) if wide else None),
            "wider": wider(query),
            "meant": meant,
            "buckets": [bucket.name for bucket in edges.buckets],
        },
    )


def _or_none[T](told: Callable[[], T]) -> T | None:
    """Return what only adds to the page, or None where it cannot be had."""
    try:
        return told()
    except Fault:
        return None


def sort_of(given: str) -> Sort:
    """Return the order that is asked for; relevance, if it is none."""
    return next((sort for sort in get_args(Sort) if sort == given), "relevance")


def start_of(given: str) -> int:
    """Return how many hits came before this page; what only somebody made up is 0."""
    return min(int(given), MOST_START) if given.isascii() and given.isdecimal() and len(given) < 12 else 0


def filters(query: Query) -> list[Filter]:
    """Return what a query is narrowed to at its top level, each with the query that is without it."""
    nodes = query.all.nodes
    return [
        Filter(written(Query(All((node,)))), written(Query(All((*nodes[:place], *nodes[place + 1 :])))))
        for place, node in enumerate(nodes)
        if _narrows(node)
    ]


def _narrows(node: Node) -> bool:
    match node:
        case Qualifier():
            return True
        case Any():
            return all(isinstance(it, Qualifier) for it in node.nodes)
        case Not():
            return True
        case _:
            return False


def wider(query: Query) -> str | None:
    """Return the query without all that it is narrowed to, None where nothing would be left, or nothing goes."""
    left = tuple(node for node in query.all.nodes if not _narrows(node))
    return written(Query(All(left))) if left and len(left) < len(query.all.nodes) else None


def tabs(query: Query, counted: Facets | None) -> list[Tab]:
    """Return the kinds of hits, as what the query would find of each."""
    kinds = next((facet for facet in counted.facets if facet.name == "kind"), None) if counted else None
    if kinds is None:
        return []
    everything = without(query, "type")
    chosen = {value.value for value in kinds.values if value.selected}
    counts = {value.value: value.count for value in kinds.values}
    told = [Tab("All", written(everything), sum(counts.values()), current=not chosen)]
    for kind, name in KIND_NAMES:
        only = written(with_value(everything, "type", kind))
        told.append(Tab(name, only, counts.get(kind, 0), current=chosen == {kind}))
    return told


def mistake(text: str, error: QuerySyntaxError) -> Mistake:
    """Return where a query is wrong, and what helps."""
    at = max(0, min(error.column - 1, len(text)))
    end = at + max(1, error.length)
    return Mistake(text[:at], text[at:end] or " ", text[end:], error.message, error.expected, error.suggestion)
