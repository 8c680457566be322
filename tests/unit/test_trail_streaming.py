"""CloudTrail's log files as a stream of records: any JSON, any portions, anything that is broken."""

import gc
import gzip
import json
import random
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bucketdex.errors import Permanent
from bucketdex.trail import unpacking
from bucketdex.trail.streaming import Batch, Limits, Record, batches

NESTED = [{"a": 1}, {"eventVersion": "1.0", "eventName": "Nested"}, {"eventVersion": "1.1"}]
FIELDS = ("eventName", "eventSource", "eventTime", "errorCode", "eventCategory")
RAW = ("userIdentity", "requestParameters", "responseElements")


class Trouble(Exception):
    pass


def record(number: int, **more: Any) -> dict[str, Any]:
    """Return a record in the order that CloudTrail writes."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": f"user-{number % 7}", "sessionContext": {"attributes": {}}},
        "eventTime": "2026-11-25T10:11:12Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject",
        "requestParameters": {"bucketName": "a-bucket", "key": f"data/{number}"},
        "responseElements": None,
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::a-bucket/k"}, {"accountId": "111122223333"}],
        "eventCategory": "Data",
    } | more


def log(*records: Any, **dumping: Any) -> bytes:
    """Return a log file, as CloudTrail writes it if nothing else is said."""
    return json.dumps({"Records": records}, **({"separators": (",", ":")} | dumping)).encode()


def portions(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def read(pieces: Iterable[bytes], limits: Limits | None = None) -> tuple[list[Record], int, str]:
    """Return the records, how many could not be read, and why it ended too early."""
    records: list[Record] = []
    unreadable, reason = 0, ""
    try:
        for batch in batches(pieces, limits or Limits()):
            assert isinstance(batch, Batch) and batch.first == len(records)
            records += batch.records
            unreadable += batch.unreadable
    except Permanent as error:
        reason = str(error)
        number = len(records)
        read = f" (after {number:,} record{'s' * (number != 1)})" if number else "; no record could be read"
        assert reason.startswith("the log file cannot be read to its end: ") and reason.endswith(read)
    return records, unreadable, reason


def said(read: Record) -> dict[str, Any]:
    """Return what is looked at of a record."""
    plain = {name: getattr(read, at) for name, at in zip(FIELDS, Record.__struct_fields__, strict=False)}
    raw = zip(RAW, (read.user_identity, read.request_parameters, read.response_elements), strict=True)
    return plain | {name: json.loads(bytes(value)) for name, value in raw}


def expected(source: dict[str, Any]) -> dict[str, Any]:
    return {name: source.get(name) for name in FIELDS + RAW}


def names(found: tuple[list[Record], int, str]) -> list[Any]:
    return [each.event_name for each in found[0]]


@pytest.mark.parametrize("packed", [True, False])
def test_the_records_are_those_that_the_file_has(packed: bool):
    sources = [record(number) for number in range(5000)]
    content = log(*sources)
    records, unreadable, reason = read(portions(gzip.compress(content) if packed else content, 10_000))
    assert [said(each) for each in records] == [expected(each) for each in sources]
    assert (unreadable, reason) == (0, "")


@pytest.mark.parametrize(
    "content", [b'{"Records":[]}', b' { "Records" : [ ] } \n', b'\n{"a":{"Records":[1]},"Records":[]}']
)
def test_a_file_without_records_is_one(content: bytes):
    assert read([content]) == read([b"", gzip.compress(content), b""]) == ([], 0, "")


def test_records_come_in_batches_of_bounded_size_that_say_where_they_stand():
    found = list(batches([log(*map(record, range(10_000)))]))
    assert max(len(batch.records) for batch in found) < 2_000
    assert all(a.first + len(a.records) == b.first for a, b in pairwise(found))
    assert sum(len(batch.records) for batch in found) == 10_000


def test_batches_of_tiny_records_are_bounded_too():
    found = list(batches([log(*[{}] * 100_000)]))
    assert max(len(batch.records) for batch in found) <= 10_000
    assert sum(len(batch.records) for batch in found) == 100_000


@pytest.mark.parametrize(
    "dumping",
    [{}, {"separators": (", ", ": ")}, {"indent": 2}, {"sort_keys": True}, {"indent": "\t", "sort_keys": True}],
)
def test_other_orders_and_blanks_are_read_and_nearly_as_fast(dumping: Any, monkeypatch: pytest.MonkeyPatch):
    sources = [record(number) for number in range(3000)]
    looked_for = 0
    from bucketdex.trail import scanning

    item = scanning.item

    def counted(*of: Any) -> Any:
        nonlocal looked_for
        looked_for += 1
        return item(*of)

    monkeypatch.setattr(scanning, "item", counted)
    records, unreadable, reason = read([log(*sources, **dumping)])
    assert [said(each) for each in records] == [expected(each) for each in sources]
    assert (unreadable, reason) == (0, "")
    assert looked_for <= (1 if not dumping else 1000)


def test_what_stands_around_the_records_is_passed_over():
    around = {"a": [1, {"Records": [record(1)]}], 'b"]}': '"Records":[', "c": {"x": {}}, "d": -1.5e3, "e": None}
    content = json.dumps(around | {"Records": [record(2, eventName="Mine")]} | {"z": [[], "]}"], "y": 1}).encode()
    assert names(found := read([content])) == ["Mine"] and found[1:] == (0, "")


def test_the_name_of_the_records_may_be_escaped():
    assert names(read([b'{"\\u0052ecords":[{"eventName":"Escaped"}]}'])) == ["Escaped"]


@pytest.mark.parametrize("value", [None, 5, "text", [1, [{}]], {"a": {"b": []}}, True, [{"a": 1}, NESTED]])
def test_a_field_may_be_of_any_type(value: Any):
    sources = [record(0), record(1, **dict.fromkeys(FIELDS + RAW, value)), record(2)]
    assert [said(each) for each in read([log(*sources)])[0]] == [expected(each) for each in sources]


@pytest.mark.parametrize("where", ["requestParameters", "unknown", "eventName"])
def test_what_begins_like_a_record_within_a_record_is_none(where: str):
    sources = [record(number, **{where: NESTED if number % 3 else '},{"eventVersion"'}) for number in range(2000)]
    records, unreadable, reason = read([log(*sources)])
    assert [said(each) for each in records] == [expected(each) for each in sources]
    assert (unreadable, reason) == (0, "")


BAD = [
    "5", "null", "[]", '"text"', '"},{\\"eventVersion\\":1"', "[{}]", "nope", "{1}", '{"a":}', '{"a":nope}',
    '{"a":[1}', '{"a":{"b":1}', '{"eventVersion":"1","a":"x}', '{"a":"b"c"}',
    '{"a" "b"}', '{"a":"\\x"}', '{"eventName":"\ud800"}', '{"eventName":"\\ud800"}', '{"a":"\n"}', '{"a":1]}', "}", "{",
    '{"a":' + "[" * 60_000 + "]" * 60_000 + "}", '{"eventVersion":1,"a":"},{""}',
    '{"eventVersion":1,"requestParameters":{"key":"broken}},',
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("blanks", [False, True])
def test_a_bad_record_costs_only_itself(bad: str, blanks: bool):
    good = [json.dumps(record(number, eventName=f"Good{number}"), separators=(",", ":")) for number in range(40)]
    content = '{"Records":[' + (" ,\n" if blanks else ",").join([*good[:20], bad, *good[20:]]) + "]}"
    for size in (10_000_000, 100):
        records, unreadable, reason = read(portions(content.encode("utf-8", "surrogatepass"), size))
        assert [each.event_name for each in records] == [f"Good{number}" for number in range(40)]
        assert unreadable == 1
        assert reason == ""


def test_a_list_that_is_not_closed_takes_what_follows_with_it():
    content = log(record(0))[:-2] + b',{"a":[{"b":1},' + log(*map(record, range(1, 10)))[12:]
    records, unreadable, reason = read([content])
    assert (len(records), unreadable) == (1, 0) and "its JSON breaks off" in reason


def test_bytes_that_are_no_utf_8_make_a_record_unreadable_wherever_they_stand():
    good = log(*[record(number) for number in range(5)])
    for name in (b"a-bucket", b"user-2", b"AWS::S3::Object", b"accountId"):
        at = good.index(b"data/2") if name == b"a-bucket" else good.index(name, good.index(b"user-2"))
        content = good[:at] + b"\xff" + good[at:]
        records, unreadable, reason = read([content])
        assert len(records) == 4 and (unreadable, reason) == (1, ""), name


def test_after_a_bad_record_of_another_kind_of_file_nothing_is_found():
    found = read([b'{"Records":[{"a":1},{"a":[1},{"a":2}]}'])
    assert len(found[0]) == 1 and found[1] == 1
    assert "a record is not JSON, and no other is found after it (after 1 record)" in found[2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n ", "it is empty"),
        (gzip.compress(b"", mtime=0), "it is empty"),
        (b"[]", "it is not a JSON object"),
        (b'[{"eventName":"PutObject"}]', "it is not a JSON object"),
        (b'"Records"', "it is not a JSON object"),
        (b"PK\x03\x04", "it is not a JSON object"),
        (b"<?xml", "it is not a JSON object"),
        ('{"Records":[{"eventName":"x"}]}'.encode("utf-16"), "it is not a JSON object"),
        ('{"Records":[{"eventName":"x"}]}'.encode("utf-16-le"), "it is not JSON"),
        (b"{}", "it has no Records"),
        (b'{"records":[{}]}', "it has no Records"),
        (b'{"awsAccountId":"1","logFiles":[{"s3Bucket":"b"},{}],"digestSignatureAlgorithm":"x"}', "it has no Records"),
        (b'{"Records":{"a":1}}', "its Records are not a list"),
        (b'{"Records":null}', "its Records are not a list"),
        (b'{"Records":"[]"}', "its Records are not a list"),
        (b'{"Records"', "its JSON breaks off"),
        (b'{"Records":', "its JSON breaks off"),
        (b'{"Records":[', "its JSON breaks off"),
        (b'{"Records":[]', "its JSON breaks off"),
        (b'{"Records":[]}x', "something follows its end"),
        (b'{"Records":[]}{"Records":[]}', "something follows its end"),
        (b"{5:6}", "it is not JSON"),
        (b'{"a":[}}', "it is not JSON"),
        (b'{"a" 5}', "its JSON breaks off"),
        (b"\x1f", "it is not a JSON object"),
        (b"\x1f\x8b", "its gzip stream breaks off"),
        (b"\x1f\x8b\x09" + bytes(20), "its gzip stream is broken"),
        (gzip.compress(b'{"Records":[]}', mtime=0) + b"PK", "its gzip stream is broken"),
        (gzip.compress(b'{"Records":[]}', mtime=0) + b"\x1f\x8b", "its gzip stream breaks off"),
    ],
)
def test_what_is_no_log_file_is_told_in_words(content: bytes, reason: str):
    for size in (1, 2, 100):
        records, unreadable, told = read(portions(content, size))
        assert (records, unreadable) == ([], 0)
        assert told.startswith(f"the log file cannot be read to its end: {reason}")


def test_what_stands_before_the_end_is_read_wherever_a_plain_file_is_cut():
    content = log(record(0), record(1, x=NESTED), record(2))
    ends = [at + 1 for at in range(len(content)) if _whole(content[: at + 1])]
    for size in range(len(content)):
        records, unreadable, reason = read([content[:size]])
        # A record counts when what follows it has come.
        assert len(records) == sum(end < size for end in ends)
        assert unreadable == 0 and reason


def _whole(cut: bytes) -> bool:
    """Whether a record ends here."""
    try:
        json.loads(cut + b"]}")
    except ValueError:
        return False
    return cut.endswith(b"}")


def test_what_stands_before_the_end_is_read_wherever_a_packed_file_is_cut():
    content = gzip.compress(log(*map(record, range(30))))
    counts = []
    for size in range(len(content)):
        records, unreadable, reason = read([content[:size]])
        counts.append(len(records))
        assert unreadable == 0
        assert ("gzip stream breaks off" in reason) == (size >= 2)
    assert counts == sorted(counts) and counts[-8:] == [30] * 8


@pytest.mark.parametrize("at", [-8, -4, -1])
def test_a_wrong_checksum_or_length_is_told_after_all_records(at: int):
    content = bytearray(gzip.compress(log(*map(record, range(300)))))
    content[at] ^= 1
    for size in (1, 100, 1_000_000):
        records, unreadable, reason = read(portions(bytes(content), size))
        assert (len(records), unreadable) == (300, 0)
        assert "its gzip stream is broken" in reason


def test_a_flipped_bit_never_makes_more_than_it_breaks():
    rng = random.Random(7)
    whole = gzip.compress(log(*map(record, range(200))), mtime=0)
    for _ in range(100):
        content = bytearray(whole)
        content[rng.randrange(10, len(content))] ^= 1 << rng.randrange(8)
        found = [read(portions(bytes(content), size)) for size in (13, 1_000_000)]
        assert found[0] == found[1]
        assert found[0][2]


def test_several_gzip_streams_are_one_file():
    content = log(*map(record, range(100)))
    packed = b"".join(gzip.compress(content[at : at + 1000]) for at in range(0, len(content), 1000))
    for each in (packed, packed + bytes(1000)):
        for size in (1, 7, 1_000_000):
            found = read(portions(each, size))
            assert len(found[0]) == 100 and found[1:] == (0, "")


def test_what_the_source_raises_passes_through():
    content = gzip.compress(log(*map(record, range(5000))))

    def broken(size: int) -> Iterator[bytes]:
        yield content[:size]
        raise Trouble

    for size in (0, 1, 2, 100, len(content) - 1, len(content)):
        with pytest.raises(Trouble):
            list(batches(broken(size)))


@pytest.mark.parametrize("spare", [0, 1])
@pytest.mark.parametrize("blanks", [False, True])
def test_a_record_may_be_as_long_as_the_limit(spare: int, blanks: bool):
    limits = Limits(record_bytes=300_000)
    body = record(1, requestParameters={"key": "x"})
    dumping = {"separators": (", ", ": ")} if blanks else {"separators": (",", ":")}
    free = limits.record_bytes - len(json.dumps(body, **dumping)) - 2 * blanks  # the blank between counts
    body["requestParameters"]["key"] += "x" * (free + spare) if not blanks else "x" * (free + spare + 1)
    for size in (10_000, 10_000_000):
        records, unreadable, reason = read(portions(log(record(0), body, record(2), **dumping), size), limits)
        if spare:
            assert len(records) == 1 and "a record is longer than the limit of 300,000 bytes" in reason
        else:
            assert len(records) == 3 and reason == ""
        assert unreadable == 0


def test_a_file_longer_than_the_limit_is_read_up_to_it():
    content = log(*map(record, range(3000)))
    whole = read([content])[0]
    for size in (5_000, 300_000, len(content) - 1):
        for each in ([content], [gzip.compress(content)]):
            records, _, reason = read(each, Limits(file_bytes=size))
            assert f"it is longer than the limit of {size:,} bytes" in reason
            assert records == whole[: len(records)] and len(records) >= size // 600 - 1
    assert read([content], Limits(file_bytes=len(content)))[2] == ""


def bomb(begin: bytes, middle: bytes, megabytes: int) -> list[bytes]:
    packer = zlib.compressobj(9, wbits=31)
    found = [packer.compress(begin)]
    found += [packer.compress(middle * (1_000_000 // len(middle))) for _ in range(megabytes)]
    return [b"".join([*found, packer.flush()])]


@pytest.mark.parametrize(
    ("begin", "middle", "reason"),
    [
        (b"", b" ", "it is longer than the limit of 50,000,000 bytes"),
        (b'{"Records":[]}', b" ", "it is longer than the limit of 50,000,000 bytes"),
        (b'{"Records":[', b" ", "a record is longer than the limit of 500,000 bytes"),
        (b'{"a":', b"[", "it is not JSON"),
        (b'{"a":"', b"x", "a record is longer"),
        (b'{"', b"x", "its JSON breaks off"),
        (b'{"Records":[{"a":"', b"x", "a record is longer"),
        (b'{"Records":[{"a":"', b"\\n", "a record is longer"),
        (b'{"Records":[{"a":', b"[", "it is longer than the limit of 50,000,000 bytes"),
        (b'{"Records":[{"a":[', b'"",', "a record is longer"),
        (b'{"Records":[{"a":[', b'{"":""},', "a record is longer"),
        (b'{"Records":[{"a":[1}', b"x", "it is longer than the limit of 50,000,000 bytes"),
    ],
)
def test_a_bomb_is_never_in_memory_whole(begin: bytes, middle: bytes, reason: str):
    pieces = bomb(begin, middle, 51)
    assert len(pieces[0]) < 500_000
    limits = Limits(file_bytes=50_000_000, record_bytes=500_000)
    tracemalloc.start()
    try:
        records, _, told = read(pieces, limits)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert records == [] and reason in told
    assert peak < 15_000_000


def test_many_records_take_no_more_memory_than_a_few():
    one = json.dumps(record(0), separators=(",", ":")).encode() + b","

    def pieces(number: int) -> Iterator[bytes]:
        yield b'{"Records":['
        for _ in range(number // 1000):
            yield one * 1000
        yield one[:-1] + b"]}"

    peaks = []
    for number in (10_000, 100_000):
        tracemalloc.start()
        count = sum(len(batch.records) for batch in batches(pieces(number)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == number + 1
    assert peaks[1] < peaks[0] * 1.2 and peaks[1] < 10_000_000


# The text of keys is of what could be taken for the beginning or end of a record.
texts = st.text(max_size=8) | st.sampled_from(
    ['},{"eventVersion"', '"},{"', "]}", '\\"', "\\", "{", "[", "é", "\x7f", "😀"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.just("eventVersion"), inner, max_size=3),
    max_leaves=8,
)
any_record = st.dictionaries(st.sampled_from(["eventVersion", *FIELDS, *RAW]) | texts, values, max_size=6)
in_order = st.builds(lambda more: {"eventVersion": "1.11"} | more, any_record)
around = st.dictionaries(texts.filter(lambda name: name != "Records"), values, max_size=2)
SPACES = [(",", ":"), (", ", ": "), (" ,\n", " :\t"), ("\n,", ":")]


@given(
    st.lists(in_order, max_size=8) | st.lists(in_order | any_record | values, max_size=8),
    st.sampled_from(SPACES),
    st.none() | st.integers(0, 3),
    st.booleans(),
    st.booleans(),
    st.tuples(around, around),
    st.lists(st.integers(1, 400), min_size=1, max_size=5),
    st.integers(20, 200),
)
@settings(max_examples=200, deadline=None)
@example([{"eventVersion": 1}, {"eventVersion": 2, "a": NESTED}], (",", ":"), None, True, False, ({}, {}), [3], 20)
def test_any_json_in_any_portions_has_the_records_that_python_reads(
    sources: list[Any],
    spaces: Any,
    indent: Any,
    ascii_only: bool,
    packed: bool,
    both: Any,
    sizes: Any,
    step: int,
):
    head, tail = both
    content = json.dumps(
        head | {"Records": sources} | {name: value for name, value in tail.items() if name not in head},
        separators=spaces, indent=indent, ensure_ascii=ascii_only,
    ).encode()  # fmt: skip
    wanted = [each for each in json.loads(content)["Records"] if isinstance(each, dict)]
    content = gzip.compress(content) if packed else content
    pieces, at = [], 0
    while at < len(content):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(content[at : at + size])
        at += size
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpacking, "PIECE", step)  # so that text of some kilobytes is cut everywhere
        records, unreadable, reason = read(pieces)
    assert [said(each) for each in records] == [expected(each) for each in wanted]
    assert (unreadable, reason) == (len(sources) - len(wanted), "")


@given(
    st.lists(in_order | any_record, min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 20), st.binary(max_size=6)), min_size=1, max_size=4),
    st.integers(20, 200),
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_broken_never_ends_otherwise_than_in_words_and_is_read_alike_in_any_portions(
    sources: list[Any], changes: list[tuple[int, int, bytes]], step: int
):
    content = log(*sources)
    for at, gone, came in changes:
        at %= len(content) + 1  # noqa: PLW2901
        content = content[:at] + came + content[at + gone :]
    whole = read([content])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpacking, "PIECE", step)
        assert read([content]) == whole


def test_the_garbage_collector_has_nothing_to_look_at():
    [batch] = batches([log(record(1))])
    assert not gc.is_tracked(batch.records[0])


@pytest.mark.parametrize(
    "text",
    [
        b'{"Records":[{"eventVersion":"1"}' + b',{"eventVersion":[1' * 5_000 + b"}",
        b'{"Records":[' + b"1," * 500_000 + b"1]}",
        b"{" + b'"a":1,' * 500_000 + b'"Records":[]}',
    ],
    ids=["each breaks off", "no records", "names"],
)
def test_a_hostile_file_ends_soon(text):
    with pytest.raises(Permanent, match="more than"):
        list(batches([text]))
