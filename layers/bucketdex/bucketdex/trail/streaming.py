"""A log file of CloudTrail, `{"Records": [...]}` in one long line, as batches of records in constant memory.

CloudTrail writes `eventVersion` first in each record and no blanks. So the text is cut where a record begins that way,
and all records before it are decoded at once. Quotes within strings are escaped, so `{"eventVersion"` begins an object
wherever it stands; where that is within a record, brackets are left open and the text is not decoded. Then the end of
each record is looked for (`scanning.py`), ten times as slow, and the record decoded for itself. So are the first of
other JSON; where they begin alike, the text is cut by that from there on.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from bucketdex.errors import Permanent
from bucketdex.trail import scanning
from bucketdex.trail.unpacking import BrokenOffError, Text, unpacked

NEXT = b'},{"eventVersion"'
BEGINNING = re.compile(rb'[ \t\r\n]*+\{[ \t\r\n]*+"[^"\\]*+"')
# That cannot be read. Who looks for the next one looks at the text again, so a hostile file must not have many.
MOST_UNREADABLE = 100
MOST_RECORDS = 10_000  # of a batch that is not decoded at once; records may be as small as `{}`
NULL = msgspec.Raw(b"null")


class Record(msgspec.Struct, rename="camel", gc=False):
    """What is looked at of a record, each of whatever type it is there.

    A `Raw` is JSON in UTF-8. It keeps all bytes of its batch in memory, so nothing should keep it.
    """

    event_name: Any = None
    event_source: Any = None
    event_time: Any = None
    error_code: Any = None
    event_category: Any = None
    user_identity: msgspec.Raw = NULL
    request_parameters: msgspec.Raw = NULL
    response_elements: msgspec.Raw = NULL


class Limits(msgspec.Struct, frozen=True):
    """How long, in bytes and unpacked, a file and a record may be."""

    file_bytes: int = 8 * 1024**3
    record_bytes: int = 8 * 1024**2


class Batch(NamedTuple):
    """Records that follow each other, and how many between them could not be read.

    `first` is the number of the first, from 0, among those that can be read: the same however the file comes.
    """

    first: int
    records: list[Record]
    unreadable: int


_decode = msgspec.json.Decoder(list[Record]).decode


def batches(pieces: Iterable[bytes], limits: Limits = Limits()) -> Iterator[Batch]:  # noqa: B008, it is frozen
    """Yield the records of a log file; `pieces` are its bytes in whatever portions, plain or as gzip.

    A record that cannot be read is counted, and the next one goes on. Raises `Permanent` where the file is none of
    CloudTrail's, or breaks off, after what can be read of it. What `pieces` raises passes through.
    """
    number = failed = 0
    try:
        for records, unreadable in _groups(Text(unpacked(pieces, limits.file_bytes)), limits.record_bytes):
            if records or unreadable:
                yield Batch(number, records, unreadable)
                number += len(records)
                failed += unreadable
                _end_where_many_are_unreadable(failed)
    except BrokenOffError as error:
        read = f" (after {number:,} record{'' if number == 1 else 's'})" if number else "; no record could be read"
        raise Permanent(f"the log file cannot be read to its end: {error}{read}") from error


def _end_where_many_are_unreadable(failed: int) -> None:
    if failed > MOST_UNREADABLE:
        raise BrokenOffError(f"more than {MOST_UNREADABLE} of its records cannot be read")


type Groups = Generator[tuple[list[Record], int]]


def _groups(text: Text, most: int) -> Groups:
    """Yield the records of a file, and how many cannot be read; raises `BrokenOffError`."""
    if (sign := text.sign()) != b"{":
        raise BrokenOffError("it is not a JSON object" if sign else text.ended or "it is empty")
    text.at += 1
    found = False
    while scanning.records(text, most):
        found = True
        yield from _listed(text, most)
    if not found:
        raise BrokenOffError("it has no Records")
    if text.sign():
        raise BrokenOffError("something follows its end")
    if text.ended:
        raise text.broken_off()


def _listed(text: Text, most: int) -> Groups:
    """Yield the records up to the end of the list, and go behind it; raises `BrokenOffError`."""
    between, ended = NEXT, False
    while not ended:
        cut = text.data.rfind(between, text.at)
        records = _decoded(text.data, text.at, cut + 1) if 0 < cut - text.at < most else None
        if records is not None:
            text.at = cut + 2
            yield records, 0
            if text.more():
                continue
        ended = yield from _one_by_one(text, most)
        if not ended and (begins := BEGINNING.match(text.data, text.at)):
            between = b"}," + begins[0]


def _one_by_one(text: Text, most: int) -> Generator[tuple[list[Record], int], None, bool]:
    """Yield the records that begin in what is unpacked; return whether the list has ended. Raises `BrokenOffError`."""
    records: list[Record] = []
    unreadable, refills = 0, text.refills
    sign, broken_off = b",", None
    while sign == b"," and text.refills == refills and len(records) < MOST_RECORDS and unreadable <= MOST_UNREADABLE:
        try:
            found, sign = scanning.item(text, scanning.LIST_END, most)
            some = _decoded(found, 0, len(found))
            records += some or ()
            unreadable += some is None
        except scanning.UnbalancedError:
            unreadable += 1
            broken_off = scanning.next_record(text)
        except BrokenOffError as error:
            broken_off = error
        if broken_off:
            break
    yield records, unreadable
    if broken_off:
        raise broken_off
    return sign == scanning.LIST_END


def _decoded(data: bytes, start: int, end: int) -> list[Record] | None:
    """Return the records between two commas; None if that is not a list of them."""
    text = b"".join((b"[", memoryview(data)[start:end], b"]"))  # `%` takes four times as long
    try:
        if not text.isascii():  # what is skipped or kept as it is, msgspec does not look at
            text.decode()
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
