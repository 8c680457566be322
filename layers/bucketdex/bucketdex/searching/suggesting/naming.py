"""A qualifier that there is none of, where metadata or a tag is called so: `weight:>3` for `meta.weight:>3`."""

from typing import TYPE_CHECKING

from bucketdex.errors import Fault
from bucketdex.searching.language.mistakes import QuerySyntaxError, in_quotes, shown
from bucketdex.searching.query.clauses import pair
from bucketdex.searching.question import ALIASES
from bucketdex.searching.suggesting.terms import OF_FIELD
from bucketdex.searching.viewer import Viewer, ask_many

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ONE = {"size": 0, "terminate_after": 1, "track_total_hits": 1}


def better(client: "OpenSearch", viewer: Viewer, text: str, error: QuerySyntaxError) -> QuerySyntaxError:
    """Return what is said about a query that cannot be read: also the metadata or tags that may be meant."""
    if error.unknown is None or not viewer.buckets:
        return error
    name, _, value = error.unknown.partition(":")
    searches = [(list(ALIASES.values()), {"query": pair(of, name), **ONE}) for _, of in OF_FIELD.values()]
    try:
        answers = ask_many(client, searches, viewer)
    except Fault:  # then it is said without
        return error
    found = [it for it, answer in zip(OF_FIELD, answers, strict=True) if answer["hits"]["total"]["value"]]
    if not found:
        return error
    likely = [f"{of}.{name}:{value}" for of in found]
    at = error.column - 1
    return QuerySyntaxError(
        f'there is no qualifier "{name}:"; did you mean {" or ".join(map(shown, likely))}? To search for it as it '
        f"stands, put it in quotes, {shown(in_quotes(error.unknown))}",
        column=error.column,
        length=error.length,
        expected=(*(f"{of}.{name}:" for of in found), *error.expected),
        suggestion=f"{text[:at]}{likely[0]}{text[at + len(error.unknown) :]}",
    )
