"""Answering a question: the query as it is read, a page of what it finds, and what is told beside that."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from bucketdex.index.generations import READS_ALIAS
from bucketdex.searching import paging
from bucketdex.searching.gathering import Gathered, Search, gathered
from bucketdex.searching.handles import standing
from bucketdex.searching.hits import Answer, Beside, Hit, made, manifests
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.language.syntax import Query
from bucketdex.searching.manifests import Manifest
from bucketdex.searching.paging import Page
from bucketdex.searching.popular import most_read
from bucketdex.searching.query import clause, kinds_of, looked_up
from bucketdex.searching.query.compiling import has_words
from bucketdex.searching.query.marking import marking
from bucketdex.searching.query.ranking import ranked
from bucketdex.searching.query.sorting import SCORE, Field, order_of
from bucketdex.searching.question import ALIASES, Kind, Question
from bucketdex.searching.viewer import Viewer, close_point, open_point

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


class Read(NamedTuple):
    """What was read of a question."""

    query: Query
    kinds: tuple[Kind, ...]
    order: tuple[Field, ...]


def search(client: "OpenSearch", viewer: Viewer, question: Question, now: datetime | None = None) -> Answer:
    """Return what the viewer finds, a page of it.

    Raises `QuerySyntaxError` for what cannot be read, `Gone` for a snapshot that was let go, `Permanent` for a foreign
    cursor and what OpenSearch refuses, and `Transient`.
    """
    page = paging.asked_for(question) if question.cursor else paging.first(question, now or datetime.now(UTC))
    query = parse(question.text, page.now)
    kinds = kinds_of(query, question.kinds)
    order = order_of(question.sort, has_words=has_words(query.all))
    paging.check_place(page, order)
    if not viewer.buckets or not kinds:
        return Answer(0, dict.fromkeys(question.kinds, 0), [])
    read = Read(query, kinds, order)
    if not question.snapshot or not question.size or question.cursor:
        return _answered(client, viewer, question, read, page)
    page = replace(page, point=_opened(client, kinds))
    try:
        return _answered(client, viewer, question, read, page)
    except BaseException:  # nobody was told of the snapshot, so nobody would end it
        close_point(client, page.point or "")
        raise


def _answered(client: "OpenSearch", viewer: Viewer, question: Question, read: Read, page: Page) -> Answer:
    query, kinds, order = read
    found = clause(query, kinds, question.buckets, looked_up(client, viewer, query, kinds))
    if order[0] == SCORE:
        today = page.now.date()
        most = most_read(client, viewer, today, page.point) if "object" in kinds else ()
        found = ranked(found, today, most)
    marks = marking(query, kinds) if question.highlights else {}
    came = gathered(Search(client, viewer, kinds, found, order, page.point, marks), page, question.size)
    beside = Beside(came.entries, standing(client, viewer, manifests(came.hits), _of_objects(came)))
    hits = [made(hit, beside) for hit in came.hits]
    if (fit := _fitting(hits, question.most_bytes)) < len(hits):
        hits, came = hits[:fit], came._replace(after=came.hits[fit - 1]["sort"])
    counts = dict.fromkeys(question.kinds, 0) | came.totals
    return Answer(sum(counts.values()), counts, hits, _next(client, page, came))


def _opened(client: "OpenSearch", kinds: tuple[Kind, ...]) -> str:
    # Of reads too: they count in scores, which must not change from page to page. And of entries: they tell which
    # packages an object is in.
    told: tuple[Kind, ...] = (*kinds, "entry") if "object" in kinds and "entry" not in kinds else kinds
    return open_point(client, [*(ALIASES[kind] for kind in told), READS_ALIAS])


def _fitting(hits: Sequence[Hit], most_bytes: int | None) -> int:
    """Return how many of the hits fit; the first does."""
    lengths = accumulate(len(msgspec.json.encode(hit)) + 1 for hit in hits)
    return len(hits) if most_bytes is None else max(1, sum(length <= most_bytes for length in lengths))


def _next(client: "OpenSearch", page: Page, came: Gathered) -> str | None:
    if came.after:
        return paging.cursor(replace(page, totals=came.totals, after=list(came.after)))
    if page.point:
        close_point(client, page.point)
    return None


def _of_objects(came: Gathered) -> set[Manifest]:
    shown = {hit["_id"] for hit in came.hits}
    return {it.manifest for identity, each in came.entries.items() if identity in shown for it in each}
