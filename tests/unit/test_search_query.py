"""A query as it was read, as a search: pure, bounded, and never sent without what the viewer may see."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opensearchpy.exceptions import NotFoundError

from bucketdex.errors import Transient
from bucketdex.index.generations import ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS, READS_ALIAS
from bucketdex.index.mappings import ENTRY, OBJECT, PACKAGE
from bucketdex.manifest.layout import Physical
from bucketdex.searching.answering import search
from bucketdex.searching.containing import containing
from bucketdex.searching.handles import Standing
from bucketdex.searching.hits import MOST_METADATA, OF_KIND, Beside, EntryHit, PackageHit, made
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.language.qualifiers import QUALIFIERS
from bucketdex.searching.query import clause, entries, hash_prefixes, kinds_of, objects, packages
from bucketdex.searching.query.clauses import alike, paired
from bucketdex.searching.query.filtering import OF_KIND as FOUND
from bucketdex.searching.query.kinds import Known
from bucketdex.searching.query.ranking import READ, RECENT
from bucketdex.searching.query.words import Digest, addresses, digest, other_number
from bucketdex.searching.question import ALIASES, KINDS, Question
from bucketdex.searching.suggesting import suggest
from bucketdex.searching.viewer import Viewer

LAB = Viewer(frozenset({"lab"}))
TOP_HASH = "ab12" * 16
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def written(text: str, kinds: Any = KINDS) -> str:
    return json.dumps(clause(parse(text), kinds, (), Known()))


def test_a_query_is_bounded():
    assert len(written("words " * 40)) < 400_000
    assert len(written("w" * 500)) < 40_000
    assert len(written(" ".join(["a-b"] * 20))) < 300_000


def test_only_the_kinds_that_are_asked_for_are_in_the_query():
    for kind, alias in ALIASES.items():
        body = written("x", (kind,))
        assert f'{{"prefix": {{"_index": "{alias}-"}}}}' in body and body.count('"prefix"') == 1
    assert written("x").count('"prefix"') == 3
    assert kinds_of(parse("type:package penguins"), KINDS) == ("package",)
    assert kinds_of(parse("type:package -type:entry"), ("object", "entry")) == ()
    assert kinds_of(parse("-type:entry"), KINDS) == KINDS


@pytest.mark.parametrize(("module", "mapping"), [(objects, OBJECT), (packages, PACKAGE), (entries, ENTRY)], ids=KINDS)
def test_every_field_of_the_tables_is_in_the_mapping(module, mapping):
    of = module.FIELDS
    for field in {*of.words, *of.sure, *of.exact, *of.folded, *of.prose, *module.WHOLE, *module.FRAGMENTS}:
        assert _is_mapped(field, mapping), field


@pytest.mark.parametrize(("kind", "mapping"), [("object", OBJECT), ("package", PACKAGE), ("entry", ENTRY)])
def test_every_qualifier_is_of_the_kinds_that_the_language_says_and_asks_for_fields_that_are_there(kind, mapping):
    assert set(FOUND[kind].qualifiers) == {it.name for it in QUALIFIERS.values() if kind in it.kinds}
    for name, finds in FOUND[kind].qualifiers.items():
        for text in (QUALIFIERS[name].example, f"{name}:2024", f"{name}:*"):
            if QUALIFIERS[name].choices and text != QUALIFIERS[name].example:
                continue
            [asked] = parse(text).all.nodes
            for field in _fields_of(finds(asked, Known())):
                assert _is_mapped(field, mapping), (text, field)


def _is_mapped(field: str, mapping: dict[str, Any]) -> bool:
    whole, _, part = field.partition(".")
    known = mapping["properties"][whole]
    return not part or part in known.get("fields", {}) or part in known.get("properties", {})


def _fields_of(found: Any) -> Iterator[str]:
    """The fields that a clause asks for."""
    if isinstance(found, list):
        for inner in found:
            yield from _fields_of(inner)
    elif isinstance(found, dict):
        for name, inner in found.items():
            if name in ("term", "terms", "range", "wildcard", "prefix", "match", "match_phrase", "match_bool_prefix"):
                yield from inner
            elif name == "exists":
                yield inner["field"]
            else:
                yield from _fields_of(inner)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AB12cd", ("ab12cd",)), ("ab12c", ()), ("x ab12cd y 123456", ("ab12cd", "123456")), ("a" * 65, ()),
        ('"ab12cd"', ()), ("hash:AB12cd", ("ab12cd",)), ("x OR (y -ab12cd)", ("ab12cd",)), ("ab12cd*", ()),
        ("bio/penguins@AB12cd", ("ab12cd",)), ("package:bio/penguins@AB12cd", ("ab12cd",)),
        ("-package:bio/penguins@ab12cd -ab12ce", ("ab12ce",)), ("package:ab12cd", ()), ("ab12cg", ()),
        ("٣٣٣٣٣٣", ()), ("", ()),
    ],
)  # fmt: skip
def test_what_may_begin_a_top_hash(text, found):
    assert hash_prefixes(parse(text)) == found


@pytest.mark.parametrize(
    ("word", "other"),
    [("penguins", "penguin"), ("Penguin", "Penguins"), ("class", None), ("bus", None), ("a-b", None), ("run2", None)],
)
def test_a_noun_is_looked_for_in_its_other_number_too(word, other):
    assert other_number(word) == other


def test_what_is_typed_into_a_pattern_means_itself_but_for_the_star():
    assert alike("key", "a?b\\*")["wildcard"]["key"]["value"] == "a\\?b\\\\*"
    assert alike("key", "a?")["term"]["key"]["value"] == "a?"
    assert paired("tags", "a*\\", "b*?")["wildcard"]["tags"]["value"] == "a\\*\\\\=b*\\?"


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


def test_the_last_word_goes_on_while_it_is_typed():
    for text in ("a pen", "ext:csv pen", "-a pen"):
        assert "bool_prefix" in written(text), text
    for text in ("pen ", '"pen"', "", "-pen", "(pen)", "pen ext:csv"):
        assert "bool_prefix" not in written(text), text


def test_one_or_two_letters_begin_words_of_names_only():
    assert not _begun("ab") & {"content", "message", "problem.text"} and "name.text" in _begun("ab")
    assert {"content", "message"} <= _begun("abc") & _begun("a-foo")
    assert not _begun("foo-a") & {"content", "message", "problem.text"} and "name.text" in _begun("foo-a")
    client = Recorder()
    suggest(client, LAB, "foo-a")
    assert len(client.asked) == 3 and json.dumps(client.asked).count("match_bool_prefix") == 1  # of handles


def _begun(text: str) -> set[str]:
    found: set[str] = set()
    for fields in re.findall(r'"type": "bool_prefix", "fields": \[(.*?)\]', written(text)):
        found |= set(re.findall(r'"([a-z_.]+)(?:\^|")', fields))
    return found


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
        hit = {"_index": f"{ENTRIES_ALIAS}-v1-1", "_id": "e", "_score": 1.0, "sort": [1.0], "_source": {
            "bucket": "lab", "top_hash": TOP_HASH, "logical_key": "x", "metadata": ["a=b"] * 10_000, "object": "o",
        }}  # fmt: skip
        counts = {"indexes": {"buckets": [{"key": f"{ENTRIES_ALIAS}-v7-2", "doc_count": 3}]}}
        return {"hits": {"total": {"value": 3}, "hits": [hit]}, "aggregations": counts, "timed_out": False}

    def msearch(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        self.asked += [(",".join(header["index"]), each) for header, each in zip(body[::2], body[1::2], strict=True)]
        return {"responses": [{"hits": {"total": {"value": 0}, "hits": []}}] * (len(body) // 2)}


def test_no_module_but_that_of_the_viewer_sends_a_search():
    root, sent = Path(__file__).parents[2], {"index", "body"}  # by which a call is one of OpenSearch's client
    within = "layers/bucketdex/bucketdex"
    senders = set()
    for folder in (*(f"{within}/{it}" for it in ("searching", "api", "catalog", "health")), "functions/search_api",
                   "functions/catalog"):  # fmt: skip
        for file in (root / folder).rglob("*.py"):
            for call in (it for it in ast.walk(ast.parse(file.read_text())) if isinstance(it, ast.Call)):
                if isinstance(call.func, ast.Attribute) and sent & {it.arg for it in call.keywords}:
                    senders.add((str(file.relative_to(root / within, walk_up=True)), call.func.attr))
    assert senders - {("catalog/deadline.py", "perform_request")} == {  # which hands over, with less time
        ("searching/viewer.py", it) for it in ("search", "msearch", "create_pit", "delete_pit")
    }


def asked_of(client: Recorder) -> list[str]:
    return [index for index, _ in client.asked]


def test_no_look_up_is_sent_without_what_the_viewer_may_see():
    client = Recorder()
    search(client, LAB, Question("ab12cd author:bio", buckets=("lab", "other")))
    containing(client, LAB, "raw", "k")
    all_kinds = f"{OBJECTS_ALIAS},{PACKAGES_ALIAS},{ENTRIES_ALIAS}"
    assert asked_of(client) == [
        PACKAGES_ALIAS, PACKAGES_ALIAS, READS_ALIAS,  # what is named, and what is read most
        all_kinds, PACKAGES_ALIAS,  # the page, and what its manifests are
        ENTRIES_ALIAS, PACKAGES_ALIAS,
    ]  # fmt: skip
    for _, body in client.asked:
        assert body["query"]["bool"]["filter"] == [{"terms": {"bucket": ["lab"]}}]
        assert body["query"]["bool"]["must_not"] == [{"term": {"deleted": True}}]
        assert "global" not in json.dumps(body.get("aggs", {})) and "suggest" not in body and "post_filter" not in body


def test_no_more_is_asked_than_a_page_needs():
    client = Recorder()
    search(client, LAB, Question("ext:csv", kinds=("entry",)))
    assert asked_of(client) == [ENTRIES_ALIAS, PACKAGES_ALIAS]  # nothing is scored, folded or named
    search(client, LAB, Question("penguins", 0))
    search(client, LAB, Question("penguins", 0))
    assert asked_of(client).count(READS_ALIAS) == 1  # kept for a minute


def test_who_may_see_nothing_asks_nothing():
    client = Recorder()
    assert search(client, Viewer(frozenset()), Question("ab12cd")).totals == dict.fromkeys(KINDS, 0)
    assert search(client, LAB, Question("type:package", kinds=("object",))).totals == {"object": 0}
    assert containing(client, Viewer(frozenset()), "raw", "k").total == 0
    assert client.asked == []


def test_objects_are_found_on_a_stack_that_knows_no_packages_yet():
    client = Recorder(PACKAGES_ALIAS, ENTRIES_ALIAS, READS_ALIAS)
    search(client, LAB, Question("x"))
    assert OBJECTS_ALIAS in asked_of(client)
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
    raw = {"_index": "bucketdex-packages-v1-1", "_id": "p", "_score": None, "_source": source}
    package = made(raw, Beside({}, {("lab", "x"): Standing()}))
    assert isinstance(package, PackageHit) and len(package.message or "") == 2000
    assert (package.verified, package.latest, package.problem, package.score) == (False, False, "cut", 0.0)


def test_what_is_new_and_read_counts_mildly():
    most = 1.0
    for _, factor in (*RECENT, *READ):
        most *= factor
    assert most < 1.3  # never as much as a name counts over a mention
    assert sorted(days for days, _ in RECENT) == [days for days, _ in RECENT]


def test_the_page_names_every_field_of_a_hit_and_no_other():
    page = (Path(__file__).parents[2] / "docs/search.md").read_text()
    for kind, hit in OF_KIND.items():
        row = re.findall(rf"^\| {kind} \| (`.*`) \|$", page, re.MULTILINE)[-1]
        common = {"bucket", "score", "highlights"}
        assert set(re.findall(r"`(\w+)`", row)) == set(hit.__struct_fields__) - common
