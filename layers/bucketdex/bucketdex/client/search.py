"""`bucketdex.search`."""

from collections.abc import Sequence

from bucketdex.client.asking import Question, narrowed
from bucketdex.client.connection import connection
from bucketdex.client.hits import OF_KIND
from bucketdex.client.results import Results
from bucketdex.searching.question import SORTS, Sort


def search(
    text: str = "",
    *,
    kinds: str | Sequence[str] = (),
    buckets: str | Sequence[str] = (),
    sort: Sort = "relevance",
    api: str | None = None,
    token: str | None = None,
) -> Results:
    """Search a stack in the query language, and return its hits, which are fetched as they are looked at.

    `kinds` and `buckets` narrow it: `object`, `package`, `entry`, one or several; buckets by their names. `sort` is
    `relevance`, `newest`, `oldest`, `largest`, `smallest` or `name`. The stack is that at the address `api`, with a
    `token` for it; without them that of `BUCKETDEX_API_URL` and `BUCKETDEX_API_TOKEN`, else the one that runs here.

    >>> for hit in bucketdex.search("ext:.csv size:>1MB penguins"):
    ...     print(hit.uri, hit.size)

    Raises `NoStackError` at once where there is no stack, and later `QueryError` for what is no query, which shows
    where, and `SearchError` for what else goes wrong; `QueryError` is one of them.
    """
    question = Question(text, narrowed(kinds), narrowed(buckets), sort)
    if unknown := [it for it in question.kinds if it not in OF_KIND]:
        raise ValueError(f"{unknown[0]!r} is no kind: {', '.join(OF_KIND)}")
    if sort not in SORTS:
        raise ValueError(f"{sort!r} is no order: {', '.join(SORTS)}")
    return Results(connection(api, token), question)
