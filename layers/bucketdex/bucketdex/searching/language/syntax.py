"""What a query is made of, once it is read."""

from datetime import datetime
from typing import Literal

import msgspec

Operator = Literal["=", ">", ">=", "<", "<=", ".."]


class Word(msgspec.Struct, frozen=True, tag=True):
    """A word as it was typed: of a name, a text; or an address, a digest, `name=value`. `prefix`: it ended with `*`."""

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
    """`name:value`, or `name.field:value` as in `meta.label:cat`.

    `value` is the text (`*` in it stands for anything), or what a comparison, a number, a size or a date spans; `typed`
    is how that was written, with its operator (`>10MB`, `2024-01`), as it is printed again.
    """

    name: str
    value: Value
    typed: str
    field: str | None = None


class Not(msgspec.Struct, frozen=True, tag=True):
    """Whatever is not found by this."""

    node: "Node"


class All(msgspec.Struct, frozen=True, tag=True):
    """What is found by each of these; by everything, if there are none."""

    nodes: tuple["Node", ...] = ()


class Any(msgspec.Struct, frozen=True, tag=True):
    """What is found by one of these."""

    nodes: tuple["Node", ...]


type Node = Word | Phrase | Qualifier | Not | All | Any


class Query(msgspec.Struct, frozen=True):
    """A whole query; `unfinished`: its last node is a word that may go on, as nothing was typed after it."""

    all: All = All()
    unfinished: bool = False
