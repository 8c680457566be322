"""What people type, as an OpenSearch query: pure functions.

Every word has to be found somewhere in a document. The last word may be the beginning of one, as people type. "Words in
quotes" have to stand together. Nothing that is typed is an operator of OpenSearch, so nothing can break it.

One search asks for all kinds at once, rather than one for each: its hits come in one order with one total, nothing is
fetched to be thrown away, and it can go on page by page. What makes scores of several indexes comparable is that a find
which tells much (a name, a handle, a digest) counts a fixed amount, however rare the word is in its index.

`objects`, `packages` and `entries` each begin with the table of their fields.
"""

from bucketdex.searching.query.body import search_body
from bucketdex.searching.query.words import hash_prefixes

__all__ = ["hash_prefixes", "search_body"]
