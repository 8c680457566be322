"""The clause of a query over several kinds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bucketdex.searching.language.syntax import Qualifier, Query
from bucketdex.searching.query.clauses import EVERYTHING, NOTHING, Clause, any_of
from bucketdex.searching.query.compiling import compiled
from bucketdex.searching.query.entries import ENTRIES
from bucketdex.searching.query.kinds import KindOf, Known
from bucketdex.searching.query.looking_up import looked_up
from bucketdex.searching.query.objects import OBJECTS
from bucketdex.searching.query.packages import PACKAGES
from bucketdex.searching.question import ALIASES, Kind
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

OF_KIND: dict[Kind, KindOf] = {"object": OBJECTS, "package": PACKAGES, "entry": ENTRIES}


def matching_clause(
    client: "OpenSearch", viewer: Viewer, query: Query, kinds: tuple[Kind, ...], buckets: tuple[str, ...] = ()
) -> Clause:
    """Return what finds what a search for the query finds; raises `Transient` where a look-up for it fails.

    It holds for the viewer, and is sent as the viewer too, which adds what they may see.
    """
    return clause(query, kinds, buckets, looked_up(client, viewer, query, kinds))


def clause(query: Query, kinds: Sequence[Kind], buckets: Sequence[str], known: Known) -> Clause:
    """Return what finds documents of these kinds, in these buckets (any, if none)."""
    of_kinds = [_of_kind(kind, compiled(query, OF_KIND[kind], known)) for kind in kinds]
    narrowed: list[Clause] = [{"terms": {"bucket": list(buckets)}}] if buckets else []
    return {"bool": {"must": [any_of(of_kinds)], "filter": narrowed}}


def kinds_of(query: Query, kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    """Return the kinds that a query may find, as `type:` narrows it."""
    types = [it for it in query.all.nodes if isinstance(it, Qualifier) and it.name == "type"]
    return tuple(
        kind for kind in kinds if all(OF_KIND[kind].qualifiers["type"](it, Known()) == EVERYTHING for it in types)
    )


def _of_kind(kind: Kind, found: Clause) -> Clause:
    if found == NOTHING:
        return NOTHING
    return {"bool": {"must": [found], "filter": [{"prefix": {"_index": f"{ALIASES[kind]}-"}}]}}
