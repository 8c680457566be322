"""What people type, as a query: pure, bounded, and never sent without what the viewer may see."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from opensearchpy.exceptions import NotFoundError

from bucketdex.errors import Transient
from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.index.mappings import ENTRY, OBJECT, PACKAGE
from bucketdex.manifest.layout import Physical
from bucketdex.searching.answering import search
from bucketdex.searching.containing import containing
from bucketdex.searching.handles import Standing
from bucketdex.searching.hits import MOST_METADATA, OF_KIND, EntryHit, PackageHit, answer
from bucketdex.searching.query import entries, hash_prefixes, objects, packages, search_body
from bucketdex.searching.query.words import Digest, addresses, digest, read
from bucketdex.searching.question import ALIASES, KINDS, Question
from bucketdex.searching.viewer import Viewer

LAB = Viewer(frozenset({"lab"}))
TOP_HASH = "ab12" * 16


def test_a_query_is_bounded():
    assert len(json.dumps(search_body(Question("word " * 10_000)))) < 200_000
    assert len(json.dumps(search_body(Question("w" * 100_000)))) < 60_000
    assert (
        len(hash_prefixes("abcdef " * 1000)) == 1 and len(hash_prefixes("-".join(map(str, range(10**5, 10**6))))) == 0
    )


def test_only_the_kinds_that_are_asked_for_are_in_the_query():
    for kind, alias in ALIASES.items():
        body = json.dumps(search_body(Question("x", kinds=(kind,))))
        assert f'{{"prefix": {{"_index": "{alias}-"}}}}' in body and body.count('"prefix"') == 1
    assert json.dumps(search_body(Question("x"))).count('"prefix"') == 3


@pytest.mark.parametrize(("module", "mapping"), [(objects, OBJECT), (packages, PACKAGE), (entries, ENTRY)], ids=KINDS)
def test_every_field_of_the_tables_is_in_the_mapping(module, mapping):
    named = {
        *module.FIELDS.words, *module.FIELDS.sure, *module.FIELDS.exact, *module.FIELDS.folded,
        *module.WHOLE, *module.FRAGMENTS,
    }  # fmt: skip
    for field in named:
        whole, _, part = field.partition(".")
        known = mapping["properties"][whole]
        assert not part or part in known.get("fields", {}) or part in known.get("properties", {}), field


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AB12cd", ("ab12cd",)), ("ab12c", ()), ("x ab12cd y 123456", ("ab12cd", "123456")), ("a" * 65, ()),
        ('"ab12cd"', ()),
        ("bio/penguins@AB12cd", ("ab12cd",)), ("ab12cg", ()), ("٣٣٣٣٣٣", ()), ("", ()),
    ],
)  # fmt: skip
def test_what_may_begin_a_top_hash(text, found):
    assert hash_prefixes(text) == found


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("4B62", Digest(("4B62", "4b62"))),
        ("SHA256:4B62", Digest(("4B62", "4b62"), "sha256")),
        ("sha2-256-chunked:aB+/=", Digest(("aB+/=",), "sha2-256-chunked")),
        ("penguins", Digest(("penguins",))),
        (":", Digest((":",))),
    ],
)
def test_what_may_be_a_digest(word, meant):
    assert digest(word) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("s3://raw/a b.csv", [Physical("raw", "a b.csv")]),
        ("s3://raw/a%20b?versionId=v1", [Physical("raw", "a b", "v1"), Physical("raw", "a%20b?versionId=v1")]),
        ("s3://raw", []), ("s3:///k", []), ("raw/k", []), ("https://raw/k", []),
    ],
)  # fmt: skip
def test_what_an_address_may_mean(text, meant):
    assert list(addresses(text)) == meant


def test_the_last_word_goes_on_until_a_space_or_a_quote():
    assert [read(text).unfinished for text in ("pen", "pen ", '"pen"', "", " ", "a pen")] == [
        True, False, False, False, False, True,
    ]  # fmt: skip


class Recorder:
    """Stands for OpenSearch: keeps what it is asked, and answers each alike."""

    def __init__(self, *missing: str) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.missing = missing

    def search(self, index: str, body: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        self.asked.append((index, body))
        for name in self.missing:
            if name in index.split(","):
                reason = {"type": "index_not_found_exception", "index": name}
                raise NotFoundError(404, "index_not_found_exception", {"error": reason, "status": 404})
        hit = {"_index": f"{ENTRIES_ALIAS}-v1-1", "_score": 1.0, "_source": {
            "bucket": "lab", "top_hash": TOP_HASH, "logical_key": "x", "metadata": ["a=b"] * 10_000,
        }}  # fmt: skip
        counts = {"indexes": {"buckets": [{"key": f"{ENTRIES_ALIAS}-v7-2", "doc_count": 3}]}}
        return {"hits": {"total": {"value": 3}, "hits": [hit]}, "aggregations": counts, "timed_out": False}


def test_no_look_up_is_sent_without_what_the_viewer_may_see():
    client = Recorder()
    search(client, LAB, Question("ab12cd", buckets=("lab", "other")))
    containing(client, LAB, "raw", "k")
    assert [index for index, _ in client.asked] == [
        PACKAGES_ALIAS, f"{OBJECTS_ALIAS},{PACKAGES_ALIAS},{ENTRIES_ALIAS}", PACKAGES_ALIAS,
        ENTRIES_ALIAS, PACKAGES_ALIAS,
    ]  # fmt: skip
    for _, body in client.asked:
        assert body["query"]["bool"]["filter"] == [{"terms": {"bucket": ["lab"]}}]
        assert "global" not in json.dumps(body.get("aggs", {})) and "suggest" not in body and "post_filter" not in body


def test_who_may_see_nothing_asks_nothing():
    client = Recorder()
    assert search(client, Viewer(frozenset()), Question("ab12cd")).totals == dict.fromkeys(KINDS, 0)
    assert containing(client, Viewer(frozenset()), "raw", "k").total == 0
    assert client.asked == []


def test_objects_are_found_on_a_stack_that_knows_no_packages_yet():
    client = Recorder(PACKAGES_ALIAS, ENTRIES_ALIAS)
    search(client, LAB, Question("x"))
    assert client.asked[2][0] == OBJECTS_ALIAS
    assert search(client, LAB, Question("ab12cd", kinds=("package", "entry"))).total == 0
    assert containing(client, LAB, "raw", "k").packages == []
    with pytest.raises(Transient, match="connect a bucket"):
        search(Recorder(OBJECTS_ALIAS), LAB, Question("x"))


def test_what_a_hit_shows_is_bounded_and_totals_are_of_kinds():
    client = Recorder()
    found = search(client, LAB, Question("x"))
    [hit] = found.hits
    assert found.totals == {"object": 0, "package": 0, "entry": 3} and isinstance(hit, EntryHit)
    assert len(hit.metadata) == MOST_METADATA // len("a=b")
    source = {"bucket": "lab", "message": "m" * 100_000, "verified": False, "problem": "cut"}
    raw = {
        "hits": {
            "total": {"value": 1},
            "hits": [{"_index": "bucketdex-packages-v1-1", "_score": None, "_source": source}],
        }
    }
    [package] = answer(raw, ("package",), {("lab", "x"): Standing()}).hits
    assert isinstance(package, PackageHit) and len(package.message or "") == 2000
    assert (package.verified, package.latest, package.problem, package.score) == (False, False, "cut", 0.0)


def test_the_page_names_every_field_of_a_hit_and_no_other():
    page = (Path(__file__).parents[2] / "docs/search.md").read_text()
    for kind, hit in OF_KIND.items():
        row = re.findall(rf"^\| {kind} \| (`.*`) \|$", page, re.MULTILINE)[-1]
        common = {"bucket", "score", "highlights"}
        assert set(re.findall(r"`(\w+)`", row)) == set(hit.__struct_fields__) - common
