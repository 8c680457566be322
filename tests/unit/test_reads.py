"""Reads are counted in parts: whatever comes when, twice or late, a row says what its log files say."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensearchpy.exceptions import ConnectionTimeout, TransportError

from bucketdex.errors import Transient
from bucketdex.index.generations import FIRST, READS
from bucketdex.index.ids import reads_id
from bucketdex.index.mappings import READS as MAPPING
from bucketdex.trail import reads as module
from bucketdex.trail.reads import Reads, Row, Told, merged
from bucketdex.trail.sweep import sweep

NAME = ("lab", "a/b.csv", "2026-01-31")
INDEXES = ["reads-1", "reads-2"]
FILES = ("file-1:0", "file-1:1", "file-1:10", "file-2:0")

tellings = st.lists(
    st.tuples(st.sampled_from(FILES), st.lists(st.sampled_from(["ann", "bob", "eve", None]), min_size=1, max_size=5)),
    max_size=8,
)


class Model:
    """OpenSearch as the writer asks it: locks, and what `faults` and `between` say happens before each request."""

    def __init__(self, faults: Iterable[Any] = ()) -> None:
        self.transport = self
        self.docs: dict[tuple[str, str], tuple[dict[str, Any], int]] = {}
        self.requests: list[str] = []
        self._faults = iter(faults)

    def perform_request(self, method: str, path: str, params: Any = None, body: bytes = b"") -> Any:
        self.requests.append(path)
        fault = next(self._faults, None)
        if isinstance(fault, Exception):
            raise fault
        if fault:
            fault(self)
        lines = [msgspec.json.decode(line) for line in body.split(b"\n") if line]
        return self._read(lines[0]["docs"]) if path == "/_mget" else self._write(lines)

    def _read(self, asked: list[dict[str, Any]]) -> dict[str, Any]:
        docs = []
        for it in asked:
            found = self.docs.get((it["_index"], it["_id"]))
            more = {"_source": found[0], "_seq_no": found[1], "_primary_term": 1} if found else {}
            docs.append({"_index": it["_index"], "_id": it["_id"], "found": bool(found)} | more)
        return {"docs": docs}

    def _write(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        items = []
        for action, document in itertools.batched(lines, 2, strict=True):
            [(name, about)] = action.items()
            place = about["_index"], about["_id"]
            before = self.docs.get(place)
            right = before is None if name == "create" else before and before[1] == about["if_seq_no"]
            if right:
                self.docs[place] = (document, before[1] + 1 if before else 0)
            items.append({name: {"status": 201 if right else 409}})
        return {"items": items}

    def rows(self, index: str) -> dict[tuple[str, str, str], Row]:
        found = [msgspec.convert(it, Row, strict=True) for (of, _), (it, _) in self.docs.items() if of == index]
        return {(it.bucket, it.key, it.day): it for it in found}


def told(*readers: str | None) -> Told:
    return Told(len(readers), {it for it in readers if it})


def counted(*reads: tuple[str, str | None], day: str = "2026-01-31") -> Reads:
    made = Reads(lambda _: None)
    for key, reader in reads:
        made.add("lab", key, day, reader)
    return made


def plenty() -> float:
    return 900


@given(tellings)
def test_a_row_is_what_each_part_said_last_in_whatever_order_they_came(said):
    row, last = None, {}
    for part, readers in said:
        row = merged(row, NAME, part, told(*readers))
        last[part] = len(readers)
    assert (row.count if row else 0) == sum(last.values())
    if row:
        assert len(row.parts) == len(last) and (row.bucket, row.key, row.day) == NAME
        assert set(row.readers) == {it for _, readers in said for it in readers if it}
        assert row.reader_count == len(row.readers)


@given(tellings, st.randoms(use_true_random=False))
def test_what_is_told_again_and_in_another_order_changes_nothing(said, rng):
    parts = dict(said)  # a segment of a file says the same each time
    again = [*parts.items(), *(rng.choices(list(parts.items()), k=4) if parts else ())]
    rng.shuffle(again)
    rows: list[Row | None] = []
    for order in (list(parts.items()), again):
        row = None
        for part, readers in order:
            row = merged(row, NAME, part, told(*readers))
        rows.append(row)
    assert rows[0] == rows[1]


@given(st.lists(st.sets(st.integers(0, 40)), max_size=5), st.randoms(use_true_random=False))
def test_of_too_many_readers_the_same_are_kept_in_whatever_order_they_come(sets, rng):
    parts = [(f"f:{number}", Told(1, {f"{it:03}" for it in readers})) for number, readers in enumerate(sets)]
    rows = []
    for _ in range(2):
        row = None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "MOST_READERS", 10)
            for part, it in parts:
                row = merged(row, NAME, part, it)
        rows.append(row)
        rng.shuffle(parts)
    assert rows[0] == rows[1] and (rows[0] is None or rows[0].reader_count <= 10)
    if rows[0]:
        assert rows[0].reader_count == min(10, len(set().union(*sets)))


def test_no_part_is_taken_for_the_beginning_of_another():
    row = merged(merged(None, NAME, "f:10", told("a", "b")), NAME, "f:1", told("a"))
    assert row.parts == ("f:1 1", "f:10 2") and row.count == 3
    assert merged(row, NAME, "f:1", told("a")) == row


segments = st.lists(
    st.tuples(
        st.sampled_from(FILES),
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["2026-01-30", "2026-01-31"])), max_size=6),
    ),
    max_size=6,
)


@given(segments)
def test_every_generation_has_the_counts_of_the_log_files(said):
    client, last = Model(), {}
    said = [(part, dict(said)[part]) for part, _ in said]  # a file that is read again says the same
    for part, records in said:
        reads = Reads()
        for key, day in records:
            reads.add("lab", key, day, "ann")
        assert len(reads) == len(set(records))
        reads.write(client, INDEXES, part, plenty)
        assert len(reads) == 0
        last[part] = Counter(records)
    expected: dict[Any, int] = defaultdict(int)
    for records in last.values():
        for (key, day), count in records.items():
            expected["lab", key, day] += count
    for index in INDEXES:
        assert {name: row.count for name, row in client.rows(index).items()} == expected


def test_a_part_that_is_told_again_costs_no_write():
    client = Model()
    assert counted(("a", "ann"), ("b", "bob")).write(client, INDEXES, "f:0", plenty) == 2
    assert client.requests == ["/_mget", "/_bulk"]
    assert counted(("a", "ann"), ("b", "bob")).write(client, INDEXES, "f:0", plenty) == 0
    assert client.requests == ["/_mget", "/_bulk", "/_mget"]
    assert counted(("a", "ann"), ("c", None)).write(client, INDEXES, "f:1", plenty) == 2


def test_who_was_overtaken_reads_again_and_nothing_is_lost():
    def other(number):
        return lambda model: counted(("a", f"reader {number}")).write(model, INDEXES, f"other:{number}", plenty)

    client = Model([None, other(1), None, None, None, other(2)])
    assert counted(("a", "ann"), ("b", None)).write(client, INDEXES, "f:0", plenty) == 2
    row = client.rows("reads-2")["lab", "a", "2026-01-31"]
    assert row == client.rows("reads-1")["lab", "a", "2026-01-31"]
    assert row.count == 3 and row.readers == ("ann", "reader 1", "reader 2")


def test_an_answer_that_got_lost_is_asked_for_again():
    waits: list[float] = []
    faults = [ConnectionTimeout("TIMEOUT", "", OSError()), None, TransportError(429, "rejected", {})]
    client, reads = Model(faults), Reads(waits.append)
    reads.add(*NAME, "ann")
    assert reads.write(client, INDEXES, "f:0", plenty) == 1 and waits == [0.5, 1.0]
    assert client.rows("reads-1")[NAME].count == 1


def test_an_outage_and_a_lack_of_time_are_for_later_and_what_is_not_written_is_kept():
    reads = counted(("a", "ann"))
    with pytest.raises(Transient):
        reads.write(Model([TransportError(429, "rejected", {})] * 9), INDEXES, "f:0", plenty)
    with pytest.raises(Transient, match=r"s3://lab/a on 2026-01-31"):
        reads.write(Model(), INDEXES, "f:0", lambda: 5)
    assert len(reads) == 1


def test_a_row_that_opensearch_refuses_is_named():
    class Refusing(Model):
        def _write(self, lines):
            return {"items": [{"create": {"status": 400, "error": {"reason": "no such field"}}}] * (len(lines) // 2)}

    with pytest.raises(Transient, match=r"s3://lab/a on 2026-01-31 were not written: no such field"):
        counted(("a", None)).write(Refusing(), INDEXES, "f:0", plenty)


def test_many_rows_are_written_in_batches():
    client = Model()
    keys = [(f"{number}", "ann") for number in range(module.ROWS_AT_ONCE * 2 + 1)]
    assert counted(*keys).write(client, INDEXES[:1], "f:0", plenty) == len(keys)
    assert client.requests == ["/_mget", "/_bulk"] * 3


def test_a_row_has_the_fields_of_its_mapping_and_an_id_of_its_own():
    assert set(Row.__struct_fields__) == set(MAPPING["properties"])
    assert FIRST[READS].index == "bucketdex-reads-v1-1"
    names = [("a", "b/c", "2026-01-31"), ("a", "c", "2026-01-31"), ("a", "b/c", "2026-02-01"), ("b", "c", "2026-01-31")]
    assert len({reads_id(*it) for it in names}) == len(names)


def test_rows_are_kept_for_a_year():
    asked = []

    class Client:
        def delete_by_query(self, index, body, params):
            asked.append((index, body))
            return {"deleted": 7 if len(asked) == 1 else 0, "version_conflicts": 0}

    assert sweep(Client(), INDEXES, date(2026, 11, 28), lambda: False) == 7
    assert asked[0] == (INDEXES, {"query": {"range": {"day": {"lt": "2025-11-28"}}}})
    with pytest.raises(Transient):
        sweep(Client(), INDEXES, date(2026, 11, 28), lambda: True)
