"""A query as it was read, as an OpenSearch query.

Every word has to be found somewhere in a document. The last word may be the beginning of one, as people type. What is
sent is made of clauses only that are named here: nothing that is typed is an operator of OpenSearch.

One search asks for all kinds at once, rather than one for each: its hits come in one order with one total, nothing is
fetched to be thrown away, and it can go on page by page. What makes scores of several indexes comparable is that a find
which tells much (a name, a handle, a digest) counts a fixed amount, however rare the word is in its index.

`objects`, `packages` and `entries` each begin with the table of their fields, and end with that of their qualifiers.
"""

from bucketdex.searching.query.filtering import clause, kinds_of, matching_clause
from bucketdex.searching.query.looking_up import hash_prefixes, looked_up

__all__ = ["clause", "hash_prefixes", "kinds_of", "looked_up", "matching_clause"]
