"""How what a search found is distributed, as Python has it."""

import msgspec

from bucketdex.client.asking import Question
from bucketdex.client.connection import Connection
from bucketdex.client.errors import UNSHOWN
from bucketdex.searching.facets import told


class Facet(told.Facet, frozen=True, omit_defaults=True):
    """One of the properties of what is found; each of its values has a `query` that is narrowed to it."""

    @property
    def counts(self) -> dict[str, int]:
        """How much is found of each value, the most frequent first."""
        return {it.value: it.count for it in self.values}

    def __str__(self) -> str:
        shown = ", ".join(f"{UNSHOWN.sub(' ', it.label)} {it.count:,}" for it in self.values)
        return f"{self.title}: {shown}" + (f", others {self.other:,}" if self.other else "")


class Facets(msgspec.Struct, frozen=True):
    """How much the query finds, and its facets."""

    total: int
    facets: list[Facet]

    def __getitem__(self, name: str) -> Facet:
        """Return the facet of a name, such as `ext`; raises `KeyError`."""
        for facet in self.facets:
            if facet.name == name:
                return facet
        raise KeyError(name)

    def __str__(self) -> str:
        return "\n".join([f"{self.total:,} found", *(f"  {it}" for it in self.facets)])


def facets(stack: Connection, question: Question) -> Facets:
    """Ask for the facets of a search; raises `SearchError`."""
    return stack.decoded(Facets, "/api/facets", question.fields())
