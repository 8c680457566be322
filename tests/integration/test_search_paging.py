"""One hit for each object, and page after page of them while documents come and go, in a real OpenSearch."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from opensearchpy import OpenSearch

from bucketdex.errors import Permanent
from bucketdex.index.generations import OBJECTS_ALIAS, READS_ALIAS
from bucketdex.index.ids import object_id, reads_id
from bucketdex.searching import paging
from bucketdex.searching.answering import search
from bucketdex.searching.hits import Answer, EntryHit, Hit, ObjectHit, PackageHit
from bucketdex.searching.in_packages import InPackage
from bucketdex.searching.paging import Page
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Gone, Viewer, ask, ask_many, ask_point, close_point, open_point
from searched import Document, a_package, an_entry, an_object, indexes, tombstone, write

OF = "test-of-paging"
LAB = Viewer(frozenset({"lab", "shelf"}))
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HASHES = [f"{number:04}" * 16 for number in range(100, 200)]
DEEP = 10_050  # one search alone ends at 10,000


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    with indexes(index, OF):
        yield index


@pytest.fixture
def put(corpus: OpenSearch) -> Iterator[Callable[..., None]]:
    """Write documents, which are gone when the test ends."""
    yield lambda *documents: write(corpus, OF, documents)
    everything, at_once = {"query": {"match_all": {}}}, {"refresh": "true", "conflicts": "proceed"}
    corpus.delete_by_query(index=f"bucketdex-*-{OF}", body=everything, params=at_once)


def named(hit: Hit) -> str:
    return (
        hit.key if isinstance(hit, ObjectHit) else str(hit.handle if isinstance(hit, PackageHit) else hit.logical_key)
    )


def found(corpus: OpenSearch, text: str, now: datetime = NOW, **asked: Any) -> list[str]:
    return [named(hit) for hit in search(corpus, LAB, Question(text, 50, **asked), now).hits]


def read(key: str, day: str, count: int = 1) -> Document:
    return READS_ALIAS, reads_id("lab", key, day), {"bucket": "lab", "key": key, "day": day, "count": count}


def pages(corpus: OpenSearch, question: Question, between: Callable[[int], None] = lambda _: None) -> Iterator[Answer]:
    """Yield page after page; `between` is called after each."""
    number = 0
    while True:
        answer = search(corpus, LAB, question, NOW)
        yield answer
        if answer.cursor is None:
            return
        between(number)
        number += 1
        question = msgspec.structs.replace(question, cursor=answer.cursor)


def all_found(corpus: OpenSearch, question: Question, between: Callable[[int], None] = lambda _: None) -> list[str]:
    return [named(hit) for page in pages(corpus, question, between) for hit in page.hits]


def revisions(bucket: str, key: str, of: range, logical_key: str = "data/plate.csv") -> list[Document]:
    """Return an object's entries in many manifests."""
    return [an_entry("shelf", HASHES[number], logical_key, bucket, key) for number in of]


def test_an_object_is_one_hit_with_its_packages(corpus, put):
    put(
        an_object("lab", "runs/plate.csv"), *revisions("lab", "runs/plate.csv", range(20)),
        *revisions("else", "plate.csv", range(20, 40)),
        a_package("shelf", "bio/plates", HASHES[3]), a_package("shelf", "bio/again", HASHES[3]),
        a_package("shelf", "bio/plates", HASHES[4], revision="1700000000"),
    )  # fmt: skip
    answer = search(corpus, LAB, Question("plate.csv"), NOW)
    [its_object, entry] = answer.hits
    assert isinstance(its_object, ObjectHit) and isinstance(entry, EntryHit)
    assert entry.physical_key == "s3://else/plate.csv"
    assert answer.totals == {"object": 1, "package": 0, "entry": 40} and answer.cursor is None
    assert its_object.packages == [
        InPackage("shelf", "bio/again", "data/plate.csv"), InPackage("shelf", "bio/plates", "data/plate.csv"),
    ]  # fmt: skip
    assert len(found(corpus, "plate.csv", kinds=("entry",))) == 40  # each is meant


def test_what_comes_first_of_an_object_stands_for_it(corpus, put):
    put(an_object("lab", "blob/042", content="figure"), *revisions("lab", "blob/042", range(3), "figure.png"))
    [hit] = search(corpus, LAB, Question("figure.png"), NOW).hits
    assert isinstance(hit, EntryHit)
    [hit] = search(corpus, LAB, Question("figure"), NOW).hits
    assert isinstance(hit, EntryHit)  # it is called so; the object only says it
    assert found(corpus, "042") == found(corpus, "figure type:object") == ["blob/042"]
    # What the object alone is found by leaves its entries out, not it.
    assert found(corpus, "figure -blob") == ["figure.png"]


@pytest.mark.parametrize(
    ("sort", "size", "snapshot"),
    [("relevance", 1, False), ("relevance", 3, True), ("newest", 3, False), ("largest", 10, True), ("name", 3, True)],
)
def test_pages_have_every_object_once(corpus, put, sort, size, snapshot):
    put(*_many())
    whole = found(corpus, "plate", sort=sort)
    assert sorted(whole) == sorted([f"a/plate-{it}.csv" for it in range(12)] + ["e/plate.csv"] * 6 + ["bio/plate"])
    assert all_found(corpus, Question("plate", size, sort=sort, snapshot=snapshot)) == whole


def _many(of: int = 15) -> list[Document]:
    found = [an_object("lab", f"a/plate-{it}.csv", size=it % 3, modified="2026-04-30T00:00:00Z") for it in range(12)]
    for it in range(6):
        found += revisions("lab", f"a/plate-{it}.csv", range(of * it, of * it + of), f"e/plate-{it}.csv")
        found += revisions("else", f"plate-{it}.csv", range(of * it, of * it + of), "e/plate.csv")
    return [*found, a_package("shelf", "bio/plate", HASHES[0], modified="2026-04-29T00:00:00Z")]


def test_a_page_is_as_long_as_asked_for_however_much_is_folded(corpus, put):
    put(*_many(4))
    told = list(pages(corpus, Question("plate", 5)))
    assert [len(page.hits) for page in told] == [5, 5, 5, 4] and {page.total for page in told} == {12 + 12 * 4 + 1}
    assert search(corpus, LAB, Question("plate", 0)).cursor is None


def test_a_snapshot_shows_what_was_there_whatever_is_written_meanwhile(corpus, put):
    put(*_many())
    before = found(corpus, "plate")

    def between(number: int) -> None:
        gone = f"a/plate-{11 - number}.csv"
        put(
            an_object("lab", f"a/plate-new-{number}.csv"), a_package("shelf", f"bio/plate-{number}", HASHES[5]),
            tombstone("object", object_id("lab", gone), "lab", gone),
        )  # fmt: skip

    question = Question("plate", 3, snapshot=True)
    assert all_found(corpus, question, between) == before
    assert "a/plate-new-0.csv" in found(corpus, "plate") and "a/plate-11.csv" not in found(corpus, "plate")


def test_without_a_snapshot_nothing_that_stays_comes_twice_or_never(corpus, put):
    put(*_many())
    before = found(corpus, "plate")

    def between(number: int) -> None:
        gone = tombstone("object", object_id("lab", "a/plate-9.csv"), "lab", "a/plate-9.csv")
        put(an_object("lab", f"a/plate-new-{number}.csv"), gone)

    seen = [it for it in all_found(corpus, Question("plate", 3, sort="name"), between) if "new" not in it]
    assert sorted(set(seen)) == sorted(set(seen) | set(before) - {"a/plate-9.csv"})
    assert len([it for it in seen if it.startswith("a/")]) == len({it for it in seen if it.startswith("a/")})


def test_a_snapshot_ends_with_its_last_page_and_is_told_to_be_gone(corpus, put):
    put(*(an_object("lab", f"plate-{number}") for number in range(3)))
    question = Question("plate", 2, snapshot=True)
    first = search(corpus, LAB, question, NOW)
    counted = search(corpus, LAB, msgspec.structs.replace(question, size=0, cursor=first.cursor), NOW)
    assert (counted.total, counted.hits, counted.cursor) == (3, [], first.cursor)
    last = search(corpus, LAB, msgspec.structs.replace(question, cursor=first.cursor), NOW)
    assert (len(first.hits), len(last.hits), last.cursor) == (2, 1, None)
    with pytest.raises(Gone, match="search again"):
        search(corpus, LAB, msgspec.structs.replace(question, cursor=first.cursor), NOW)


def test_a_cursor_shows_nobody_what_they_may_not_see(corpus, put):
    put(*(an_object(bucket, f"plate-{number}") for bucket in ("lab", "vault") for number in range(3)),
        tombstone("object", object_id("lab", "gone"), "lab", "plate-gone"),
        read("plate-0", "2026-04-30"))  # fmt: skip
    question = Question("", 2, snapshot=True)
    given = search(corpus, Viewer(frozenset({"vault"})), question, NOW)
    assert given.total == 3
    followed = msgspec.structs.replace(question, cursor=given.cursor)
    assert {hit.bucket for hit in search(corpus, LAB, followed, NOW).hits} == {"lab"}
    # A point in time of indexes without their aliases, so that nothing hides what was deleted, and of reads too.
    raw = corpus.create_pit(index=f"bucketdex-*-{OF}", params={"keep_alive": "1m"})["pit_id"]
    page = Page(paging.first(question, NOW).binding, NOW, {}, [2**62, 1, None, None, None, None], raw)
    forged = search(corpus, LAB, msgspec.structs.replace(question, size=50, cursor=paging.cursor(page)), NOW)
    assert [named(hit) for hit in forged.hits] == [f"plate-{number}" for number in range(3)] and forged.total == 3
    point = open_point(corpus, [OBJECTS_ALIAS])
    everything: dict[str, Any] = {"query": {"match_all": {}}}
    assert ask_point(corpus, point, everything, LAB)["hits"]["total"]["value"] == 3
    close_point(corpus, point)


def test_a_forged_cursor_is_refused_and_no_server_error(corpus, put):
    put(*(an_object("lab", f"plate-{number}") for number in range(3)))
    question = Question("plate", 1, snapshot=True)
    given = search(corpus, LAB, question, NOW).cursor
    page = paging.asked_for(msgspec.structs.replace(question, cursor=given))
    point = urlsafe_b64decode(page.point or "")
    changed = [point[:at] + bytes([point[at] ^ 0x55]) + point[at + 1 :] for at in range(0, len(point), 7)]
    points = ["", "x", "!", *(urlsafe_b64encode(it).decode() for it in (*changed, point[:-9], point + b"xx"))]
    pages = [msgspec.structs.replace(page, point=it) for it in points if it]
    places: list[Any] = [["x"] * 7, [1], [None] * 7, [1.0, 1, "2026", None, None, None, "\0"]]
    pages += [msgspec.structs.replace(page, after=it) for it in places]
    for forged in pages:
        try:
            answer = search(corpus, LAB, msgspec.structs.replace(question, cursor=paging.cursor(forged)), NOW)
        except Permanent:
            continue
        assert {hit.bucket for hit in answer.hits} <= {"lab"}
    close_point(corpus, page.point or "")


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_page_that_is_too_large_has_fewer_hits_and_none_is_lost(corpus, put, snapshot):
    put(*(an_object("lab", f"plate-{number}", metadata=["値" * 2_000]) for number in range(9)),
        *revisions("lab", "plate-3", range(5), "plate-3"))  # fmt: skip
    question = Question("plate", 50, sort="name", snapshot=snapshot, most_bytes=15_000)
    told = list(pages(corpus, question))
    assert [named(hit) for page in told for hit in page.hits] == [f"plate-{number}" for number in range(9)]
    assert [len(page.hits) for page in told] == [2, 2, 2, 2, 1] and {page.total for page in told} == {14}
    alone = list(pages(corpus, msgspec.structs.replace(question, most_bytes=1)))
    assert [len(page.hits) for page in alone] == [1] * 9


def test_what_has_too_many_words_is_the_askers_to_mend(corpus, put):
    put(an_object("lab", "plate"))
    most = "".join(chr(0x4E00 + number) for number in range(40))  # each is a word
    for text in (most, " ".join(most), " OR ".join(most), f'"{most}', f"meta:{most}", f"name:{most * 10}"):
        assert search(corpus, LAB, Question(text), NOW).total == 0
    keys = [[{"term": {"key": f"{of}/{number}"}} for number in range(600)] for of in "ab"]
    body = {"query": {"bool": {"must": [{"bool": {"should": these}} for these in keys]}}}
    point = open_point(corpus, [OBJECTS_ALIAS])
    for asked in (
        lambda: ask(corpus, [OBJECTS_ALIAS], body, LAB), lambda: ask_many(corpus, [((OBJECTS_ALIAS,), body)], LAB),
        lambda: ask_point(corpus, point, body, LAB), lambda: ask_many(corpus, [((), body)], LAB, point),
    ):  # fmt: skip
        with pytest.raises(Permanent, match="too many words"):
            asked()
    close_point(corpus, point)


def test_there_are_pages_beyond_ten_thousand(corpus, put):
    put(*(an_object("lab", f"deep/{number:05}", size=number) for number in range(DEEP)))
    question = Question("key:deep/*", 1_000, sort="name", kinds=("object",), snapshot=True, highlights=False)
    assert all_found(corpus, question) == [f"deep/{number:05}" for number in range(DEEP)]


def test_what_is_read_most_comes_first_of_what_is_alike_and_never_before_a_name(corpus, put):
    put(
        *(an_object("lab", f"{it}/plate.csv", content="plate") for it in "abc"),
        an_object("lab", "z", content="plate"), read("b/plate.csv", "2026-05-09", 5), read("z", "2026-05-09", 500),
        read("c/plate.csv", "2026-05-10", 50), read("c/plate.csv", "2025-05-01", 50),
    )  # fmt: skip
    later = datetime(2026, 5, 10, 12, tzinfo=UTC)  # what is read is kept for a minute, for each day that is asked about
    assert found(corpus, "plate", later) == ["b/plate.csv", "a/plate.csv", "c/plate.csv", "z"]


def test_the_pages_of_a_snapshot_are_ranked_alike_whatever_is_read_meanwhile(corpus, put):
    put(*(an_object("lab", f"{it}/plate.csv") for it in "abc"), read("b/plate.csv", "2026-04-30"))

    def between(number: int) -> None:
        put(*(read("c/plate.csv", f"2026-04-{day}", 900) for day in range(10, 15 + number)))

    seen = all_found(corpus, Question("plate", 1, snapshot=True), between)
    assert seen == ["b/plate.csv", "a/plate.csv", "c/plate.csv"]


def test_nothing_is_kept_open_but_a_snapshot_that_goes_on(corpus, put, monkeypatch):
    put(*(an_object("lab", f"plate-{number}") for number in range(3)))
    before = _open(corpus)
    assert search(corpus, LAB, Question("plate", 1), NOW).cursor and _open(corpus) == before
    assert search(corpus, LAB, Question("nothing", 1, snapshot=True), NOW).cursor is None and _open(corpus) == before
    assert search(corpus, LAB, Question("plate", 1, snapshot=True), NOW).cursor and _open(corpus) == before + 1
    with monkeypatch.context() as patch:
        patch.setattr(corpus, "search", lambda **_: corpus.get(index="no-such-index", id="1"))
        with pytest.raises(Gone):
            search(corpus, LAB, Question("plate", 1, snapshot=True), NOW)
    assert _open(corpus) == before + 1


def _open(corpus: OpenSearch) -> int:
    return len(corpus.get_all_pits(ignore=404).get("pits", ()))
