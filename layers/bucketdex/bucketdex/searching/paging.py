"""Where a page of hits begins: the cursor, which the answer before gave."""

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from bucketdex.errors import Permanent
from bucketdex.searching.query.sorting import SCORE, Field
from bucketdex.searching.question import Kind, Question

LONGEST = 12_000  # characters; what comes after two of the longest keys, of a snapshot of many shards, is shorter
BINDING_BYTES = 12
LARGEST = 2**63
YEARS = range(2000, 3000)  # of a search: what is so long before or after these is still a date
NO_CURSOR = "this is no cursor: give that of the answer before, or none to begin anew"


class Page(msgspec.Struct, frozen=True, array_like=True):
    """What a page needs to know of those before it: the question that it is of, when the first one was asked for (what
    `7d` counts from, and scores are of; to the minute, so that an answer stays the same for as long), how many hits
    there are, the place of the last one, and the point in time of a snapshot."""

    binding: str
    now: datetime
    totals: dict[Kind, int] = {}
    after: list[float | int | str | bool | None] | None = None
    point: str | None = None


_decoder = msgspec.msgpack.Decoder(Page)  # which takes keys as they are, where JSON would escape what is in some


def first(question: Question, now: datetime) -> Page:
    """Return the first page."""
    return Page(_binding(question), now.replace(second=0, microsecond=0))


def asked_for(question: Question) -> Page:
    """Return the page that the question's cursor names; raises `Permanent` for a foreign one."""
    page = _read(question.cursor or "")
    if page is None or page.now.tzinfo is None or page.now.year not in YEARS or not page.after:
        raise Permanent(NO_CURSOR)
    if page.binding != _binding(question):
        raise Permanent(
            "this cursor is of another search: it goes with the text, kinds, buckets and sort that it was given for; "
            "give none to begin anew"
        )
    return page


def check_place(page: Page, order: Sequence[Field]) -> None:
    """Raise `Permanent` for the place of another order, and for one without a score, which OpenSearch fails at."""
    if page.after and (len(page.after) != len(order) or (order[0] == SCORE and page.after[0] is None)):
        raise Permanent(NO_CURSOR)


def cursor(page: Page) -> str:
    """Return the page as text, which goes into an address as it is."""
    return urlsafe_b64encode(msgspec.msgpack.encode(page)).decode().rstrip("=")


def _read(text: str) -> Page | None:
    if len(text) > LONGEST or not text.isascii():
        return None
    try:
        page = _decoder.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError):
        return None
    numbers = [it for it in page.after or () if isinstance(it, int | float)]
    fits = all(math.isfinite(it) and (isinstance(it, float) or -LARGEST <= it < LARGEST) for it in numbers)
    return page if fits and all(0 <= it < LARGEST for it in page.totals.values()) else None


def _binding(question: Question) -> str:
    """What a cursor is bound to. How many hits a page has, and shows of them, may change on the way."""
    asked: list[Any] = [question.text, question.sort, sorted(question.kinds), sorted(question.buckets)]
    return urlsafe_b64encode(blake2b(msgspec.json.encode(asked), digest_size=BINDING_BYTES).digest()).decode()
