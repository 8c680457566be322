"""Objects in many revisions of packages, and many revisions at once, in a real OpenSearch."""

from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from bucketdex.searching.answering import search
from bucketdex.searching.containing import containing
from bucketdex.searching.hits import ObjectHit, PackageHit
from bucketdex.searching.in_packages import InPackage
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer
from searched import a_package, an_entry, an_object, indexes, write

OF = "test-of-revisions"
LAB = Viewer(frozenset({"lab", "shelf"}))
HASHES = [f"{number:04}" * 16 for number in range(100, 300)]


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    with indexes(index, OF):
        yield index


def test_the_packages_that_have_an_object_now_are_told_however_many_revisions_had_it(corpus):
    older = [an_entry("lab", HASHES[it], "old.csv", "lab", "plate.csv", epoch=9) for it in range(90)]
    write(corpus, OF, [
        an_object("lab", "plate.csv"), *older, an_entry("shelf", HASHES[190], "z.csv", "lab", "plate.csv"),
        *(an_entry("lab", HASHES[191], it, "lab", "plate.csv", epoch=5) for it in ("b.csv", "a.csv")),
        a_package("lab", "bio/a", HASHES[191]), a_package("shelf", "bio/z", HASHES[190]),
        *(a_package("lab", "bio/a", HASHES[it], revision=f"17000000{it:02}") for it in range(90)),
    ])  # fmt: skip
    now = [InPackage("lab", "bio/a", "a.csv"), InPackage("shelf", "bio/z", "z.csv")]
    for question in (Question("plate.csv"), Question("plate.csv", 2, kinds=("object", "entry"), snapshot=True)):
        [hit, *_] = search(corpus, LAB, question).hits
        assert isinstance(hit, ObjectHit) and hit.packages == now
    write(corpus, OF, [an_entry("shelf", HASHES[it], "older.csv", "lab", "plate.csv") for it in range(90, 130)])
    told = containing(corpus, LAB, "lab", "plate.csv")
    assert (
        told.total == 133 and len(told.packages) == len({(it.top_hash, it.logical_key) for it in told.packages}) == 100
    )
    assert [it.logical_key for it in told.packages if it.latest] == ["a.csv", "b.csv", "z.csv"]
    assert [it.handles for it in told.packages[:4]] == [["bio/a"], ["bio/a"], ["bio/z"], ["bio/a"]]


def test_each_of_many_top_hashes_finds_its_package(corpus):
    write(corpus, OF, [a_package("shelf", f"img/{it:02}", HASHES[it]) for it in range(100, 112)])
    text = " OR ".join(f"hash:{HASHES[it][:8]}" for it in range(100, 112))
    found = {hit.handle for hit in search(corpus, LAB, Question(text, 50)).hits if isinstance(hit, PackageHit)}
    assert found == {f"img/{it:02}" for it in range(100, 112)}
