"""Where a list goes on: the sort values of its last item, as text for an address."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from bucketdex.errors import Permanent
from bucketdex.searching.paging import LONGEST


def cursor_of(about: str, after: list[Any]) -> str:
    """Return the cursor of a list, which `about` names: with another one it is refused."""
    return urlsafe_b64encode(msgspec.msgpack.encode((about, after))).decode().rstrip("=")


def after(about: str, cursor: str, kinds: tuple[type, ...]) -> list[Any]:
    """Return the sort values that a cursor holds, one of each of these kinds; raises `Permanent` for any other text."""
    try:
        raw = urlsafe_b64decode(cursor[:LONGEST] + "=" * (-len(cursor) % 4))
        known, values = msgspec.msgpack.decode(raw, type=tuple[str, list[Any]])
    except (binascii.Error, ValueError) as error:  # also what msgspec raises, and text that is not ASCII
        raise Permanent("this cursor is none of ours: begin again without it") from error
    if known != about or len(values) != len(kinds) or not all(map(isinstance, values, kinds)):
        raise Permanent("this cursor is of another list: begin again without it")
    return values
