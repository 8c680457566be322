"""Finds where a value ends in JSON that is not whole in memory, by its brackets and strings. It never nests itself.

What it finds is not yet known to be JSON, but whatever is JSON it cuts rightly. What is not, it mostly notices early:
quotes and brackets that nothing should follow, so that a record that is broken does not take the next one with it.
"""

import re

import msgspec

from bucketdex.trail.unpacking import BrokenOffError, Text

MOST_NAMES = 1_000  # of a file; CloudTrail's have one
DEEPEST = 50_000  # levels; msgspec decodes some thousands
LIST_END, OBJECT_END = b"]", b"}"
_CLOSING = {b"[": LIST_END, b"{": OBJECT_END}

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_FLAT = rb"[^%b]*+(?:" + _STRING + rb"(?=[ \t\r\n]*+[:,\]}])[^%b]*+)*+"
_INSIDE = re.compile(_FLAT.replace(b"%b", rb'"\[\]{}'), re.DOTALL)  # up to the next bracket
_BETWEEN = re.compile(_FLAT.replace(b"%b", rb'",\[\]{}'), re.DOTALL)  # up to the next bracket or comma
_STRING_AND_NEXT = re.compile(_STRING + rb"[ \t\r\n]*+[^ \t\r\n]", re.DOTALL)
_NAME = re.compile(rb"(" + _STRING + rb")[ \t\r\n]*+:(?=[ \t\r\n]*+[^ \t\r\n])", re.DOTALL)
_NEXT_RECORD = re.compile(rb',(?=[ \t\r\n]{0,40}\{[ \t\r\n]{0,40}"eventVersion"[ \t\r\n]{0,40}:)')
_LONGEST_NEXT = 200


class UnbalancedError(Exception):
    """What stands here is no JSON, and where it ends cannot be told from it."""


def item(text: Text, end: bytes, most: int) -> tuple[bytes, bytes]:
    """Return what stands before the next comma or `end` of this list or object, and which of them; go behind it.

    Raises `BrokenOffError`, and `UnbalancedError` without going anywhere.
    """
    ends = bytearray(end)
    done = since = 0  # bytes of the item that were looked at, and those up to the last bracket
    while True:
        flat = (_INSIDE if len(ends) > 1 else _BETWEEN).match(text.data, text.at + done)
        stop = flat.end() if flat else text.at + done
        sign = text.data[stop : stop + 1]
        done = stop - text.at
        incomplete = not sign or (sign == b'"' and not _STRING_AND_NEXT.match(text.data, stop))
        if (len(text.data) - text.at if incomplete else done) > most:
            raise BrokenOffError(f"a record is longer than the limit of {most:,} bytes")
        if incomplete:
            if not text.more():
                raise text.broken_off()
            continue
        if sign == b"," or (len(ends) == 1 and sign == end):
            found = text.data[text.at : stop]
            text.at = stop + 1
            return found, sign
        if sign[0] == ends[-1]:
            ends.pop()
        # In an object, a name stands before each value.
        elif (
            sign in _CLOSING
            and (ends[-1:] == LIST_END or text.data[text.at + since : stop].rstrip().endswith(b":"))
            and len(ends) < DEEPEST
        ):
            ends += _CLOSING[sign]
        else:
            raise UnbalancedError
        done = since = done + 1


def records(text: Text, most: int) -> bool:
    """Go to the first record of the next list that is called `Records`; False, and behind the object, if none is left.

    Raises `BrokenOffError`.
    """
    names = 0
    while (sign := text.sign()) != OBJECT_END:
        if sign == b",":
            text.at += 1
            continue
        names += 1
        if names > MOST_NAMES:
            raise BrokenOffError(f"it has more than {MOST_NAMES:,} names beside its Records")
        if sign and sign != b'"':
            raise BrokenOffError("it is not JSON")
        while not (name := _NAME.match(text.data, text.at)):
            if len(text.data) - text.at > most or not text.more():
                raise text.broken_off()
        if _is_records(name[1]):
            text.at = name.end()
            if text.sign() != b"[":
                raise BrokenOffError("its Records are not a list")
            text.at += 1
            return True
        try:
            item(text, OBJECT_END, most)
        except UnbalancedError:
            raise BrokenOffError("it is not JSON") from None
        text.at -= 1  # the comma or the end
    text.at += 1
    return False


def next_record(text: Text) -> BrokenOffError | None:
    """Go to the next record that begins as CloudTrail's do; return why there is none."""
    while not (found := _NEXT_RECORD.search(text.data, text.at)):
        text.at = max(text.at, len(text.data) - _LONGEST_NEXT)
        if not text.more():
            return BrokenOffError(text.ended or "a record is not JSON, and no other is found after it")
    text.at = found.end()
    return None


def _is_records(name: bytes) -> bool:
    try:
        return bool(msgspec.json.decode(name) == "Records")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
