"""The facets of a search, as programs and pages get them."""

from typing import Literal

import msgspec

Form = Literal["values", "ranges", "histogram"]
TypeOfValue = Literal["text", "number", "date", "boolean"]


class FacetValue(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value, how much would be found by it, and the text of the query after it was taken, or taken back.

    `count` leaves out what else the query says of the same facet. `type` is that of a name of metadata.
    """

    value: str
    label: str
    count: int
    query: str
    selected: bool = False
    type: TypeOfValue | None = None


class Facet(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is found, by one of its properties. `other` is the count of the values that are not shown.

    `lowest` and `highest` are those of the numbers or dates of a name of metadata.
    """

    name: str
    title: str
    form: Form
    values: list[FacetValue]
    other: int = 0
    lowest: str | None = None
    highest: str | None = None


class Facets(msgspec.Struct, frozen=True):
    """How much the whole query finds, and its facets in the order in which they were asked for."""

    total: int
    facets: list[Facet]
