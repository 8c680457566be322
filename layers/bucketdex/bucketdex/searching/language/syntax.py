"""What a query is made of, once it is read."""

from datetime import datetime
from typing import Literal

import msgspec

Operator = Literal["=", ">", ">=", "<", "<=", ".."]

# What a query has at most, so that none costs too much.
MOST_CHARACTERS = 500
MOST_WORDS = 40  # and parts of words, `a-b` has two: each is a clause for each field of each kind
MOST_QUALIFIERS = 20
DEEPEST = 8  # parentheses


class Word(msgspec.Struct, frozen=True, tag=True):
    """A word as it was typed: of a name, a text; or an address, `name=value`. `prefix`: it ended with `*`."""

    text: str
    prefix: bool = False


class Phrase(msgspec.Struct, frozen=True, tag=True):
    """Words that stand together."""

    text: str


class Between(msgspec.Struct, frozen=True, tag=True):
    """From `low` (included) to `high` (left out; included where `closed`); None is without end."""

    low: float | datetime | None
    high: float | datetime | None
    closed: bool = False


type Value = str | Between


class Qualifier(msgspec.Struct, frozen=True, tag=True):
    """`name:value`, or `name.field:value` as in `meta.label:cat`; `name` is one of the table's, never an alias.

    `value` is the text (`*` in it stands for anything), or what a comparison, a number, a size or a date spans; `typed`
    is how that was written, with its operator (`>10MB`, `2024-01`), as it is printed again. `*` alone is any value. A
    digest that was typed as a word, `sha256:4b62...`, is one of `hash` with that value.
    """

    name: str
    value: Value
    typed: str
    field: str | None = None


class Not(msgspec.Struct, frozen=True, tag=True):
    """Whatever is not found by this, which is never a `Not` itself."""

    node: "Node"


class All(msgspec.Struct, frozen=True, tag=True):
    """What is found by each of these; by everything, if there are none, which only a whole query can have.

    Within a query it has two nodes at least, and none of them is an `All`.
    """

    nodes: tuple["Node", ...] = ()


class Any(msgspec.Struct, frozen=True, tag=True):
    """What is found by one of these, two at least, of which none is an `Any`."""

    nodes: tuple["Node", ...]


type Node = Word | Phrase | Qualifier | Not | All | Any


class Query(msgspec.Struct, frozen=True):
    """A whole query; `unfinished`: its last node is a word that may go on, as nothing was typed after it."""

    all: All = All()
    unfinished: bool = False
