"""What each qualifier finds, of each kind, and what it leaves out, in a real OpenSearch."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from opensearchpy import OpenSearch

from bucketdex.searching.answering import search
from bucketdex.searching.hits import Hit, ObjectHit, PackageHit
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.query import matching_clause
from bucketdex.searching.question import ALIASES, KINDS, Question
from bucketdex.searching.viewer import Viewer, ask
from searched import a_package, an_entry, an_object, indexes, write

OF = "test-of-language"
LAB = Viewer(frozenset({"raw", "shelf"}))
NOW = datetime(2026, 5, 1, tzinfo=UTC)
SHA = "4b62086319480e0739ef390d04084515defb9c213ff13605a036061e33314317"
BIO, OLD, IMG = "ab12cd" + "0" * 58, "ab12ce" + "1" * 58, "77aa00" + "2" * 58
DOCUMENTS = [
    an_object(
        "raw", "runs/2024/plate-7.csv", {"label": "Cat", "weight": "4.5", "taken": "2024-03-05"}, {"stage": "raw"},
        size=20_000_000, modified="2024-03-05T10:00:00Z", storage_class="STANDARD", etag="e7", content="cells and more",
        checksums=[{"type": "SHA256", "value": SHA, "origin": "computed"}], columns=["well_id", "Body mass"],
        written_by={"type": "IAMUser", "name": "anna"},
    ),
    an_object(
        "raw", "runs/2023/plate-8.TSV.gz", {"label": "dog", "weight": "10"}, {"stage": "final", "year": "2023"},
        size=500, modified="2023-12-31T23:59:59Z", storage_class="GLACIER",
    ),
    an_object("raw", "notes/read me?.md", size=10, modified="2026-04-30T00:00:00Z", content="cells of a plate"),
    a_package(
        "shelf", "bio/plates", BIO, {"label": "cat", "n": 3}, message="All plates", total_bytes=30_000_000,
        modified="2026-04-01T00:00:00Z",
    ),
    a_package("shelf", "bio/plates", OLD, revision="1700000000", message="All plates"),
    a_package(
        "shelf", "imaging/cells", IMG, {"s*r": "Cy5"}, message="Cells", total_bytes=5, modified="2022-01-01T00:00:00Z"
    ),
    an_entry("shelf", BIO, "in/plate-7.csv", "else", "p7", {"label": "cat"}, size=20_000_000,
             hash={"type": "SHA256", "value": SHA}),
    an_entry("shelf", OLD, "old/plate-6.csv", "else", "p6", size=3),
    an_entry("shelf", IMG, "cells.png", "else", "png", {"dye": "DAPI", "depth": 7}, size=5),
]  # fmt: skip
O7, O8, NOTES, PLATES, CELLS, E7, E6, PNG = (
    "runs/2024/plate-7.csv", "runs/2023/plate-8.TSV.gz", "notes/read me?.md", "bio/plates", "imaging/cells",
    "in/plate-7.csv", "old/plate-6.csv", "cells.png",
)  # fmt: skip
ALL = {O7, O8, NOTES, PLATES, CELLS, E7, E6, PNG}


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    with indexes(index, OF):
        write(index, OF, DOCUMENTS)
        yield index


def named(hit: Hit) -> str:
    return (
        hit.key if isinstance(hit, ObjectHit) else str(hit.handle if isinstance(hit, PackageHit) else hit.logical_key)
    )


def found(corpus: OpenSearch, text: str) -> list[str]:
    return [named(hit) for hit in search(corpus, LAB, Question(text, 50), NOW).hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ALL), ("bucket:raw", {O7, O8, NOTES}), ("registry:shelf", {PLATES, CELLS, E7, E6, PNG}),
        ("bucket:r*", {O7, O8, NOTES}),
        ("key:runs/2024", {O7}), ("key:runs/", {O7, O8}), ("key:runs/*/plate-*.csv", {O7}),
        ("key:*PLATE-?.csv", set()),
        ("key:*plate-*", {O7, O8, E7, E6}), ("key:plate-7", {O7, E7}), ('key:"read me?.md"', {NOTES}),
        ("key:in/plate-7.csv", {E7}),
        ("name:plate", {O7, O8, E7, E6}), ("name:plates", {PLATES}), ("name:plate*.csv", {O7, E7, E6}),
        ("name:*", ALL),
        ("ext:csv", {O7, E7, E6}), ("ext:.tsv.GZ", {O8}), ("ext:gz", {O8}),
        ("size:>10MB", {O7, PLATES, E7}), ("size:<=500", {O8, NOTES, CELLS, E6, PNG}), ("size:10..500", {O8, NOTES}),
        ("size:5", {CELLS, PNG}),
        ("modified:2024", {O7}), ("modified:>=2024-03-05", {O7, NOTES, PLATES}),
        ("modified:2023-12-31..2024-03-05", {O7, O8}),
        ("modified:7d", {NOTES}), ("modified:<2023", {CELLS}),
        ("type:package", {PLATES, CELLS}), ("type:entry plate", {E7, E6}),
        ("type:object OR type:package", ALL - {E7, E6, PNG}),
        ("author:bio", {PLATES, E7}), ("author:imag*", {CELLS, PNG}), ("package:bio/plates", {PLATES, E7}),
        ("package:plates", {PLATES, E7}),
        ("package:*/cells", {CELLS, PNG}), (f"package:bio/plates@{OLD[:6]}", {PLATES, E6}),
        ("package:nothing", set()),
        (f"hash:{SHA}", {O7, E7}), (f"sha256:{SHA.upper()}", {O7, E7}), ("hash:e7", {O7}),
        (f"hash:{BIO[:7]}", {PLATES}), ("hash:77aa00", {CELLS}),
        ("tag.stage:raw", {O7}), ("tag.stage:*", {O7, O8}), ("tag:final", {O8}), ("tag.year:2023", {O8}),
        ("tag.year:>2022", {O8}), ("tag.stage:FIN*", {O8}),
        ("meta.label:cat", {O7, PLATES, E7}), ("meta.weight:>4.5", {O8}), ("meta.weight:4.5", {O7}),
        ("meta.weight:4..10", {O7, O8}), ("meta.n:3", {PLATES}),
        ("meta.taken:2024-03", {O7}), ("meta.taken:>2023", {O7}), ("meta.taken:<2024", set()), ("meta:dog", {O8}),
        ('meta."la*":cat', set()), ('meta."la*":c*', set()), ('meta."s*r":C*', {CELLS}),
        ("meta.dye:dapi", {PNG}), ("meta.depth:>6", {PNG}), ("meta.user_meta.depth:7", {PNG}),
        ("-meta.dye:* name:cells", {CELLS}),
        ("meta:lab*", {O7, O8, PLATES, E7}),
        ("column:well_id", {O7}), ('column:"body mass"', {O7}), ("column:mass", {O7}), ("class:glacier", {O8}),
        ("by:Anna", {O7}), ("by:*", {O7}),
        ("anna", {O7}), ("mass", {O7}), ("cells", {O7, NOTES, CELLS, PNG}), ('"cells of"', {NOTES}),
        ("cell", {O7, NOTES, CELLS, PNG}),
        ("plat*", {O7, O8, NOTES, PLATES, E7, E6}), ("plate -7", {O8, NOTES, PLATES, E6}),
        ("plate NOT ext:csv", {O8, NOTES, PLATES}),
        ("cells OR dog", {O7, O8, NOTES, CELLS, PNG}), ("(cells OR plate) type:object -ext:md", {O7, O8}),
        ("cells -(png OR notes)", {O7, CELLS}),
        # What a kind does not have finds nothing of it, and its negation all.
        ("-class:glacier", ALL - {O8}), ("-author:bio", ALL - {PLATES, E7}), ("-modified:>1990", {E7, E6, PNG}),
        ("-ext:csv", ALL - {O7, E7, E6}),
        ("-meta.label:*", {NOTES, CELLS, E6, PNG}), ("-package:bio/plates type:entry", {E6, PNG}),
        ("-bucket:shelf", {O7, O8, NOTES}), ("-type:object", ALL - {O7, O8, NOTES}),
    ],
)  # fmt: skip
def test_what_a_query_finds(corpus, text, expected):
    assert set(found(corpus, text)) == expected


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("plate-7.csv", O7), ("plates", PLATES), ("bio/plates", PLATES), ("cells", CELLS), ("cells.png", PNG),
        ("glacier OR plate-8", O8),
        ("plate type:object", O7),  # in the name of both; this one is newer
    ],
)  # fmt: skip
def test_what_comes_first(corpus, text, first):
    assert found(corpus, text)[0] == first


@pytest.mark.parametrize(
    ("sort", "text", "expected"),
    [
        ("newest", "plate", [NOTES, PLATES, O7, O8]), ("oldest", "type:object", [O8, O7, NOTES]), ("largest",
        "bucket:raw", [O7, O8, NOTES]),
        ("smallest", "bucket:raw", [NOTES, O8, O7]), ("largest", "type:package", [PLATES, CELLS]), ("name",
        "bucket:raw", [O7, O8, NOTES]),
        ("relevance", "bucket:raw", [NOTES, O7, O8]),
    ],
)  # fmt: skip
def test_hits_come_in_the_order_that_is_asked_for(corpus, sort, text, expected):
    hits = search(corpus, LAB, Question(text, 50, sort=sort), NOW).hits
    assert [named(hit) for hit in hits][: len(expected)] == expected


def test_the_clause_of_a_query_finds_what_a_search_does(corpus):
    for text in ("cells", "package:bio/plates", f"{BIO[:6]} OR plate", "-meta.label:*"):
        body = {"query": matching_clause(corpus, LAB, parse(text), KINDS, ("shelf",)), "track_total_hits": True}
        asked = search(corpus, LAB, Question(text, buckets=("shelf",)))
        assert ask(corpus, list(ALIASES.values()), body, LAB)["hits"]["total"]["value"] == asked.total > 0, text


def test_names_of_packages_are_looked_up_as_the_viewer(corpus):
    assert found(corpus, "package:bio/plates type:entry") == [E7]
    assert search(corpus, Viewer(frozenset({"raw"})), Question("package:bio/plates")).total == 0


def test_an_object_tells_its_columns_and_who_wrote_it(corpus):
    [hit] = search(corpus, LAB, Question("column:well_id mass", 1)).hits
    assert isinstance(hit, ObjectHit) and hit.columns == ["well_id", "Body mass"] and hit.extensions == [".csv"]
    assert hit.written_by and hit.written_by.name == "anna" and hit.storage_class == "STANDARD"
    assert hit.highlights["columns"] == ["<mark>well</mark>_<mark>id</mark>", "Body <mark>mass</mark>"]
    assert search(corpus, LAB, Question("mass", highlights=False)).hits[0].highlights == {}
