"""The web catalog: CPU of a page without OpenSearch's time, and bytes of a cold search page.

A stub stands for OpenSearch: it answers whatever aggregations it is asked for, and twenty hits, as JSON that is decoded
as the client does. So a page costs what it costs in Lambda, but for the network.
"""

import gzip
import re
import statistics
from datetime import UTC, datetime
from typing import Any

import msgspec

from benchmarks.measure import Figure, cost, percentile, spread
from bucketdex.catalog import app
from bucketdex.catalog.edges import Edges
from bucketdex.control import Bucket
from bucketdex.control.checks import Check
from bucketdex.http import Request, event_answer, request_of
from bucketdex.index.generations import OBJECTS_ALIAS, PACKAGES_ALIAS

RENDER_GOAL = 0.015  # seconds of CPU
BYTES_GOAL = 100_000
ROUNDS = 60
HITS = 20
PAGES = {
    "search": "/search?q=penguins+ext:.csv",
    "search, nothing typed": "/search",
    "home": "/",
    "bucket": "/b/lab",
    "help": "/help",
}
NOW = datetime(2026, 1, 31, tzinfo=UTC)


class StubOfControl:
    """A control table with three buckets, which were never checked."""

    def buckets(self) -> list[Bucket]:
        return [Bucket(name, NOW) for name in ("lab", "registry", "raw-data")]

    @property
    def checks(self) -> "StubOfControl":
        return self

    live = checks

    def state(self, bucket: str) -> Check:
        return Check(bucket)

    def latest(self, _bucket: str) -> datetime:
        return NOW


class StubOfIndex:
    """Answers every search with twenty hits and whatever is aggregated."""

    transport: Any = None  # a page puts its deadline around it

    def search(self, *, index: str, body: dict[str, Any], **_: Any) -> Any:
        return msgspec.json.decode(msgspec.json.encode(_answer(index.split(","), body)))

    def msearch(self, *, body: list[dict[str, Any]], **_: Any) -> Any:
        responses = [
            {**_answer(head["index"], each), "status": 200, "_shards": {"total": 1}}
            for head, each in zip(body[::2], body[1::2], strict=True)
        ]
        return msgspec.json.decode(msgspec.json.encode({"responses": responses}))


def _answer(aliases: list[str], body: dict[str, Any]) -> dict[str, Any]:
    packages = [number % 5 == 1 if OBJECTS_ALIAS in aliases else True for number in range(HITS)]
    hits = [_hit(number, body, package=packages[number]) for number in range(min(HITS, body.get("size", 10)))]
    answer: dict[str, Any] = {"timed_out": False, "hits": {"total": {"value": 12_345}, "hits": hits}}
    asked = body.get("aggs", {})
    return answer | ({"aggregations": {name: _aggregated(aliases, it) for name, it in asked.items()}} if asked else {})


OBJECT = {
    "bucket": "lab", "metadata": ["project=penguins"], "modified": "2026-01-01T12:00:00Z", "tags": ["stage=raw"],
    "extensions": [".gz", ".csv.gz"], "written_by": {"type": "IAMUser", "name": "ada"},
}  # fmt: skip
PACKAGE = {
    "bucket": "registry", "handle": "bio/penguins", "latest": True, "entries": 17, "total_bytes": 10**7,
    "verified": True, "message": "Penguins of three species, measured at Palmer Station",
    "modified": "2026-01-01T12:00:00Z",
}  # fmt: skip


def _hit(number: int, body: dict[str, Any], *, package: bool) -> dict[str, Any]:
    name = f"RNAseq_sample-{number:03}.counts.csv.gz"
    key = f"experiments/2024/plate {number}/{name}"
    sort = {"sort": [number for _ in body["sort"]]} if "sort" in body else {}
    told: dict[str, Any] = {"_id": f"{number:040}", "_score": 1.0, **sort}
    if package:
        highlight = {"handle.text": ["bio/<mark>penguins</mark>"]}
        source = PACKAGE | {"top_hash": f"{number:064x}"}
        return told | {"_index": f"{PACKAGES_ALIAS}-v1-1", "_source": source, "highlight": highlight}
    highlight = {
        "name.text": [f"RNAseq_<mark>sample</mark>-{number:03}.counts.csv.gz"],
        "content": ["gene,count &lt;i&gt; <mark>sample</mark> " + "of many words " * 8] * 2,
        "metadata.text": ["project=<mark>penguins</mark>"],
    }
    source = OBJECT | {"key": key, "name": name, "size": 1234 * 10 ** (number % 6)}
    return told | {"_index": f"{OBJECTS_ALIAS}-v1-1", "_source": source, "highlight": highlight}


def _aggregated(aliases: list[str], asked: dict[str, Any]) -> dict[str, Any]:
    below = {name: _aggregated(aliases, it) for name, it in asked.get("aggs", {}).items()}
    match asked:
        case {"terms": terms}:
            return {"buckets": _terms(aliases, terms, below), "sum_other_doc_count": 12}
        case {"filters": {"filters": dict(named)}}:
            return {"buckets": {name: {"doc_count": 70, **below} for name in named}}
        case {"filters": {"filters": filters}}:
            return {"buckets": [{"doc_count": 70, **below} for _ in filters]}
        case {"range": {"ranges": ranges}}:
            return {"buckets": [{"key": it["key"], "doc_count": 70, **below} for it in ranges]}
        case {"date_histogram": _} | {"auto_date_histogram": _}:
            counts = [it | {"doc_count": 10 * number, **below} for number, it in enumerate(MONTHS)]
            return {"buckets": counts, "interval": "1M"}
        case _:
            return ANY_VALUE | below


MONTHS = [
    {"key_as_string": f"{it:%Y-%m}", "key": it.timestamp() * 1000}
    for it in (datetime(year, month, 1, tzinfo=UTC) for year in (2024, 2025) for month in range(1, 13))
]
# What the other aggregations answer, whichever it is: a count, a metric, percentiles, hits.
ANY_VALUE: dict[str, Any] = {
    "doc_count": 900, "value": 1.7e12, "value_as_string": "2024-01-01T00:00:00.000Z", "min": 1.0, "max": 9.0,
    "count": 9, "values": {"50.0": 1.0, "95.0": 2.0}, "hits": {"hits": []},
}  # fmt: skip


def _terms(aliases: list[str], terms: dict[str, Any], below: dict[str, Any]) -> list[dict[str, Any]]:
    if terms["field"] == "_index":
        return [{"key": f"{it}-v1-1", "doc_count": 4115, **below} for it in aliases]
    if terms["field"] in ("object", "top_hash", "key"):  # packages of hits, duplicates: here are none
        return []
    names = ["lab", "registry", "raw-data", "stage=raw", "project=x", "year=2024"][: terms.get("size", 10)]
    return [{"key": it, "doc_count": 900, **below} for it in names]


def edges() -> Edges:
    """Return edges whose clients are stubs."""

    def nothing() -> Any:
        raise AssertionError("this page needs no such client")

    made = Edges(StubOfIndex, nothing, nothing, nothing, "control", (), lambda: NOW)  # type: ignore[arg-type]
    made.__dict__["control"] = StubOfControl()
    return made


def answered(address: str) -> dict[str, Any]:
    """Return what the function answers to a browser that takes gzip."""
    path, _, query = address.partition("?")
    pairs = dict(each.split("=", 1) for each in query.split("&") if each)
    request = request_of(
        {"httpMethod": "GET", "path": path, "queryStringParameters": pairs, "headers": {"accept-encoding": "gzip"}}
    )
    return event_answer(app.respond(request, edges()), request)


def rendered_in() -> Figure:
    """Measure the CPU of each page."""
    cpu: dict[str, list[float]] = {}
    for name, address in PAGES.items():
        told = answered(address)
        if told["statusCode"] != 200:
            raise AssertionError(f"{address}: {told['statusCode']}")
        cpu[name] = [cost(lambda address=address: answered(address)).cpu for _ in range(ROUNDS)]  # type: ignore[misc]
    worst = max(statistics.median(each) for each in cpu.values())
    return Figure(
        what="a catalog page without OpenSearch's time, the dearest (CPU)",
        value=f"{worst * 1000:.1f} ms",
        goal=f"< {RENDER_GOAL * 1000:.0f} ms",
        met=worst < RENDER_GOAL,
        details=tuple(
            f"{name}: {spread(each, 1e-3)} ms, p95 {percentile(each, 95) * 1000:.1f}" for name, each in cpu.items()
        ),
    )


def cold_bytes() -> Figure:
    """Add up what a browser that was never here loads for a page of twenty hits, as it is sent."""
    page = app.respond(Request(path="/search", query=(("q", "penguins"),)), edges())
    html = page.body if isinstance(page.body, str) else page.body.decode()
    sizes = {"page": len(gzip.compress(html.encode(), 6))}
    for path in sorted(set(re.findall(r'(?:href|src)="(/static/[^"#]+)', html))):
        body = app.respond(Request(path=path), edges()).body
        sizes[path.rsplit("/", 1)[-1]] = len(gzip.compress(body if isinstance(body, bytes) else body.encode(), 6))
    total = sum(sizes.values())
    return Figure(
        what="a cold search page with all it loads, as sent",
        value=f"{total / 1000:.1f} kB",
        goal=f"< {BYTES_GOAL // 1000} kB",
        met=total < BYTES_GOAL,
        details=(
            ", ".join(f"{name} {size / 1000:.1f}" for name, size in sizes.items()),
            f"the page unpacked: {len(html.encode()) / 1000:.1f} kB",
        ),
    )


def run() -> list[Figure]:
    """Measure, and return the figures."""
    return [rendered_in(), cold_bytes()]
