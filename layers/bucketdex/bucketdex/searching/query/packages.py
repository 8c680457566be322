"""Packages: found by handle, author, name, message, metadata, workflow and the beginning of a top hash.

A package is its pointer `latest`, one document a handle. What a top hash names may be an older revision, or a manifest
that no pointer names: `revisions` says which documents those are (see `searching/revisions.py`).
"""

from collections.abc import Mapping, Sequence

from bucketdex.searching.query.clauses import Clause, Fields, all_of, any_of, counting, matching
from bucketdex.searching.query.words import Typed

FIELDS = Fields(
    words={"handle.text": 6, "message": 2, "metadata.text": 2, "problem.text": 1},
    # A package comes before what is in it, and one that is called so before all else.
    sure={"handle.text": 300, "message": 90, "metadata.text": 90},
    exact={"metadata": 120, "workflow": 60},
    folded={"handle": 1000, "name": 500, "author": 320},
)
WHOLE = ("handle.text",)
FRAGMENTS = ("message", "metadata.text")
TOP_HASH = 900
LATEST = all_of({"term": {"type": "pointer"}}, {"term": {"latest": True}})


def packages(typed: Typed, revisions: Mapping[str, Sequence[str]]) -> Clause:
    """Return the query for packages; `revisions` gives for the beginning of a top hash the documents it names."""
    named = [identity for found in revisions.values() for identity in found]
    shown = any_of([LATEST, {"ids": {"values": named}}]) if named else LATEST

    def special(text: str) -> list[Clause]:
        found = revisions.get(text.lower())
        return [counting({"ids": {"values": list(found)}}, TOP_HASH)] if found else []

    return {"bool": {"must": [matching(FIELDS, typed, special)], "filter": [shown]}}
