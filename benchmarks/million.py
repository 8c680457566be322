"""Searches, suggestions, facets and deep pages over 1,000,000 documents made of real names, in a real OpenSearch.

The whole of our `search()` is measured against the one OpenSearch query that finds its page: the same body, over the
same connection, in turns by chance. What ours does beside that (reading the query, look-ups, folding entries into
objects, packages of what was found) is the difference. `--keep DIR` keeps the index for the next run.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks import own_opensearch
from benchmarks.measure import Figure, percentile
from benchmarks.million_documents import BUCKETS, REGISTRY
from benchmarks.million_index import filled
from benchmarks.million_names import Names, names
from benchmarks.million_texts import queries, typed
from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.searching.answering import search
from bucketdex.searching.facets import facets
from bucketdex.searching.question import Question
from bucketdex.searching.suggesting import suggest
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

DOCUMENTS = 1_000_000
QUERIES, TYPED, FACETED = 300, 400, 100
ROUNDS = 3  # of searches, after one that is not counted
PAGES = 2_000
RATIO, SUGGEST_MS = 1.2, 50
VIEWER = Viewer(frozenset({*BUCKETS, REGISTRY}))


class Sent(msgspec.Struct, frozen=True):
    """A search as it was sent."""

    index: str
    body: dict[str, Any]
    params: dict[str, str]


def run(keep: Path | None = None, documents: int = DOCUMENTS) -> Iterator[Figure]:
    """Make the index if it is not there, and yield what is measured."""
    known = names()
    with own_opensearch.running(keep) as url:
        client = clients.opensearch(OpenSearchSettings(url, "none"))
        done = filled(client, url, documents, known)
        yield from _searches(client, known, documents, done)
        yield _suggestions(client, known)
        yield _facets(client, known)
        yield from _pages(client)


def main_query(client: "OpenSearch", text: str) -> Sent:
    """Return the OpenSearch query that finds a page, as `search()` sends it: the one that counts all that is found."""
    sent: list[Sent] = []
    real = client.search

    def noted(*, index: str = "", body: dict[str, Any], params: dict[str, str]) -> Any:
        sent.append(Sent(index, body, params))
        return real(index=index, body=body, params=params)

    client.search = noted
    try:
        search(client, VIEWER, Question(text))
    finally:
        client.search = real
    return next(it for it in sent if it.body.get("track_total_hits") is True)


def _searches(client: "OpenSearch", known: Names, documents: int, done: str) -> Iterator[Figure]:
    texts = queries(known, QUERIES)
    mains = {text: main_query(client, text) for text in texts}
    order = random.Random(1)
    ours: dict[str, list[float]] = {text: [] for text in texts}
    raw: dict[str, list[float]] = {text: [] for text in texts}
    for number in range(-1, ROUNDS):
        for text in order.sample(texts, len(texts)):
            main = mains[text]
            both = [
                (ours, lambda text=text: search(client, VIEWER, Question(text))),
                (raw, lambda main=main: client.search(index=main.index, body=main.body, params=main.params)),
            ]
            for of_one, ask in order.sample(both, 2):
                took = _seconds(ask)
                if number >= 0:
                    of_one[text].append(took)
    mine, others = _all(ours), _all(raw)
    ratio = percentile(mine, 50) / percentile(others, 50)
    each = [statistics.median(ours[text]) / statistics.median(raw[text]) for text in texts]
    slowest = sorted(texts, key=lambda text: statistics.median(ours[text]))[-5:]
    yield Figure(
        f"our search() : its raw OpenSearch query, p50, {documents:,} documents", f"{ratio:.2f}", f"<= {RATIO}",
        met=ratio <= RATIO, details=(
            done,
            f"{len(texts)} queries, {ROUNDS} times each, of both in turns",
            f"ours: {_told(mine, 50, 95, 99)}",
            f"raw:  {_told(others, 50, 95, 99)}",
            f"p99 ours : raw {percentile(mine, 99) / percentile(others, 99):.2f}; median of the queries' own ratios "
            f"{statistics.median(each):.2f}",
            *(f"slowest: {1000 * statistics.median(ours[text]):.0f} ms (raw {1000 * statistics.median(raw[text]):.0f})"
              f" {text!r}" for text in reversed(slowest)),
        ),
    )  # fmt: skip


def _suggestions(client: "OpenSearch", known: Names) -> Figure:
    texts = typed(known, TYPED)
    took = _timed(texts, lambda text: suggest(client, VIEWER, text))
    slowest = max(took, key=lambda text: took[text])
    p95 = 1000 * percentile(list(took.values()), 95)
    return Figure(
        "suggest(), p95", f"{p95:.0f} ms", f"< {SUGGEST_MS} ms", met=p95 < SUGGEST_MS,
        details=(_told(list(took.values()), 50, 95, 99), f"slowest: {1000 * took[slowest]:.0f} ms {slowest!r}"),
    )  # fmt: skip


def _facets(client: "OpenSearch", known: Names) -> Figure:
    texts = ["", *queries(known, FACETED)]
    took = _timed(texts, lambda text: facets(client, VIEWER, text))
    slowest = max(took, key=lambda text: took[text])
    return Figure(
        "facets(), p50", f"{1000 * percentile(list(took.values()), 50):.0f} ms",
        details=(_told(list(took.values()), 50, 95, 99), f"slowest: {1000 * took[slowest]:.0f} ms {slowest!r}"),
    )  # fmt: skip


def _pages(client: "OpenSearch") -> Iterator[Figure]:
    for _ in range(20):
        search(client, VIEWER, Question(sort="name"))
    for snapshot in (False, True):
        took: list[float] = []
        cursor: str | None = None
        seen = 0
        for _ in range(PAGES):
            question = Question(sort="name", cursor=cursor, snapshot=snapshot)
            started = time.perf_counter()
            answer = search(client, VIEWER, question)
            took.append(time.perf_counter() - started)
            seen += len(answer.hits)
            cursor = answer.cursor
            if cursor is None:
                break
        last = took[-20:]
        yield Figure(
            f"page {len(took):,} : page 1, by cursor{' of a snapshot' if snapshot else ''}",
            f"{statistics.median(last) / statistics.median(took[:20]):.2f}",
            details=(
                f"medians of the first and the last 20 pages: {1000 * statistics.median(took[:20]):.1f} and "
                f"{1000 * statistics.median(last):.1f} ms; {seen:,} hits in {sum(took):.0f} s",
            ),
        )


def _timed(texts: Sequence[str], ask: Callable[[str], object]) -> dict[str, float]:
    """Return how long each took, the second time that it was asked."""
    for text in texts:
        ask(text)
    order = random.Random(3)
    return {text: _seconds(lambda text=text: ask(text)) for text in order.sample(list(texts), len(texts))}  # type: ignore[misc]


def _seconds(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def _all(found: dict[str, list[float]]) -> list[float]:
    return [took for of_one in found.values() for took in of_one]


def _told(took: Sequence[float], *percents: int) -> str:
    return ", ".join(f"p{percent} {1000 * percentile(took, percent):.1f} ms" for percent in percents)
