"""Packages and entries are found by what people know of them, in a real OpenSearch, and only by who may see them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opensearchpy import OpenSearch

from bucketdex.index import writer
from bucketdex.index.generations import ENTRIES_ALIAS, NOT_DELETED, OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.mappings import entries_index, objects_index, packages_index
from bucketdex.index.pairs import flattened, named
from bucketdex.searching.answering import search
from bucketdex.searching.containing import Containing, containing
from bucketdex.searching.hits import Answer, EntryHit, ObjectHit, PackageHit
from bucketdex.searching.language.parsing import QuerySyntaxError
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer

OBJECTS, PACKAGES, ENTRIES = (f"{it}-test-of-packages" for it in (OBJECTS_ALIAS, PACKAGES_ALIAS, ENTRIES_ALIAS))
SHELF = Viewer(frozenset({"shelf"}))
NOW = "2026-01-01T00:00:00Z"
PENGUINS, OLDER, UNNAMED, CELLS, SECRET = ("ab12cd0" + "0" * 57, "ab12cd1" + "1" * 57, "ab12cd2" + "2" * 57,
                                           "77aa00" + "3" * 58, "5ec2e7" + "4" * 58)  # fmt: skip
SHA256 = "4b62086319480e0739ef390d04084515defb9c213ff13605a036061e33314317"
CHUNKED = "L8Sk/xz+L9BkbpkH8Uu9tQxxkCyWl0nWxXGxQ3k2F1o="
HOSTILE = '<img src=x onerror="alert(1)"> squid'


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    hidden = {"filter": NOT_DELETED}
    index.indices.create(index=OBJECTS, body=objects_index(1, 0) | {"aliases": {OBJECTS_ALIAS: hidden}})
    index.indices.create(index=PACKAGES, body=packages_index(1, 0) | {"aliases": {PACKAGES_ALIAS: hidden}})
    index.indices.create(index=ENTRIES, body=entries_index(1, 0) | {"aliases": {ENTRIES_ALIAS: {}}})
    put(index, OBJECTS, bucket="shelf", key="raw/penguins.csv", name="penguins.csv", extensions=[".csv"], modified=NOW)
    put(index, OBJECTS, bucket="shelf", key="notes.md", name="notes.md", content="where the penguins were counted")
    told = {"message": "Counts of Adélie colonies", "entries": 2, "total_bytes": 300, "workflow": "field-season"}
    shelf_told = told | described({"plate": {"well": "B7", "weights": [1.5, 2]}, "station": "Palmer"})
    push(index, "shelf", "bio/penguins", PENGUINS, before=[OLDER, PENGUINS, PENGUINS], **shelf_told)
    push(index, "shelf", "bio/adelie", PENGUINS, **told)
    push(index, "shelf", "imaging/cellPlates", CELLS, verified=False, message=HOSTILE,
         problem="its top hash is 00ff, not its name", **described({"note": HOSTILE}))  # fmt: skip
    put(index, PACKAGES, bucket="shelf", key=".quilt/packages/" + UNNAMED, type="manifest", top_hash=UNNAMED,
        verified=False, problem="line 48213: not JSON", message="lost")  # fmt: skip
    put(index, PACKAGES, bucket="shelf", key=".quilt/named_packages/bio/gone/latest", type="pointer", latest=True,
        handle="bio/gone", deleted=True)  # fmt: skip
    enter(index, "shelf", PENGUINS, "counts/Adelie_colony-042.csv.gz", "raw", "a b/colony.csv.gz", "v1",
          hash={"type": "SHA256", "value": SHA256}, **described({"label": "penguins"}))  # fmt: skip
    enter(index, "shelf", PENGUINS, "notes.md", "shelf", "notes.md", None,
          hash={"type": "sha2-256-chunked", "value": CHUNKED})  # fmt: skip
    enter(index, "shelf", OLDER, "old/colony.csv.gz", "raw", "a b/colony.csv.gz", "v0")
    enter(index, "shelf", CELLS, f"x/{HOSTILE}.png", "raw", "x.png", None)
    # What only who may see the vault finds.
    push(index, "vault", "bio/penguins", SECRET, message="classified penguins", verified=True)
    push(index, "vault", "secret/copy", PENGUINS, message="classified copy")
    enter(index, "vault", SECRET, "classified/colony.csv.gz", "raw", "a b/colony.csv.gz", "v1")
    enter(index, "vault", PENGUINS, "classified/copy.csv.gz", "raw", "a b/colony.csv.gz", "v1")
    index.indices.refresh(index=f"{OBJECTS},{PACKAGES},{ENTRIES}")
    yield index
    index.indices.delete(index=f"{OBJECTS},{PACKAGES},{ENTRIES}")


def put(index: OpenSearch, into: str, **document: Any) -> None:
    name = document.get("key") or f"{document['top_hash']}/{document['logical_key']}"
    write = writer.Write(into, object_id(document["bucket"], name), msgspec.json.encode(document))
    assert writer.write(index, [write]) == [writer.Result(writer.DONE)]


def push(index: OpenSearch, registry: str, handle: str, top_hash: str, before: Any = (), **told: Any) -> None:
    """Write what a push leaves: pointers and a manifest, and the pointers of those `before` it."""
    author, name = handle.split("/")
    facts = {"bucket": registry, "handle": handle, "author": author, "name": name, "type": "pointer", "modified": NOW}
    folder = f".quilt/named_packages/{handle}"
    for number, revision in enumerate([*before, top_hash], 1700000000):
        put(index, PACKAGES, **facts, key=f"{folder}/{number}", revision=str(number), latest=False,
            top_hash=revision, created=number * 1000, **told)  # fmt: skip
    put(index, PACKAGES, **facts, key=f"{folder}/latest", revision="latest", latest=True, top_hash=top_hash, **told)
    manifest = {"bucket": registry, "key": f".quilt/packages/{top_hash}", "type": "manifest", "top_hash": top_hash}
    document = msgspec.json.encode(manifest | told | {"entry_state": {"state": "complete"}})
    writer.write(index, [writer.Write(PACKAGES, object_id(registry, manifest["key"]), document)])  # may be there


def enter(
    index: OpenSearch, registry: str, top_hash: str, logical_key: str, bucket: str, key: str, version: str | None,
    **more: Any,
) -> None:  # fmt: skip
    physical = {"bucket": bucket, "key": key} | ({"version_id": version} if version else {})
    put(index, ENTRIES, bucket=registry, top_hash=top_hash, logical_key=logical_key, physical=physical, epoch=1,
        name=logical_key.rpartition("/")[2], object=object_id(bucket, key), size=3,
        physical_key=f"s3://{bucket}/{key}", **more)  # fmt: skip


def described(metadata: dict[str, Any]) -> dict[str, Any]:
    pairs, _ = flattened("metadata", metadata)
    return {"metadata": named(pairs), "pairs": pairs}


def asked(corpus: OpenSearch, text: str, viewer: Viewer = SHELF, **narrowed: Any) -> Answer:
    return search(corpus, viewer, Question(text, 100, **narrowed))


def packages(corpus: OpenSearch, text: str, viewer: Viewer = SHELF) -> list[tuple[str | None, str | None, bool]]:
    hits = asked(corpus, text, viewer, kinds=("package",)).hits
    return [(hit.handle, hit.top_hash, hit.latest) for hit in hits if isinstance(hit, PackageHit)]


def entries(corpus: OpenSearch, text: str, viewer: Viewer = SHELF) -> list[str]:
    hits = asked(corpus, text, viewer, kinds=("entry",)).hits
    return [hit.logical_key for hit in hits if isinstance(hit, EntryHit)]


@pytest.mark.parametrize(
    "text",
    [
        "bio/penguins", "BIO/Penguins", "bio", "penguins", "pengu", "bio/peng", "penguins bio", "adélie colonies",
        "adelie", '"counts of adelie"', "plate.well=B7", "B7 palmer", "station=Palmer", "plate.weights=1.5", "palmer",
        "field-season", "penguins palmer colonies", PENGUINS, "ab12cd00", "AB12CD00", "penguins ab12cd",
    ],
)  # fmt: skip
def test_a_package_is_found_by_its_handle_message_metadata_workflow_and_top_hash(corpus, text):
    assert ("bio/penguins", PENGUINS, True) in packages(corpus, text)


@pytest.mark.parametrize("text", ["cell plates", "cellPlates", "cell", "imaging", "squid", "00ff"])
def test_an_unverified_package_is_shown_with_its_problem(corpus, text):
    [hit] = [hit for hit in asked(corpus, text, kinds=("package",)).hits if isinstance(hit, PackageHit)]
    told = ("imaging/cellPlates", False, "its top hash is 00ff, not its name")
    assert (hit.handle, hit.verified, hit.problem) == told


def test_a_handle_is_one_hit_whatever_its_revisions(corpus):
    assert packages(corpus, "penguins") == [("bio/penguins", PENGUINS, True)]
    assert asked(corpus, "").totals == {"object": 2, "package": 3, "entry": 4}
    assert packages(corpus, "gone") == packages(corpus, "lost") == []


def test_a_top_hash_finds_each_revision_once_and_a_manifest_that_nothing_else_shows(corpus):
    assert packages(corpus, "ab12cd") == [
        ("bio/adelie", PENGUINS, True), ("bio/penguins", PENGUINS, True), ("bio/penguins", OLDER, False),
        (None, UNNAMED, False),
    ]  # fmt: skip
    assert asked(corpus, "ab12cd").totals == {"object": 0, "package": 4, "entry": 0}
    assert packages(corpus, OLDER) == [("bio/penguins", OLDER, False)]
    assert (
        packages(corpus, f"bio/penguins@{OLDER[:8]}")
        == packages(corpus, "ab12cd1 bio")
        == [("bio/penguins", OLDER, False)]
    )
    assert packages(corpus, "ab12c") == packages(corpus, "ab12ce") == []
    [nameless] = [hit for hit in asked(corpus, UNNAMED).hits if isinstance(hit, PackageHit)]
    assert (nameless.verified, nameless.problem) == (False, "line 48213: not JSON")


@pytest.mark.parametrize(
    "text",
    [
        "counts/Adelie_colony-042.csv.gz", "Adelie_colony-042.csv.gz", "colony 042", "042", "adel", "counts colony",
        "label=penguins", SHA256, SHA256.upper(), f"sha256:{SHA256}", f"SHA256:{SHA256}", "s3://raw/a b/colony.csv.gz",
        "s3://raw/a%20b/colony.csv.gz", "s3://raw/a%20b/colony.csv.gz?versionId=v1",
    ],
)  # fmt: skip
def test_an_entry_is_found_by_logical_key_metadata_digest_and_address(corpus, text):
    assert "counts/Adelie_colony-042.csv.gz" in entries(corpus, text)


def test_digests_and_addresses_find_nothing_else(corpus):
    assert entries(corpus, CHUNKED) == entries(corpus, f"sha2-256-chunked:{CHUNKED}") == ["notes.md"]
    assert entries(corpus, f"sha256:{CHUNKED}") == entries(corpus, CHUNKED.lower()) == []
    assert entries(corpus, f"md5:{SHA256}") == entries(corpus, SHA256[:-1]) == []
    assert entries(corpus, "s3://raw/a%20b/colony.csv.gz?versionId=v0") == ["old/colony.csv.gz"]
    assert [hit.key for hit in asked(corpus, "s3://shelf/notes.md").hits if isinstance(hit, ObjectHit)] == ["notes.md"]


def test_an_entry_tells_its_packages_and_whether_they_still_have_it(corpus):
    hits = {hit.logical_key: hit for hit in asked(corpus, "colony", kinds=("entry",)).hits if isinstance(hit, EntryHit)}
    new, old = hits["counts/Adelie_colony-042.csv.gz"], hits["old/colony.csv.gz"]
    assert (new.handles, new.latest) == (["bio/adelie", "bio/penguins"], True)
    assert (old.handles, old.latest, old.top_hash, old.bucket) == (["bio/penguins"], False, OLDER, "shelf")
    assert new.hash == {"type": "SHA256", "value": SHA256} and new.physical_key == "s3://raw/a b/colony.csv.gz"


def test_packages_come_before_their_entries_and_names_before_content(corpus):
    found = [hit.__struct_config__.tag for hit in asked(corpus, "penguins").hits]
    assert found == ["package", "object", "object", "entry"]
    assert [hit.key for hit in asked(corpus, "penguins").hits if isinstance(hit, ObjectHit)] == [
        "raw/penguins.csv", "notes.md",
    ]  # fmt: skip
    assert isinstance(asked(corpus, "notes.md").hits[0], ObjectHit)
    # The message has the word too; the handle says it.
    assert [hit.handle for hit in asked(corpus, "adelie").hits if isinstance(hit, PackageHit)] == [
        "bio/adelie", "bio/penguins",
    ]  # fmt: skip


def test_a_search_can_be_narrowed_to_kinds(corpus):
    answer = asked(corpus, "penguins", kinds=("package", "entry"))
    assert answer.totals == {"package": 1, "entry": 1} and answer.total == 2 == len(answer.hits)


def test_highlights_are_safe_html(corpus):
    hits = asked(corpus, "squid").hits
    assert {hit.__struct_config__.tag for hit in hits} == {"package", "entry"}
    for hit in hits:
        for fragment in (each for fragments in hit.highlights.values() for each in fragments):
            assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; <mark>squid</mark>" in fragment.replace(
                "&#x2F;", "/"
            )
    assert {field for hit in hits for field in hit.highlights} == {"message", "metadata", "name", "logical_key"}


def test_who_may_not_see_a_registry_learns_nothing_of_it(corpus):
    both = Viewer(frozenset({"shelf", "vault"}))
    for text in ("classified", SECRET, SECRET[:6], "secret/copy", "classified/copy.csv.gz"):
        assert asked(corpus, text).totals == {"object": 0, "package": 0, "entry": 0}
        assert asked(corpus, text, both).total > 0
        assert asked(corpus, text, Viewer(frozenset({"elsewhere"}))).total == 0
        assert asked(corpus, text, buckets=("vault",)).total == 0
    assert ("secret/copy", PENGUINS, True) not in packages(corpus, "ab12cd")
    assert ("secret/copy", PENGUINS, True) in packages(corpus, "ab12cd", both)
    for hit in asked(corpus, "colony").hits:
        assert hit.bucket == "shelf" and not (isinstance(hit, EntryHit) and "secret/copy" in hit.handles)


def test_the_packages_that_contain_an_object_are_told_across_registries(corpus):
    new = Containing("shelf", ["bio/adelie", "bio/penguins"], PENGUINS, "counts/Adelie_colony-042.csv.gz", "v1", True)
    old = Containing("shelf", ["bio/penguins"], OLDER, "old/colony.csv.gz", "v0", latest=False)
    seen = containing(corpus, SHELF, "raw", "a b/colony.csv.gz")
    assert (seen.total, seen.packages, seen.unsearched) == (2, [new, old], 1)  # of `lost` nothing is searchable
    assert containing(corpus, SHELF, "raw", "a b/colony.csv.gz", "v0").packages == [old]
    assert containing(corpus, SHELF, "raw", "a b/colony.csv.gz", "v9").total == 0
    both = containing(corpus, Viewer(frozenset({"shelf", "vault"})), "raw", "a b/colony.csv.gz", "v1")
    assert [(it.registry, it.handles) for it in both.packages] == [
        ("shelf", ["bio/adelie", "bio/penguins"]), ("vault", ["bio/penguins"]), ("vault", ["secret/copy"]),
    ]  # fmt: skip
    unversioned = containing(corpus, SHELF, "shelf", "notes.md").packages
    assert [(it.logical_key, it.version_id) for it in unversioned] == [("notes.md", None)]


def test_objects_are_found_while_there_are_no_indexes_of_packages(corpus):
    aliases = {PACKAGES: PACKAGES_ALIAS, ENTRIES: ENTRIES_ALIAS}
    for name, alias in aliases.items():
        corpus.indices.delete_alias(index=name, name=alias)
    try:
        assert asked(corpus, "penguins").totals == {"object": 2, "package": 0, "entry": 0}
        assert containing(corpus, SHELF, "raw", "a b/colony.csv.gz").total == 0
    finally:
        corpus.indices.put_alias(index=PACKAGES, name=PACKAGES_ALIAS, body={"filter": NOT_DELETED})
        corpus.indices.put_alias(index=ENTRIES, name=ENTRIES_ALIAS)


def test_fifty_thousand_names_of_metadata_are_no_fields(index: OpenSearch):
    name = f"{PACKAGES_ALIAS}-test-of-names"
    index.indices.create(index=name, body=packages_index(1, 0))
    try:
        before = index.indices.get_mapping(index=name)
        writes = [
            writer.Write(name, object_id("many", str(number)), msgspec.json.encode(
                {"bucket": "many", "key": str(number), "type": "manifest"}
                | described({f"name {number}": {str(inner): f"value{number}" for inner in range(200)}})
            ))
            for number in range(250)
        ]  # fmt: skip
        assert {result.status for result in writer.write(index, writes)} == {writer.DONE}
        index.indices.refresh(index=name)
        assert index.indices.get_mapping(index=name) == before
        exact = {"query": {"term": {"metadata": "name 7.199=value7"}}}
        assert index.count(index=name, body=exact)["count"] == 1
    finally:
        index.indices.delete(index=name)


MARKS = st.sampled_from(['"', "\\", "/", "*", "?", "(", "[", "{", "~", "^", ":", "s3://", "sha256:", "ab12cd", " ", "-",
                         "AND", "\0", "\ud7ff", "é", "🧬", "a", "=", "%", "?versionId=", "<", "&"])  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(MARKS, max_size=60).map("".join), st.text(max_size=200)))
def test_nothing_that_is_typed_breaks_a_search(corpus, text):
    with contextlib.suppress(QuerySyntaxError):
        asked(corpus, text)


@pytest.mark.parametrize(
    "text",
    [
        "a " * 400, "ab12cd " * 70, " ".join(f"{number:06x}" for number in range(70)), "-".join("ab" * 60),
        f'"{"a b " * 100}"', "s3://" + "a/" * 240, "sha256:" + "f" * 480, "=".join("abcdefgh" * 20),
    ],
)  # fmt: skip
def test_the_longest_searches_are_no_more_than_opensearch_takes(corpus, text):
    with contextlib.suppress(QuerySyntaxError):
        asked(corpus, text)
