"""Facets tell what a search would find: each count is held against the search itself, in a real OpenSearch."""

import functools
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from opensearchpy import OpenSearch

from bucketdex.errors import Permanent
from bucketdex.index import writer
from bucketdex.index.generations import ENTRIES_ALIAS, NOT_DELETED, OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.mappings import entries_index, objects_index, packages_index
from bucketdex.index.names import extensions
from bucketdex.index.pairs import named, typed
from bucketdex.searching.answering import search
from bucketdex.searching.facets import DEFAULT, Facet, Facets, facets, growth
from bucketdex.searching.facets.growth import Growth, Month, OfExtension
from bucketdex.searching.facets.taken import Property, own
from bucketdex.searching.language.editing import with_range, with_value
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import All, Query
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer

OBJECTS, PACKAGES, ENTRIES = (f"{it}-test-of-facets" for it in (OBJECTS_ALIAS, PACKAGES_ALIAS, ENTRIES_ALIAS))
LAB = Viewer(frozenset({"lab", "shelf"}))
METADATA = {
    "label": ("cat", "Cat", "dog", "red fox", "a..b", "x*y", 'say "hi"', "(x", "<5"),
    "weight": tuple(str(it / 4) for it in range(30)),
    "well": ("1", "2", "3"),
    "taken": tuple(f"20{year}-{month:02}-11" for year in range(18, 24) for month in (1, 6, 12)),
    "mixed": ("5", "5.0", "true", "2024-01-31", "five"),
    "Plate Nr": ("7", "8"),
    "plate nr": ("7",),
}
WANTED = (*DEFAULT, *(f"meta.{name}" for name in METADATA))


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    hidden, chance = {"filter": NOT_DELETED}, random.Random(8)
    index.indices.create(index=OBJECTS, body=objects_index(2, 0) | {"aliases": {OBJECTS_ALIAS: hidden}})
    index.indices.create(index=PACKAGES, body=packages_index(1, 0) | {"aliases": {PACKAGES_ALIAS: hidden}})
    index.indices.create(index=ENTRIES, body=entries_index(1, 0) | {"aliases": {ENTRIES_ALIAS: {}}})
    documents = [(OBJECTS, an_object(chance, number)) for number in range(120)]
    documents += [(ENTRIES, an_entry(chance, number)) for number in range(30)]
    for number in range(6):
        documents += [(PACKAGES, a_package(chance, number, latest=latest)) for latest in (True, False)]
    documents.append((OBJECTS, {"bucket": "lab", "key": "gone.csv", "extensions": [".csv"], "deleted": True}))
    writes = [
        writer.Write(into, object_id(it["bucket"], identity(it)), msgspec.json.encode(it)) for into, it in documents
    ]
    assert set(writer.write(index, writes)) == {writer.Result(writer.DONE)}
    index.indices.refresh(index=f"{OBJECTS},{PACKAGES},{ENTRIES}")
    yield index
    index.indices.delete(index=f"{OBJECTS},{PACKAGES},{ENTRIES}")


def identity(document: dict[str, Any]) -> str:
    return str(document.get("key") or f"{document['top_hash']}/{document['logical_key']}")


def an_object(chance: random.Random, number: int) -> dict[str, Any]:
    name = f"{chance.choice(('plate', 'penguins', 'run'))}-{number}{chance.choice(('.csv', '.csv.gz', '.png', ''))}"
    tags = [("stage", chance.choice(("raw", "Raw", "clean"))), ("team", chance.choice(("bio", "a=b", "")))]
    tags = [it for it in tags if chance.random() < 0.6]
    who = {"type": "AssumedRole", "name": chance.choice(("anna", "Anna", "bob smith")), "session": "bob smith"}
    return {
        "bucket": chance.choice(("lab", "lab", "shelf", "secret")), "key": f"runs/{name}", "name": name,
        "extensions": extensions(name), "modified": moment(chance), "size": size(chance),
        "storage_class": chance.choice(("STANDARD", "GLACIER")), "tags": [f"{name}={value}" for name, value in tags],
        **described(chance, [typed("tag", *it) for it in tags]), **({"written_by": who} if number % 2 else {}),
    }  # fmt: skip


def an_entry(chance: random.Random, number: int) -> dict[str, Any]:
    name = f"penguins-{number}.csv"
    return {
        "bucket": "shelf", "top_hash": "ab" * 32, "logical_key": f"data/{name}", "name": name, "epoch": 1,
        "extensions": extensions(name), "size": size(chance), **described(chance),
    }  # fmt: skip


def a_package(chance: random.Random, number: int, *, latest: bool) -> dict[str, Any]:
    return {
        "bucket": "shelf", "key": f"{number}/{latest}", "type": "pointer", "latest": latest, "author": "bio",
        "handle": f"bio/penguins{number}", "name": f"penguins{number}", "modified": moment(chance), "size": 64,
        "total_bytes": size(chance), **described(chance),
    }  # fmt: skip


def moment(chance: random.Random) -> str:
    return f"20{chance.randint(22, 24)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T10:00:00Z"


def size(chance: random.Random) -> int:
    return chance.choice((0, 1, 999, 1000, 1001, 10_000, 5_000_000, 10**9, 3 * 10**12))


def described(chance: random.Random, more: Any = ()) -> dict[str, Any]:
    pairs = tuple(
        typed("metadata", name, chance.choice(values))
        for name, values in METADATA.items()
        for _ in range(chance.choice((0, 0, 1, 1, 2)))
    )
    return {"metadata": named(pairs), "pairs": [*pairs, *more]}


def property_of(facet: Facet, value: str) -> Property:
    if facet.name == "kind":
        return Property("type")
    if facet.name == "tag":
        return Property("tag", value.partition("=")[0])
    field = value if facet.name == "meta" else facet.name.removeprefix("meta.") if "." in facet.name else None
    return Property(facet.name.partition(".")[0], field, facet.form != "values")


def found(corpus: OpenSearch, text: str, **narrowed: Any) -> int:
    return search(corpus, LAB, Question(text, 0, **narrowed)).total


NARROWINGS = (
    "", "penguins", "ext:.csv", "ext:csv", "(ext:.csv OR ext:.gz)", "-ext:.png", "ext:.nothing", "bucket:lab",
    "size:1kB..10kB",
    "size:>2kB", "modified:2023", "modified:2023-03..2023-09", "type:object", "(type:package OR type:entry)",
    "class:GLACIER", "by:anna", "by:nobody", "tag.stage:raw", "tag.team:a=b", "(tag.stage:clean OR tag.stage:raw)",
    "meta.label:cat", "meta.label:*", 'meta.label:"a..b"', "meta.weight:>3", "meta.weight:1..2", "meta.well:1",
    "meta.taken:2020-01..2021-12", 'meta."plate nr":7', "-meta.label:dog", "(meta.well:1 OR penguins)", "author:bio",
    "package:bio/penguins1", "meta.mixed:5",
)  # fmt: skip


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(NARROWINGS), max_size=3, unique=True), st.sampled_from((3, 8)))
@example([], 50)
@example(["tag.stage:raw", "tag.team:a=b", "meta.label:cat"], 10)
@example(["ext:csv", "size:>2kB", "modified:2023"], 10)
def test_every_count_is_what_a_search_finds(corpus, narrowings, size):
    text = " ".join(narrowings)
    told = facets(corpus, LAB, text, wanted=WANTED, size=size)
    assert told.total == found(corpus, text)
    query, finds = parse(text), functools.cache(lambda text: found(corpus, text))
    for facet in told.facets:
        assert len({it.value for it in facet.values}) == len(facet.values)
        for value in facet.values:
            of = property_of(facet, value.value)
            said, wanted = own(query, of), "*" if facet.name == "meta" else value.value
            if facet.name == "tag":
                wanted = value.value.partition("=")[2]
            if value.selected and wanted in said.taken:  # it may be a comparison, which no list has
                alone_with_it = Query(All((*said.left_out.all.nodes, said.said[said.taken.index(wanted)])))
            else:
                alone_with_it = (with_range if of.is_range else with_value)(said.left_out, of.name, wanted, of.field)
            assert value.count == finds(written(alone_with_it)), (text, facet.name, value)
            if not said.taken:
                assert not value.selected and parse(value.query) == alone_with_it
            elif value.selected:
                assert len(own(parse(value.query), of).taken) < len(said.taken)


def told_of(corpus: OpenSearch, name: str, text: str = "", viewer: Viewer = LAB, **more: Any) -> Facet:
    [facet] = facets(corpus, viewer, text, wanted=(name,), **more).facets
    return facet


def test_what_is_shown_and_what_is_not_is_all_there_is(corpus):
    few, every = told_of(corpus, "ext", size=1), told_of(corpus, "ext")
    assert len(few.values) == 1 and few.values[0] == every.values[0]
    assert few.values[0].count + few.other == sum(it.count for it in every.values)
    assert sum(it.count for it in told_of(corpus, "kind").values) == facets(corpus, LAB, "", wanted=()).total
    assert sum(it.count for it in told_of(corpus, "modified", "type:object").values) == found(corpus, "type:object")


def test_the_names_of_metadata_have_the_type_of_their_values(corpus):
    types = {it.value.lower(): it.type for it in told_of(corpus, "meta").values}
    assert types == {
        "label": "text", "weight": "number", "well": "number", "taken": "date", "mixed": "text", "plate nr": "number",
    }  # fmt: skip


def test_numbers_and_dates_are_ranges_where_they_are_many(corpus):
    weight, well, taken = (told_of(corpus, f"meta.{it}") for it in ("weight", "well", "taken"))
    assert (weight.form, weight.lowest, weight.highest) == ("ranges", "0", "7.25")
    assert (well.form, [it.value for it in sorted(well.values, key=lambda it: it.value)]) == ("values", ["1", "2", "3"])
    narrowed = told_of(corpus, "meta.well", "meta.well:*")
    assert "meta.well:1" in [it.query for it in narrowed.values], "instead of any value"
    assert (taken.form, taken.lowest[:10], taken.highest[:10]) == ("histogram", "2018-01-11", "2023-12-11")


def test_nobody_is_told_of_what_they_may_not_see(corpus):
    assert "secret" not in {it.value for it in told_of(corpus, "bucket").values}
    assert facets(corpus, Viewer(frozenset()), "") == Facets(0, [])
    secret = facets(corpus, Viewer(frozenset({"secret"})), "")
    assert [it.value for it in secret.facets[0].values] == ["secret"]
    assert facets(corpus, LAB, "", buckets=("secret",)).total == 0
    assert growth(corpus, LAB, "secret") == Growth(0, 0, [], [])


@pytest.mark.parametrize("text", [" ".join(f"-ext:.n{it}" for it in range(20)), f"-name:{'n' * 485}"])
def test_what_is_offered_can_be_read_where_the_query_has_all_that_one_can_have(corpus, text):
    assert search(corpus, LAB, Question(text)).total > 0
    told = facets(corpus, LAB, f"{text} ", wanted=WANTED)
    assert all(search(corpus, LAB, Question(it.query)) for facet in told.facets for it in facet.values)


def test_kinds_and_buckets_that_are_given_hold_always(corpus):
    told = facets(corpus, LAB, "ext:.csv", kinds=("object",), buckets=("lab",))
    assert told.total == found(corpus, "ext:.csv", kinds=("object",), buckets=("lab",))
    assert [it.value for it in told.facets[0].values] == ["lab"]
    assert [it.value for it in told.facets[1].values] == ["object"]


def test_a_facet_that_there_is_none_of_is_refused(corpus):
    with pytest.raises(Permanent, match="no facet 'colour'"):
        facets(corpus, LAB, "", wanted=("colour",))


def test_the_growth_of_a_bucket_ends_with_all_that_is_in_it(corpus):
    grown = growth(corpus, LAB, "lab")
    assert grown.count == found(corpus, "bucket:lab type:object") == grown.months[-1].count
    assert grown.bytes == grown.months[-1].bytes
    assert [it.month for it in grown.months] == sorted(it.month for it in grown.months)
    assert {it.extension for it in grown.extensions} == {".csv", ".csv.gz", ".gz", ".png"}
    assert all(it.count == found(corpus, f"bucket:lab type:object ext:{it.extension}") for it in grown.extensions)
    assert isinstance(grown.months[0], Month) and isinstance(grown.extensions[0], OfExtension)
