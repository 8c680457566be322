"""What the API is asked, and its answers as they come."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from bucketdex.client.connection import Connection
from bucketdex.searching.question import Sort

type Answer = dict[str, Any]
type Pairs = list[tuple[str, str]]

MOST_HITS = 100  # a page


class Question(msgspec.Struct, frozen=True):
    """A search: the text of a query, and what it is narrowed to; without kinds or buckets any of them."""

    text: str = ""
    kinds: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    sort: Sort = "relevance"

    def fields(self) -> Pairs:
        """Return it as parameters of a request."""
        narrowed = [("bucket", it) for it in self.buckets] + [("kind", it) for it in self.kinds]
        return [("q", self.text), *narrowed]


def page_fields(question: Question, size: int, cursor: str | None = None, *, snapshot: bool = False) -> Pairs:
    """Return the parameters of a page; `snapshot` is for the first one of several that have to be of one moment."""
    fields = [*question.fields(), ("size", str(size))]
    if question.sort != "relevance":
        fields.append(("sort", question.sort))
    if snapshot:
        fields.append(("snapshot", "true"))
    return [*fields, ("cursor", cursor)] if cursor else fields


def search(stack: Connection, question: Question, size: int) -> Answer:
    """Return the best hits; raises `SearchError`, as all of these do."""
    return stack.ask("/api/search", page_fields(question, size))


def pages(stack: Connection, question: Question) -> Iterator[Answer]:
    """Yield all hits of one moment, page by page."""
    cursor = None
    while True:
        answer = stack.ask("/api/search", page_fields(question, MOST_HITS, cursor, snapshot=True))
        yield answer
        cursor = answer.get("cursor")
        if not cursor:
            return


def facets(stack: Connection, question: Question, size: int) -> Answer:
    """Return how what is found is distributed: so many values of each facet."""
    return stack.ask("/api/facets", [*question.fields(), ("size", str(size))])


def version_of(stack: Connection, bucket: str, key: str) -> str | None:
    """Return the version of an object that is indexed; None where it has none."""
    version: str | None = stack.ask(f"/api/objects/{quote(bucket, '')}/{quote(key, '')}").get("version_id")
    return version


def containing(stack: Connection, bucket: str, key: str, version_id: str | None) -> Answer:
    """Return which packages contain an object."""
    version = [("version_id", version_id)] if version_id else []
    return stack.ask("/api/containing", [("bucket", bucket), ("key", key), *version])


def duplicates(stack: Connection, bucket: str, key: str) -> Answer:
    """Return which objects have the same bytes as one."""
    return stack.ask("/api/duplicates", [("bucket", bucket), ("key", key)])


def reads(stack: Connection, bucket: str, key: str | None, prefix: str, days: int) -> Answer:
    """Return how often an object or a folder was read."""
    what = ("prefix", prefix) if key is None else ("key", key)
    return stack.ask("/api/reads", [("bucket", bucket), what, ("days", str(days))])


def page_of(stack: Connection, question: Question) -> str:
    """Return the address of a search in the web catalog, where all that narrows it is part of the query."""
    narrowing = [_one_of("bucket", question.buckets), _one_of("type", question.kinds), question.text]
    fields = {"q": " ".join(filter(None, narrowing))}
    if question.sort != "relevance":
        fields["sort"] = question.sort
    return f"{stack.url}/search?{urlencode(fields)}"


def _one_of(name: str, values: Sequence[str]) -> str:
    said = " OR ".join(f"{name}:{it}" for it in values)
    return f"({said})" if len(values) > 1 else said


def narrowed(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return the kinds or buckets that were named, one or several; a bucket also by its address `s3://my-data/`."""
    given = (names,) if isinstance(names, str) else names
    return tuple(it.removeprefix("s3://").removesuffix("/") for it in given)
