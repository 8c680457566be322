"""A page of hits: asked for, folded into one for each object, and filled up with those that come next."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bucketdex.index.generations import ENTRIES_ALIAS
from bucketdex.searching import folding, in_packages
from bucketdex.searching.hits import totals
from bucketdex.searching.paging import Page
from bucketdex.searching.query.body import counting_all, page_body
from bucketdex.searching.query.clauses import Clause
from bucketdex.searching.query.sorting import Field, Place, comes_before
from bucketdex.searching.question import ALIASES, Kind, kind_of
from bucketdex.searching.viewer import Viewer, ask, ask_many, ask_point

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_ROUNDS = 4  # that fill a page, each with twice as many hits; where more is folded it is shorter
SPARE = 4  # a page asks for one hit in so many more, in place of what is folded

Hit = dict[str, Any]  # as OpenSearch tells it


class Search(NamedTuple):
    """What does not change from page to page."""

    client: "OpenSearch"
    viewer: Viewer
    kinds: tuple[Kind, ...]
    found: Clause
    order: tuple[Field, ...]
    point: str | None
    marking: dict[str, Any]  # what makes it mark what was typed


class Gathered(NamedTuple):
    """A page of hits, and the entries of its objects; `after` is where the next one begins, None at the end."""

    totals: dict[Kind, int]
    hits: list[Hit]
    entries: dict[str, list[in_packages.Entry]]
    after: Place | None


def gathered(search: Search, page: Page, size: int) -> Gathered:
    """Return a page; raises as `ask` does."""
    counts, after = page.totals, page.after
    hits: list[Hit] = []
    entries: dict[str, list[in_packages.Entry]] = {}
    told: set[str] = set()  # objects that this page, or one before it, has told
    folds = folding.folds(search.kinds)
    # On the first page whatever comes earlier of an object is on it too, and so among what it has told.
    looks_back = folds and after is not None
    wanted = size + 1 + (size // SPARE if folds else 0) if size else 0
    for _ in range(MOST_ROUNDS):
        body = page_body(search.found, search.order, wanted, after, told) | search.marking
        answer = _asked(search, body if counts else body | counting_all())
        counts = counts or totals(answer, search.kinds)
        came = answer["hits"]["hits"]
        firsts, theirs = _beside(search, came, looks_back=looks_back)
        entries |= theirs
        for hit in came:
            if len(hits) == size:
                return Gathered(counts, hits, entries, after)
            after = hit["sort"]
            identity = folding.object_of(hit) if folds else None
            first = firsts.get(identity or "")
            if identity not in told and not (first and comes_before(first, after, search.order)):
                hits.append(hit)
            if identity:
                told.add(identity)
        if not size:
            return Gathered(counts, hits, entries, after)  # nothing was told, so it goes on where it stood
        if len(came) < wanted:
            return Gathered(counts, hits, entries, None)
        if len(hits) == size:
            break
        wanted *= 2  # so much is folded here that more of it may come
    return Gathered(counts, hits, entries, after)


def _asked(search: Search, body: dict[str, Any]) -> dict[str, Any]:
    if search.point:
        return ask_point(search.client, search.point, body, search.viewer)
    return ask(search.client, [ALIASES[kind] for kind in search.kinds], body, search.viewer)


def _beside(
    search: Search, hits: Sequence[Hit], *, looks_back: bool
) -> tuple[dict[str, Place], dict[str, list[in_packages.Entry]]]:
    """Return the place of what comes first of each object among the hits, if asked, and the entries of objects."""
    searches = folding.others(search.found, search.order, hits) if looks_back else []
    ids = [hit["_id"] for hit in hits if kind_of(hit["_index"]) == "object"]
    if ids:
        searches.append(((ENTRIES_ALIAS,), in_packages.body(ids)))
    answers = ask_many(search.client, searches, search.viewer, search.point)
    entries = in_packages.entries(answers.pop()) if ids else {}
    return folding.firsts(answers, search.order), entries
