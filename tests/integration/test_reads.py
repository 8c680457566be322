"""Reads of objects, in a real OpenSearch: written by many at once, told again, asked for, swept and taken away."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from opensearchpy import OpenSearch

from bucketdex.buckets import documents
from bucketdex.control import ControlTable
from bucketdex.errors import Permanent
from bucketdex.index.generations import FIRST, READS, READS_ALIAS, all_indexes, ensure
from bucketdex.index.mappings import READS_VERSION, reads_index
from bucketdex.searching.reads import Asked, Day, OfObject, Readings, reads
from bucketdex.searching.viewer import Viewer
from bucketdex.trail.reads import Reads
from bucketdex.trail.sweep import sweep

TODAY = date(2026, 11, 28)
LAB = Viewer(frozenset({"lab"}))
NOTHING = Readings(0, 0, None, [], [])
DEEP = "/".join("abcdefghij" * 7)  # more folders than the index keeps
WRITERS, SEGMENTS, READERS = 8, 6, 40


def ago(days: int) -> str:
    return (TODAY - timedelta(days)).isoformat()


@pytest.fixture
def made(index: OpenSearch, control: ControlTable) -> Iterator[str]:
    """The index as connecting a bucket makes it."""
    [generation] = ensure(index, control, READS)
    yield generation.index
    index.indices.delete(index=generation.index, params={"ignore_unavailable": "true"})


def tell(index: OpenSearch, into: list[str], part: str, *told: tuple[str, str, str, str | None], times: int = 1) -> int:
    counted = Reads()
    for _ in range(times):
        for bucket, key, day, reader in told:
            counted.add(bucket, key, day, reader)
    changed = counted.write(index, into, part, lambda: 900)
    index.indices.refresh(index=",".join(into))
    return changed


def test_before_a_bucket_is_added_again_no_reads_are_known(index):
    assert reads(index, LAB, Asked("lab", "a"), TODAY) == NOTHING


def test_the_index_is_made_as_its_mapping_says_and_is_one_of_all(index, control, made):
    assert made == FIRST[READS].index and all_indexes(control) == [made]
    mapping = index.indices.get_mapping(index=made)[made]["mappings"]
    assert (mapping["dynamic"], mapping["_meta"]) == ("strict", {"kind": "reads", "version": READS_VERSION})
    assert list(index.indices.get_alias(name=READS_ALIAS)) == [made]


def test_many_writers_at_once_lose_and_double_nothing(index, made):
    second = f"{READS_ALIAS}-test-of-writers"
    index.indices.create(index=second, body=reads_index(1, 0))  # no alias: one that is being built
    rng = random.Random(7)
    files = []
    for number in range(WRITERS):
        for segment in range(SEGMENTS):
            told = [
                (
                    "lab",
                    rng.choice(("hot", "hot", "cold/1", f"own/{number}")),
                    ago(rng.randrange(2)),
                    f"r{it % READERS}",
                )
                for it in range(rng.randrange(50, 100))
            ]
            files.append((f"file-{number}:{segment}", told))
    again = [*files, *rng.sample(files, 12)]
    rng.shuffle(again)

    def write(said):
        part, told = said
        counted = Reads()
        for it in told:
            counted.add(*it)
        counted.write(index, [made, second], part, lambda: 120)

    try:
        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(write, again))
        index.indices.refresh(index=f"{made},{second}")
        every = [it for _, told in files for it in told]
        for place in (made, second):
            hits = index.search(index=place, body={"size": 1000})["hits"]["hits"]
            rows = {(it["_source"]["key"], it["_source"]["day"]): it["_source"] for it in hits}
            assert len(rows) == len(hits) == len({(key, day) for _, key, day, _ in every})
            for (key, day), row in rows.items():
                of_row = [it for it in every if it[1:3] == (key, day)]
                assert (row["count"], row["reader_count"]) == (len(of_row), len({it[3] for it in of_row}))
        assert reads(index, LAB, Asked("lab"), TODAY).total == len(every)
    finally:
        index.indices.delete(index=second)


def test_a_part_that_is_told_again_changes_nothing(index, made):
    told = [("lab", "a", ago(0), "ann"), ("lab", "b", ago(0), None)]
    assert tell(index, [made], "f:0", *told) == 2
    assert tell(index, [made], "f:0", *told) == 0
    assert tell(index, [made], "f:1", told[0], times=3) == 1
    assert reads(index, LAB, Asked("lab", "a"), TODAY) == Readings(4, 1, ago(0), [Day(ago(0), 4, 1)], [])


def test_an_object_has_its_days_and_a_folder_has_its_objects(index, made):
    tell(
        index, [made], "f:0",
        ("lab", "bio/penguins/a.csv", ago(0), "ann"), ("lab", "bio/penguins/a.csv", ago(0), "bob"),
        ("lab", "bio/penguins/a.csv", ago(3), "ann"), ("lab", "bio/penguins/deep/er/b.csv", ago(3), "eve"),
        ("lab", "bio/penguins/", ago(400), "ann"), ("lab", "bio/penguins", ago(3), "ann"),
        ("lab", "bio/penguins2/a.csv", ago(0), "ann"), ("vault", "bio/penguins/a.csv", ago(0), "ann"),
        ("lab", f"{DEEP}/x", ago(5), None), ("lab", "/slash", ago(5), None), ("lab", "x//y", ago(5), None),
    )  # fmt: skip
    days = [Day(ago(3), 1, 1), Day(ago(0), 2, 2)]
    assert reads(index, LAB, Asked("lab", "bio/penguins/a.csv"), TODAY) == Readings(3, 2, ago(400), days, [])
    last = reads(index, LAB, Asked("lab", "bio/penguins/a.csv", days=3), TODAY)
    assert (last.total, last.days) == (2, days[1:])
    assert reads(index, LAB, Asked("lab", "bio/penguins/a.csv", days=4), TODAY).total == 3
    folder = reads(index, LAB, Asked("lab", None, "bio/penguins/"), TODAY)
    assert folder == Readings(
        4, 3, ago(400), [Day(ago(3), 2, 2), Day(ago(0), 2, 2)],
        [OfObject("bio/penguins/a.csv", 3), OfObject("bio/penguins/deep/er/b.csv", 1)],
    )  # fmt: skip
    assert reads(index, LAB, Asked("lab", None, "bio/"), TODAY).total == 6
    for prefix, total in ((f"{DEEP}/", 1), ("/", 1), ("x/", 1), ("x//", 1), ("nothing/", 0), ("", 9)):
        assert reads(index, LAB, Asked("lab", None, prefix), TODAY).total == total, prefix
    with pytest.raises(Permanent, match="slash"):
        reads(index, LAB, Asked("lab", None, "bio/peng"), TODAY)
    assert reads(index, LAB, Asked("vault", "bio/penguins/a.csv"), TODAY) == NOTHING
    assert reads(index, LAB, Asked("lab", "nothing"), TODAY) == Readings(0, 0, ago(400), [], [])


def test_the_objects_that_are_read_most_come_first_and_readers_are_counted_across_days(index, made):
    told = [("lab", f"d/{key:03}", ago(key % 9), f"r{reader}") for key in range(120) for reader in range(key)]
    tell(index, [made], "f:0", *told)
    found = reads(index, LAB, Asked("lab", None, "d/"), TODAY)
    assert (found.total, found.readers) == (len(told), 119)
    assert found.objects == [OfObject(f"d/{key:03}", key) for key in range(119, 109, -1)]
    assert sum(it.count for it in found.days) == len(told) and len(found.days) == 9


def test_rows_older_than_a_year_are_swept(index, made):
    told = [("lab", "a", ago(age), None) for age in (0, 364, 365, 366, 500)]
    tell(index, [made], "f:0", *told)
    assert sweep(index, [made], TODAY, lambda: False) == 2
    assert reads(index, LAB, Asked("lab", "a"), TODAY).since == ago(365)
    assert sweep(index, [], TODAY, lambda: False) == 0


def test_what_was_read_in_a_bucket_goes_with_it(index, control, made):
    told = [(bucket, "a", ago(age), "ann") for bucket in ("lab", "vault") for age in (0, 1)]
    tell(index, [made], "f:0", *told)
    both = Viewer(frozenset({"lab", "vault"}))
    assert documents.delete(index, all_indexes(control), "lab") == 2
    assert reads(index, both, Asked("lab", "a"), TODAY) == NOTHING
    # What a function that was still busy wrote after that goes when the bucket is added again, but for that day's.
    again = datetime.combine(TODAY, datetime.min.time(), UTC) + timedelta(hours=12)
    assert documents.delete(index, all_indexes(control), "vault", before=again) == 1
    assert reads(index, both, Asked("vault", "a"), TODAY).days == [Day(ago(0), 1, 1)]
