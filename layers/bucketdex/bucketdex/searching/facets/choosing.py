"""The facets that were asked for, by name."""

from typing import TYPE_CHECKING

from bucketdex.errors import Permanent
from bucketdex.searching.facets.asking import Asking, Part, answered
from bucketdex.searching.facets.metadata import of_names, of_values
from bucketdex.searching.facets.ranges import of_modified, of_size
from bucketdex.searching.facets.told import Facet, Facets
from bucketdex.searching.facets.values import TERMS, of_kind, of_tags, of_terms
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.language.syntax import Query
from bucketdex.searching.question import KINDS, Kind
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

DEFAULT = ("bucket", "kind", "ext", "size", "modified", "by", "tag", "class", "meta")
MOST = 100  # values of a facet
OF_META = "meta."
NAMED = {"kind": of_kind, "tag": of_tags, "meta": of_names}
RANGES = {"size": of_size, "modified": of_modified}  # as many as fit


def facets(
    client: "OpenSearch",
    viewer: Viewer,
    text: str,
    *,
    kinds: tuple[Kind, ...] = KINDS,
    buckets: tuple[str, ...] = (),
    wanted: tuple[str, ...] = DEFAULT,
    size: int = 10,
) -> Facets:
    """Return the facets of a search, each with at most `size` values, or ranges; `meta.plate` is one of metadata.

    Raises `QuerySyntaxError`, `Permanent` for a facet that there is none of, and `Transient`.
    """
    query = parse(text)
    asking = [_asking(name, query, max(1, min(size, MOST))) for name in dict.fromkeys(wanted)]
    if not viewer.buckets or not kinds:
        return Facets(0, [])
    total, *told = answered(client, viewer, kinds, buckets, [_total(query), *asking])
    return Facets(total, told)


def _asking(name: str, query: Query, size: int) -> Asking[Facet]:
    if name in NAMED:
        return NAMED[name](query, size)
    if name in RANGES:
        return RANGES[name](query)
    if name in TERMS:
        return of_terms(name, query, size)
    if name.startswith(OF_META) and name != OF_META:
        return of_values(name.removeprefix(OF_META), query, size)
    raise Permanent(f"there is no facet {name!r}: there are {', '.join(DEFAULT)}, and meta.NAME for each name of meta")


def _total(query: Query) -> Asking[int]:
    [answer] = yield [Part(query)]
    return answer.total
