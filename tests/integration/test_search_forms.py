"""A letter with its accent is one character or two, as macOS writes names: what is typed finds both."""

from collections.abc import Iterator
from unicodedata import normalize

import pytest
from opensearchpy import OpenSearch

from bucketdex.searching.answering import search
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer
from searched import a_package, an_entry, an_object, indexes, write

OF = "test-of-forms"
LAB = Viewer(frozenset({"composed", "decomposed"}))
FORMS = {"composed": "NFC", "decomposed": "NFD"}
NAMES = ["Adélie", "йод", "ガラス", "한글"]
HASHES = {"composed": "ab12cd" + "0" * 58, "decomposed": "ab12ce" + "1" * 58}


def written_as(bucket: str, text: str) -> str:
    return normalize(FORMS[bucket], text)


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    documents = []
    for bucket in FORMS:
        for name in NAMES:
            it = written_as(bucket, name)
            documents.append(an_object(bucket, f"{it} 1/a {it}-7.csv", {it: it}, content=f"of {it}.", columns=[it]))
        adelie = written_as(bucket, "Adélie")
        documents.append(a_package(bucket, f"{adelie}/{adelie}", HASHES[bucket], message=f"All {adelie}"))
        documents.append(an_object(bucket, "notes/plate🐧 ☀️.csv", content="of 🦭 there are none"))
        documents.append(an_entry(bucket, HASHES[bucket], f"in/{adelie}.png", "else", adelie))
    with indexes(index, OF):
        write(index, OF, documents)
        yield index


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "query",
    ["{}", "{}*", '"a {} 7"', "key:{}", 'key:"{} 1"', 'key:"{} 1/a {}-7.csv"', 'key:"{} 1/*{}*"', "name:{}",
     "column:{}", "meta.{}:{}", "meta:{}", "{}={}", '"of {}"'],
)  # fmt: skip
def test_what_is_typed_in_one_form_finds_what_is_written_in_the_other(corpus, query, name, form):
    answer = search(corpus, LAB, Question(query.replace("{}", normalize(form, name)), kinds=("object",)))
    assert {hit.bucket for hit in answer.hits} == set(FORMS) and answer.total == 2
    if query == "{}" and name == "Adélie":
        marked = {written_as(bucket, "a <mark>Adélie</mark>-7.csv") for bucket in FORMS}
        assert {hit.highlights["name"][0] for hit in answer.hits} == marked
    assert all(hit.highlights for hit in answer.hits) or query.startswith(("key", "meta.", '"a', "{}="))


@pytest.mark.parametrize("typed", ["adelie", "author:Adélie", "package:Adélie/Adélie", "package:Adélie", "Adélie"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_packages_and_their_files_are_found_so_and_without_accents_where_these_do_not_matter(corpus, typed, form):
    found = search(corpus, LAB, Question(normalize(form, typed), 20)).hits
    wanted = {(bucket, kind) for bucket in FORMS for kind in ("PackageHit", "EntryHit")}
    assert {(hit.bucket, type(hit).__name__) for hit in found} >= wanted


@pytest.mark.parametrize(
    ("query", "found"),
    [("🐧", 2), ("plate", 2), ("plate🐧", 2), ("name:🐧", 2), ("☀", 2), ("☀️ plate", 2), ("🦭", 2), ("🐸", 0),
     ("plate 🐸", 0), ("plate🐧.csv", 2), ('"plate 🐧"', 2)],
)  # fmt: skip
def test_an_emoji_is_a_word(corpus, query, found):
    answer = search(corpus, LAB, Question(query, kinds=("object",)))
    assert answer.total == found
    assert query != "🐧" or answer.hits[0].highlights["name"] == ["plate<mark>🐧</mark> ☀️.csv"]


def test_a_query_of_as_many_accented_words_as_there_can_be_is_answered(corpus):
    for name in (NAMES[0], NAMES[3]):
        words = [f"{name}{number}" for number in range(40)]
        for text in (" ".join(words), " OR ".join(words), " ".join(normalize("NFD", it) for it in words[:20])):
            assert search(corpus, LAB, Question(text)).total == 0
