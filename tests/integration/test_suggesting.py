"""What is suggested is there, is found by what is suggested, and is only what the viewer may see."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opensearchpy import OpenSearch

from bucketdex.api.answers import Edges, answers_of
from bucketdex.index import writer
from bucketdex.index.generations import ENTRIES_ALIAS, NOT_DELETED, OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.mappings import entries_index, objects_index, packages_index
from bucketdex.index.names import extensions
from bucketdex.index.pairs import named, typed
from bucketdex.searching.answering import search
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.question import Question
from bucketdex.searching.suggesting import did_you_mean, suggest
from bucketdex.searching.viewer import Viewer

OBJECTS, PACKAGES, ENTRIES = (f"{it}-test-of-suggesting" for it in (OBJECTS_ALIAS, PACKAGES_ALIAS, ENTRIES_ALIAS))
LAB = Viewer(frozenset({"lab", "shelf"}))
KEYS = (
    "runs/2024/penguins-042.csv", "runs/2024/plates.csv.gz", "runs/2023/penguins.tsv", "images/Penguin Palmer.png",
    "notes (draft).md", "penguinarium/readme.md",
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    hidden = {"filter": NOT_DELETED}
    index.indices.create(index=OBJECTS, body=objects_index(1, 0) | {"aliases": {OBJECTS_ALIAS: hidden}})
    index.indices.create(index=PACKAGES, body=packages_index(1, 0) | {"aliases": {PACKAGES_ALIAS: hidden}})
    index.indices.create(index=ENTRIES, body=entries_index(1, 0) | {"aliases": {ENTRIES_ALIAS: {}}})
    for number, key in enumerate(KEYS):
        put(index, OBJECTS, **an_object("lab", key, {"label": "Cat" if number % 2 else 'say "hi"', "Plate Nr": "7"}))
    put(index, OBJECTS, **an_object("secret", "penguins/classified.xyz", {"clearance": "classified"}, by="spy"))
    for registry, handle in (("shelf", "bio/penguins"), ("shelf", "imaging/cells"), ("secret", "bio/penguins-secret")):
        author, name = handle.split("/")
        for latest in (True, False):
            put(index, PACKAGES, bucket=registry, key=f"{handle}/{latest}", type="pointer", latest=latest,
                handle=handle, author=author, name=name, message="Counts of colonies", top_hash="ab" * 32)  # fmt: skip
    put(index, ENTRIES, bucket="shelf", top_hash="ab" * 32, logical_key="data/colony.h5ad", name="colony.h5ad",
        extensions=[".h5ad"], epoch=1, metadata=["license=CC0"],
        pairs=[typed("metadata", "license", "CC0")])  # fmt: skip
    index.indices.refresh(index=f"{OBJECTS},{PACKAGES},{ENTRIES}")
    yield index
    index.indices.delete(index=f"{OBJECTS},{PACKAGES},{ENTRIES}")


def put(index: OpenSearch, into: str, **document: Any) -> None:
    name = document.get("key") or f"{document['top_hash']}/{document['logical_key']}"
    write = writer.Write(into, object_id(document["bucket"], name), msgspec.json.encode(document))
    assert writer.write(index, [write]) == [writer.Result(writer.DONE)]


def an_object(bucket: str, key: str, metadata: dict[str, str], by: str = "anna") -> dict[str, Any]:
    name = key.rpartition("/")[2]
    pairs = [typed("metadata", *it) for it in metadata.items()]
    return {
        "bucket": bucket, "key": key, "name": name, "extensions": extensions(name), "size": 3,
        "modified": "2024-01-01T00:00:00Z", "storage_class": "GLACIER_IR", "columns": ["bill_length"],
        "written_by": {"type": "AssumedRole", "name": by}, "metadata": named(tuple(pairs)), "tags": ["stage=raw"],
        "pairs": [*pairs, typed("tag", "stage", "raw")],
    }  # fmt: skip


def told(corpus: OpenSearch, text: str, viewer: Viewer = LAB) -> list[str]:
    return [it.query for it in suggest(corpus, viewer, text, 20).suggestions]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("ex", "ext:"), ("met", "meta."), ("ext:.c", "ext:.csv"), ("ext:C", "ext:.csv.gz"), ("ext:h5", "ext:.h5ad"),
        ("penguins ext:", "penguins ext:.tsv"), ("-ext:.p", "-ext:.png"),
        ("(ext:.csv OR ext:.t", "(ext:.csv OR ext:.tsv"),
        ("bucket:l", "bucket:lab"), ("type:p", "type:package"), ("size:>1", "size:>10MB"),
        ("modified:7", "modified:7d"),
        ("author:B", "author:bio"), ("package:peng", "package:bio/penguins"), ("package:", "package:imaging/cells"),
        ("by:a", "by:anna"), ("class:gla", "class:GLACIER_IR"), ("column:bill", "column:bill_length"),
        ("tag.", "tag.stage:"), ("meta.l", "meta.label:"), ("meta.pl", 'meta."Plate Nr":'),
        ("tag.stage:r", "tag.stage:raw"),
        ("meta.label:c", "meta.label:Cat"), ("meta.label:", 'meta.label:"say ""hi"""'),
        ('meta.label:"sa', 'meta.label:"say ""hi"""'),
        ("meta.li", "meta.license:"), ("meta.license:", "meta.license:CC0"),
        ("bio/pe", "package:bio/penguins"), ("cel", "package:imaging/cells"), ("pengu", "key:penguinarium/"),
        ("pengu", "key:runs/2024/penguins-042.csv"), ("palm", 'key:"images/Penguin Palmer.png"'),
        ("runs/20", "key:runs/2024/"),
        ("csv run", "csv key:runs/"), ("key:runs/2024/pl", "key:runs/2024/plates.csv.gz"),
        ("p", "key:runs/2024/penguins-042.csv"),
        ("name:note", 'name:"notes (draft).md"'),
    ],
)  # fmt: skip
def test_the_word_at_the_end_becomes_what_is_there(corpus, text, query):
    assert query in told(corpus, text)


def test_what_is_suggested_is_found(corpus):
    for text in (
        "pengu",
        "ext:",
        "by:",
        "meta.label:",
        "tag.stage:",
        "author:",
        "package:",
        "key:runs",
        "class:",
        "cel",
    ):
        for it in suggest(corpus, LAB, text, 20).suggestions:
            assert search(corpus, LAB, Question(it.query)).total, (text, it)


def test_suggestions_say_what_they_lead_to(corpus):
    by_kind = {
        it.kind: it for it in suggest(corpus, LAB, "penguins-0").suggestions + suggest(corpus, LAB, "bio").suggestions
    }
    package, found = by_kind["package"], by_kind["object"]
    assert (package.text, package.bucket, package.handle) == ("bio/penguins", "shelf", "bio/penguins")
    assert (found.text, found.bucket, found.key) == ("penguins-042.csv", "lab", "runs/2024/penguins-042.csv")
    [folder] = [it for it in suggest(corpus, LAB, "2023").suggestions if it.kind == "folder"]
    assert (folder.text, folder.bucket, folder.key) == ("runs/2023/", "lab", "runs/2023/")


def test_what_stands_before_narrows_what_is_suggested(corpus):
    assert told(corpus, "palmer ext:") == ["palmer ext:.png"]
    assert told(corpus, "type:package pengu") == ["type:package package:bio/penguins"]
    assert told(corpus, "ext:.nothing pengu") == []


def test_nothing_is_suggested_that_the_viewer_may_not_see(corpus):
    for text in (
        "cla",
        "penguins/",
        "ext:.x",
        "by:",
        "meta.",
        "meta.clearance:",
        "package:",
        "bio",
        "bucket:",
        "key:pen",
    ):
        seen = " ".join(f"{it.text} {it.query} {it.detail}" for it in suggest(corpus, LAB, text, 50).suggestions)
        assert not any(word in seen for word in ("classified", "secret", "spy", ".xyz", "clearance")), (text, seen)
    assert "ext:.xyz" in told(corpus, "ext:.x", Viewer(frozenset({"secret"})))
    assert told(corpus, "p", Viewer(frozenset())) == []
    assert did_you_mean(corpus, LAB, "classifeid") is None
    assert did_you_mean(corpus, Viewer(frozenset({"secret"})), "classifeid") == "classified"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("pengiuns", "penguins"), ("Pengins tsv", "penguins tsv"), ("penguins ext:.tvs", "penguins ext:.tsv"),
        ("author:imagign", "author:imaging"), ("colonies", None), ("colnoy", "colony"), ("zzzzzz", None),
        ("qq", None),
        ("(pengiuns OR zzzzzz)", "penguins OR zzzzzz"), ("-penguins pengiuns", None),
        ("gene:BRCA1", '"gene:BRCA1"'), ('"pengiuns"', None),
        ("name:pengiuns", "name:penguins"),
        ("column:bill_lenght", "column:bill_length"), ("column:lenght", "column:length"),
        ("bill_lenght", "bill_length"), ("bio/pengiuns", "bio/penguins"),
        ("package:bio/pengiuns", "package:bio/penguins"), ("package:pengiuns", "package:penguins"),
        ("package:boi/penguins", "package:bio/penguins"), ("penguins-043.csv", "penguins-042.csv"),
    ],
)  # fmt: skip
def test_near_words_are_meant_where_something_is_found_by_them(corpus, text, meant):
    assert did_you_mean(corpus, LAB, text) == meant


@pytest.mark.parametrize(
    ("text", "better", "told"),
    [
        ("a label:c*t b", "a meta.label:c*t b", 'did you mean meta.label:c*t? To search for it as it stands, put'),
        ("license:CC0", "meta.license:CC0", "did you mean meta.license:CC0?"),
        ("stage:raw", "tag.stage:raw", "did you mean tag.stage:raw?"), ("gene:BRCA1", '"gene:BRCA1"', "no qualifier"),
        ("clearance:x", '"clearance:x"', "no qualifier"), ("size:big", None, "is not a size"),
    ],
)  # fmt: skip
def test_what_is_no_qualifier_may_be_the_name_of_metadata(corpus, text, better, told):
    with pytest.raises(QuerySyntaxError) as caught:
        answers_of(Edges(lambda: corpus, print, lambda: LAB, print, print)).search(Question(text))
    assert caught.value.suggestion == better and told in caught.value.message


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(("", "x ", "(", "-", "a OR ", '"', "size:", "ext:.csv ")),
    st.sampled_from((
        "", "ext:", "ext:.", "meta.", 'meta."', "meta.x:", "tag.a=b:", "key:", "package:", "by:", "name:", "hash:",
        "modified:",
    )),
    st.text(st.sampled_from('ab.*?[]{}()<>|&~^$\\/#@"=:-+ é🧬\0\n\ud800ßİ'), max_size=8) | st.just("z" * 480),
)  # fmt: skip
def test_nothing_that_is_typed_breaks_a_suggestion(corpus, before, qualifier, word):
    suggest(corpus, LAB, before + qualifier + word)
    did_you_mean(corpus, LAB, before + qualifier + word)
