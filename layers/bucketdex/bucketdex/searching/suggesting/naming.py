"""A qualifier that there is none of, where metadata or a tag is called so: `weight:>3` for `meta.weight:>3`."""

from typing import TYPE_CHECKING

from bucketdex.errors import Fault
from bucketdex.searching.language.mistakes import QuerySyntaxError, in_quotes, shown
from bucketdex.searching.language.spelling import replaced
from bucketdex.searching.query.clauses import pair
from bucketdex.searching.question import ALIASES
from bucketdex.searching.suggesting.near import any_found
from bucketdex.searching.suggesting.terms import OF_FIELD
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


def better(client: "OpenSearch", viewer: Viewer, text: str, error: QuerySyntaxError) -> QuerySyntaxError:
    """Return what is said about a query that cannot be read: also the metadata or tags that may be meant."""
    if error.unknown is None or not viewer.buckets:
        return error
    name, _, value = error.unknown.partition(":")
    try:
        there = any_found(client, viewer, list(ALIASES.values()), [pair(of, name) for _, of in OF_FIELD.values()])
    except Fault:  # then it is said without
        return error
    found = [it for it, is_there in zip(OF_FIELD, there, strict=True) if is_there]
    if not found:
        return error
    likely = [f"{of}.{name}:{value}" for of in found]
    return QuerySyntaxError(
        f'there is no qualifier "{name}:"; did you mean {" or ".join(map(shown, likely))}? To search for it as it '
        f"stands, put it in quotes, {shown(in_quotes(error.unknown))}",
        column=error.column,
        length=error.length,
        expected=(*(f"{of}.{name}:" for of in found), *error.expected),
        suggestion=replaced(text, error.column - 1, error.unknown, likely[0]),
    )
