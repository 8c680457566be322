"""Packages: found by handle, author, name, message, metadata, workflow and the beginning of a top hash.

A package is its pointer `latest`, one document a handle. What a top hash names may be an older revision, or a manifest
that no pointer names: `Known.revisions` says which documents those are (see `searching/revisions.py`).
"""

from bucketdex.searching.language.syntax import Qualifier
from bucketdex.searching.query.clauses import NOTHING, Clause, alike, all_of, any_of, counting
from bucketdex.searching.query.kinds import Fields, KindOf, Known
from bucketdex.searching.query.qualifying import called, described, is_kind, spanning, text_of, valued
from bucketdex.searching.query.words import hash_prefix, revision

FIELDS = Fields(
    words={"handle.text": 6, "message": 2, "metadata.text": 2, "problem.text": 1},
    # A package comes before what is in it, and one that is called so before all else.
    sure={"handle.text": 300, "message": 130, "metadata.text": 60},
    exact={"metadata": 120, "workflow": 60},
    folded={"handle": 1000, "name": 500, "author": 320},
    prose=frozenset({"message", "problem.text"}),
)
WHOLE = ("handle.text",)
FRAGMENTS = ("message", "metadata.text")
TOP_HASH = 900
LATEST = all_of({"term": {"type": "pointer"}}, {"term": {"latest": True}})


def handled(text: str) -> Clause:
    """Return what finds packages by their handle, or by their name alone; `*` stands for anything."""
    if named := revision(text):
        return all_of(alike("handle", named[0]), {"prefix": {"top_hash": named[1]}})
    if "/" in text:
        return alike("handle", text)
    return any_of([alike("name", text), {"match_phrase": {"handle.text": text}}] if "*" not in text else
                  [alike("name", text)])  # fmt: skip


def _special(text: str, known: Known) -> list[Clause]:
    found = known.revisions.get(text.lower())
    return [counting({"ids": {"values": list(found)}}, TOP_HASH)] if found else []


def _shown(known: Known) -> list[Clause]:
    named = [identity for found in known.revisions.values() for identity in found]
    return [any_of([LATEST, {"ids": {"values": named}}])] if named else [LATEST]


def _hashed(asked: Qualifier, known: Known) -> Clause:
    found = known.revisions.get(hash_prefix(text_of(asked)) or "")
    return {"ids": {"values": list(found)}} if found else NOTHING


PACKAGES = KindOf(
    FIELDS,
    _special,
    {
        "bucket": valued("bucket"),
        "name": called("name", "name.text"),
        "size": spanning("total_bytes"),
        "modified": spanning("modified"),
        "type": is_kind("package"),
        "author": valued("author"),
        "package": lambda asked, _: handled(text_of(asked)),
        "hash": _hashed,
        "meta": described("metadata", "metadata"),
    },
    _shown,
)
