"""The catalog over real data: a bucket with odd names, packages, OpenSearch, queues; every link leads somewhere."""

import importlib.util
import io
import json
from collections import Counter, deque
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from aws_lambda_powertools import Logger

from bucketdex.aws import clients, dead_letters, settings
from bucketdex.catalog import app, links, routing
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.pages import folder, search
from bucketdex.changes import ObjectChange
from bucketdex.changes.hint import fold
from bucketdex.changes.outcome import Tally
from bucketdex.http import Answer, Request, request_of
from bucketdex.index.generations import OBJECTS_ALIAS
from bucketdex.objects import reconcile as objects
from bucketdex.objects.observe import ObjectReader
from catalog_html import HOSTILE, Read, addresses
from emulated import Aws
from served import COLONY, ROOT, Served, served

__all__ = ["served"]  # a fixture

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030005fe02fe"
    "a73581840000000049454e44ae426082"
)
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
ODD = {
    f"odd/{number}/{name}": f"found by oddwords {name.replace('\0', '')}".encode()
    for number, name in enumerate(HOSTILE)
} | {
    "odd//two slashes": b"x",
    "odd/a+b 100% sure 🧬.csv": b"x,y\n",
    "odd/image.png": PNG,
    "odd/script.svg": SCRIPT,
    "odd/page.html": b"<script>alert(1)</script>",
}
UNINDEXED = "odd/not yet.txt"
MOST_OF_A_PAGE = 25  # addresses of one kind that are followed: filters combine without end


NOT_THERE = "data/"  # where most entries of the packages say that their bytes are; there are none


class Catalog:
    """The catalog as a browser sees it."""

    def __init__(self, served: Served, aws: Aws) -> None:
        self.served, self.bucket, self.s3 = served, served.bucket, served.registry.s3
        self.aws = aws

    def edges(self) -> Edges:
        given = settings.catalog()
        return Edges(
            lambda: self.served.registry.index, clients.s3, clients.sqs, clients.dynamodb, given.control.table,
            given.queues,
        )  # fmt: skip

    def get(self, address: str) -> Answer:
        parts = urlsplit(address)
        query = dict(each.split("=", 1) for each in parts.query.split("&") if each)
        event = {"httpMethod": "GET", "path": parts.path, "queryStringParameters": query}
        return app.respond(request_of(event), self.edges())

    def html(self, address: str, status: int = 200) -> str:
        answer = self.get(address)
        assert answer.status == status, f"{address}: {answer.status}"
        assert isinstance(answer.body, str)
        read = Read(answer.body)
        assert (read.harm, read.open) == ([], []), address
        return answer.body

    def index(self, keys: list[str]) -> None:
        edges = objects.Edges(
            self.served.registry.control, self.served.registry.index,
            ObjectReader(self.s3, lambda: datetime.now(UTC), lambda: 300.0), lambda _: None, lambda _: None,
            lambda: 300.0,
        )  # fmt: skip
        changes = [ObjectChange(self.bucket, key, "s3", "put") for key in keys]
        objects.reconcile(edges, fold(changes).values(), Tally())
        self.served.registry.index.indices.refresh(index=OBJECTS_ALIAS)


@pytest.fixture(scope="module")
def catalog(served: Served, aws: Aws) -> Catalog:
    made = Catalog(served, aws)
    for key, body in ODD.items():
        made.s3.put_object(Bucket=made.bucket, Key=key, Body=body, Metadata={"note": '"><xss-was-here>'}, Tagging="a=1")
    made.index(list(ODD))
    made.s3.put_object(Bucket=made.bucket, Key=UNINDEXED, Body=b"x")
    return made


def _page_of(link: str) -> str:
    return link.partition("#")[0]


def text(html: str) -> str:
    return " ".join(" ".join(Read(html).text).split())


def test_every_link_from_the_first_page_leads_somewhere_and_no_page_holds_what_a_name_tried_to_be(catalog):
    waiting, seen = deque(["/"]), {"/"}
    pages: Counter[str] = Counter()
    while waiting:
        address = waiting.popleft()
        parts = urlsplit(address)
        place = routing.found(Request(path=parts.path))
        if place is None:
            assert parts.path.startswith("/api/"), address
            continue
        pages[place.page] += 1
        if pages[place.page] > MOST_OF_A_PAGE:
            continue
        gone = place.parts.get("key", "").startswith(NOT_THERE)
        if place.page in ("raw", "download"):
            assert catalog.get(address).status in ((404,) if gone else (200, 302)), address
            continue
        for link in map(_page_of, addresses(catalog.html(address, 404 if gone else 200))):
            if link and link not in seen:
                seen.add(link)
                waiting.append(link)
    assert set(pages) >= {page for _, page in routing.ROUTES} - {"static", "suggest", "raw"}


def test_the_first_page_tells_what_is_here_and_its_examples_find_something(catalog):
    html = catalog.html("/")
    assert catalog.bucket in html
    assert "bio/penguins" in html
    examples = [link for link in addresses(html) if urlsplit(link).path == "/search" and "q=" in link]
    assert len(examples) >= 4
    for link in examples:
        assert "Nothing was found" not in catalog.html(link), link


def test_a_search_shows_hits_with_what_matched_where_it_is_and_its_packages(catalog):
    html = catalog.html(links.search("penguins"))
    assert "<mark>penguins</mark>" in html
    assert links.object(catalog.bucket, "raw/penguins.csv") in html
    assert links.package(catalog.bucket, "bio/penguins") in html
    narrowed = catalog.html(links.search("ext:.csv -index"))
    assert "ext:.csv" in text(narrowed)
    assert links.search("-index") in narrowed, "each filter can be taken away"


def test_a_mistake_in_a_query_is_pointed_at_under_the_box(catalog):
    html = catalog.html(links.search("fox gene:BRCA1"), 422)
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="mistake"' in html
    assert "<mark>gene" in html
    assert "There is no qualifier" in text(html)


def test_a_search_that_finds_nothing_helps(catalog):
    html = catalog.html(links.search("pengiuns"))
    assert "Nothing was found" in html
    assert "Did you mean" in html
    assert links.search("penguins") in html
    assert links.search("zebrawords") in catalog.html(links.search("zebrawords ext:.csv")).replace(
        "zebrawords%20", "zebrawords"
    )


def test_pages_of_hits_go_on_to_the_last_and_show_each_once(catalog):
    address, found, pages = links.search("oddwords", "name"), [], 0
    while address:
        html = catalog.html(address)
        read = Read(html)
        found += [given["href"] for tag, given in read.elements if tag == "a" and "data-hit" in given]
        address = next((given["href"] or "" for tag, given in read.elements if given.get("rel") == "next"), "")
        pages += 1
    assert len(found) == len(set(found)) == len(HOSTILE)
    everything = catalog.html(links.search())
    assert 'rel="next"' in everything
    after = catalog.html(next(it for it in addresses(everything) if "cursor=" in it))
    assert "First page" in after
    assert "21–" in after


def test_beyond_the_last_result_it_is_not_said_that_nothing_matches(catalog, monkeypatch):
    monkeypatch.setattr(search, "PAGE", 1)
    keys = ["odd/last 1.txt", "odd/last 2.txt"]
    for key in keys:
        catalog.s3.put_object(Bucket=catalog.bucket, Key=key, Body=b"lastwords")
    catalog.index(keys)
    beyond = next(it for it in addresses(catalog.html(links.search("lastwords", "name"))) if "cursor=" in it)
    catalog.s3.delete_object(Bucket=catalog.bucket, Key=keys[1])
    catalog.index(keys)
    said = text(catalog.html(beyond))
    assert "There are no more results" in said and "Nothing matches" not in said


def test_a_cursor_of_another_search_is_refused_on_a_page_that_says_so(catalog):
    link = next(it for it in addresses(catalog.html(links.search())) if "cursor=" in it)
    assert catalog.get(link.replace("?", "?q=other&")).status == 422


def test_a_folder_is_what_s3_says_with_what_the_index_knows(catalog):
    html = catalog.html(links.folder(catalog.bucket, "odd/"))
    assert "not yet" in html, UNINDEXED
    assert "indexed" in html
    assert links.object(catalog.bucket, "odd/a+b 100% sure 🧬.csv") in html
    assert links.folder(catalog.bucket, "odd//") in html
    assert "bio/penguins" in catalog.html(links.folder(catalog.bucket, "raw/")), "the package that a file is in"
    assert COLONY.rsplit("/", 1)[-1] in catalog.html(links.folder(catalog.bucket, "raw/a b+c/"))
    assert catalog.get(links.folder(catalog.bucket, "no such/")).status == 404


def test_a_folder_is_told_page_by_page_each_name_once(catalog, monkeypatch):
    monkeypatch.setattr(folder, "PAGE", 3)
    names: list[str] = []
    after = ""
    while True:
        page = folder.listing(catalog.s3, catalog.bucket, "odd/", after)
        names += [*page.folders, *(it["Key"] for it in page.files)]
        if page.after is None:
            break
        after = page.after
    monkeypatch.undo()
    whole = folder.listing(catalog.s3, catalog.bucket, "odd/")
    assert sorted(names) == sorted([*whole.folders, *(it["Key"] for it in whole.files)])
    assert len(names) == len(set(names)) > 9


def test_an_image_is_given_by_what_its_bytes_are_and_runs_nothing(catalog):
    image = catalog.get(links.raw(catalog.bucket, "odd/image.png"))
    assert (image.status, image.content_type, image.body) == (200, "image/png", PNG)
    svg = catalog.get(links.raw(catalog.bucket, "odd/script.svg"))
    assert svg.content_type == "image/svg+xml"
    policy = str(svg.headers["Content-Security-Policy"])
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    page = catalog.get(links.raw(catalog.bucket, "odd/page.html"))
    assert (page.status, page.headers["Location"]) == (302, links.download(catalog.bucket, "odd/page.html"))
    for nothing in ("odd/gone.png", ""):
        assert catalog.get(links.raw(catalog.bucket, nothing)).status == 404


def test_a_download_leads_to_s3_for_a_while_and_saves_under_its_name(catalog):
    key = "odd/a+b 100% sure 🧬.csv"
    answer = catalog.get(links.download(catalog.bucket, key))
    url = str(answer.headers["Location"])
    assert answer.status == 302
    assert "a%2Bb%20100%25%20sure%20%F0%9F%A7%AC.csv" in unquote(url)
    assert catalog.get(links.download(catalog.bucket, "odd/gone.csv")).status == 404
    assert catalog.get(links.download(catalog.bucket, key, "no-such-version")).status == 404


def test_suggestions_lead_to_what_they_name(catalog):
    told = json.loads(catalog.get("/suggest?q=bio%2Fpeng").body)["suggestions"]
    assert links.package(catalog.bucket, "bio/penguins") in [it.get("href") for it in told]
    assert json.loads(catalog.get("/suggest?q=gene:x%20y").body)["suggestions"] == []


def test_the_status_page_tells_what_was_set_aside_why_and_how_it_is_replayed(catalog):
    queue = settings.catalog().queues[0]
    attributes = {name: {"DataType": "String", "StringValue": value}
                  for name, value in (("Reason", "not JSON <xss-was-here>"), ("ReasonKind", "permanent"))}  # fmt: skip
    clients.sqs().send_message(
        QueueUrl=queue.dead_letters_url, MessageBody="<xss-was-here>", MessageAttributes=attributes
    )
    html = catalog.html(links.status())
    assert "Something was set aside" in html
    assert "bucketdex dead-letters replay" in html
    assert catalog.bucket in html
    with dead_letters.held(clients.sqs(), {"it": queue}) as held:
        dead_letters.delete(clients.sqs(), held)


def test_the_function_answers_the_load_balancer_and_a_bug_is_a_page_and_logged(catalog, monkeypatch):
    monkeypatch.setattr(clients, "signing_s3", clients.s3)
    spec = importlib.util.spec_from_file_location("catalog_function", ROOT / "functions/catalog/app.py")
    assert spec and spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = SimpleNamespace(
        function_name="Catalog", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r7"
    )
    event = {"httpMethod": "GET", "path": f"/b/{catalog.bucket}", "headers": {}, "queryStringParameters": {}}
    answer = module.handler(event, context)
    assert answer["statusCode"] == 200
    assert answer["multiValueHeaders"]["content-type"] == ["text/html; charset=utf-8"]
    log = io.StringIO()
    monkeypatch.setattr(module, "logger", Logger(service="test of the catalog", stream=log))
    monkeypatch.setattr("bucketdex.catalog.pages.bucket.growth", lambda *_: 1 / 0)
    answer = module.handler(event, context)
    assert answer["statusCode"] == 500
    assert "r7" in answer["body"]
    assert "ZeroDivisionError" in log.getvalue()
