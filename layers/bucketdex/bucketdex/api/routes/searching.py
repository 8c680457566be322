"""Search: hits, completion, and facets."""

from typing import Annotated

import msgspec
from aws_lambda_powertools.event_handler import ALBResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from bucketdex.api.answers import Answers, FacetsAsked
from bucketdex.api.fitting import answer, fitting
from bucketdex.api.openapi import told
from bucketdex.api.routes.parameters import Buckets, Cursor, Text
from bucketdex.api.told import Found
from bucketdex.http import LARGEST_BODY
from bucketdex.searching.facets import Facets
from bucketdex.searching.question import KINDS, Kind, Question, Sort
from bucketdex.searching.suggesting.told import Suggestions

MOST_HITS = 100  # a page
MOST_BYTES = LARGEST_BODY - 20_000  # of hits; the rest is for what is told beside them, a cursor above all
MOST_SUGGESTIONS = 20
MOST_FACETS, MOST_VALUES = 20, 100

Kinds = Annotated[list[Kind] | None, Query(description="Only these kinds")]


def add_search(app: ALBResolver, answers: Answers) -> None:
    """Add the routes."""

    @app.get(
        "/api/search",
        operation_id="search",
        summary="Search",
        description="The best hits of a query, over all kinds. The page `/help` tells what a query can say.",
        tags=["search"],
        responses=told(Found, "What is found", 410),
    )
    def _search(
        q: Text = "",
        kind: Kinds = None,
        bucket: Buckets = None,
        size: Annotated[int, Query(description="How many hits", ge=0, le=MOST_HITS)] = 10,
        sort: Annotated[Sort, Query(description="Which come first")] = "relevance",
        cursor: Cursor = None,
        snapshot: Annotated[bool, Query(description="Have all pages show the index as it is at the first one")] = False,
        highlights: Annotated[bool, Query(description="Tell what matched, as safe HTML")] = True,
    ) -> Response[str]:
        question = Question(
            q, size, tuple(bucket or ()), _kinds(kind), sort=sort, cursor=cursor or None, snapshot=snapshot,
            highlights=highlights, most_bytes=MOST_BYTES,
        )  # fmt: skip
        return answer(_found(answers, question))

    @app.get(
        "/api/suggest",
        operation_id="suggest",
        summary="Complete a query",
        description="What the last word of a query may become: qualifiers, values, names of what is there.",
        tags=["search"],
        responses=told(Suggestions, "The best completions"),
    )
    def _suggest(
        q: Text = "",
        size: Annotated[int, Query(description="How many completions", ge=1, le=MOST_SUGGESTIONS)] = 10,
    ) -> Response[str]:
        return answer(answers.suggest(q, size))

    @app.get(
        "/api/facets",
        operation_id="facets",
        summary="Count what a query finds",
        description="How what is found is spread over buckets, kinds, extensions, sizes, dates, authors, tags and any "
        "metadata. A facet's own narrowing is left out of its counts, so that they tell what else could be chosen.",
        tags=["search"],
        responses=told(Facets, "The facets"),
    )
    def _facets(
        q: Text = "",
        kind: Kinds = None,
        bucket: Buckets = None,
        facet: Annotated[
            list[str] | None,
            Query(description="Only these, such as `ext` or `meta.plate`", max_length=MOST_FACETS),
        ] = None,
        size: Annotated[int, Query(description="How many values of each", ge=1, le=MOST_VALUES)] = 10,
    ) -> Response[str]:
        asked = FacetsAsked(q, _kinds(kind), tuple(bucket or ()), tuple(dict.fromkeys(facet or ())), size)
        return answer(fitting(lambda size: answers.facets(msgspec.structs.replace(asked, size=size)), size))


def _kinds(chosen: list[Kind] | None) -> tuple[Kind, ...]:
    return tuple(each for each in KINDS if each in chosen) if chosen else KINDS


def _found(answers: Answers, question: Question) -> Found:
    found = answers.search(question)
    is_lost = not found.total and question.text.strip() and not question.cursor
    meant = answers.did_you_mean(question) if is_lost else None
    return Found(found.total, found.totals, found.hits, found.cursor, meant)
