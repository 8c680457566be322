"""What qualifiers of several kinds find: `name:`, `size:`, `meta.x:`, ... of the fields that a kind has for them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bucketdex.searching.language.syntax import Between, Qualifier
from bucketdex.searching.language.values import as_dates
from bucketdex.searching.query.clauses import (
    EVERYTHING,
    NOTHING,
    Clause,
    alike,
    among_manifests,
    any_of,
    between,
    having,
    pair,
    paired,
)
from bucketdex.searching.query.kinds import Known
from bucketdex.searching.query.words import digest, is_of_its_type

Finds = Callable[[Qualifier, Known], Clause]
COMPARED = ("<", ">")


def text_of(asked: Qualifier) -> str:
    """Return the value as text, whatever else it may mean (a name can be `2024`)."""
    return asked.value if isinstance(asked.value, str) else asked.typed


def valued(*fields: str) -> Finds:
    """Return what finds the value as it stands, in capitals or not."""
    return lambda asked, _: any_of([alike(field, text_of(asked)) for field in fields])


def spanning(field: str) -> Finds:
    """Return what finds a number, a size or a date in the span that was typed."""
    return lambda asked, _: (
        between(field, asked.value) if isinstance(asked.value, Between) else alike(field, asked.value)
    )


def called(keyword: str, text: str, *others: Callable[[str], Clause], wildcard: str | None = None) -> Finds:
    """Return what finds by a name: as it stands, by words of it that stand together, or by a pattern of all of it."""

    def finds(asked: Qualifier, _: Known) -> Clause:
        value = text_of(asked)
        if "*" in value:
            return alike(wildcard or keyword, value)
        together = {"match_phrase": {text: value}}
        return any_of([alike(keyword, value), together, *(other(value) for other in others)])

    return finds


def inside(folders: str) -> Callable[[str], Clause]:
    """Return what finds what lies in a folder."""
    return lambda value: {"term": {folders: value.rstrip("/")}}


def extension(asked: Qualifier, _: Known) -> Clause:
    """Find by extension, with its dot or without: `csv`, `.csv.gz`."""
    return alike("extensions", f".{text_of(asked).removeprefix('.')}")


def digested(field: str, *etags: str) -> Finds:
    """Return what finds by a digest in full, or by an etag."""

    def finds(asked: Qualifier, _: Known) -> Clause:
        value = text_of(asked)
        wanted = digest(value)
        # Several checksums are in one field, so the type that is asked for may be that of another one's value.
        found = [having(field, wanted)] if is_of_its_type(wanted) else []
        return any_of([*found, *({"term": {etag: value.strip('"')}} for etag in etags)])

    return finds


def is_kind(*names: str) -> Finds:
    """Return what finds all of a kind, or nothing."""
    return lambda asked, _: EVERYTHING if text_of(asked).lower() in names else NOTHING


def described(of: str, field: str) -> Finds:
    """Return what finds by what users named: `meta.x:>3`, `tag.stage:raw`, `meta:word`; `*` is any value."""

    def finds(asked: Qualifier, _: Known) -> Clause:
        value = text_of(asked)
        if asked.field is None:
            return _mentioned(field, value)
        if isinstance(asked.value, Between):
            spanned = pair(of, asked.field, any_of(_spans(asked.value, asked.typed)))
            if asked.typed.startswith(COMPARED) or ".." in asked.typed:
                return spanned
            return any_of([spanned, paired(field, asked.field, value)])  # it may be no number to who gave it
        if value and not value.strip("*"):
            return pair(of, asked.field)
        return paired(field, asked.field, value)

    return finds


def of_manifests(asked: Qualifier, known: Known) -> Clause:
    """Find the entries of the packages that were asked for, as they were looked up."""
    return among_manifests(known.manifests.get(asked, {}))


def _mentioned(field: str, value: str) -> Clause:
    if "*" not in value:
        return any_of([alike(field, value), {"match": {f"{field}.text": {"query": value, "operator": "and"}}}])
    begun = {"match_bool_prefix": {f"{field}.text": {"query": value.rstrip("*"), "operator": "and"}}}
    only_at_end: Sequence[Clause] = [begun] if "*" not in value.rstrip("*") and value.strip("*") else []
    return any_of([alike(field, value), *only_at_end])


def _spans(span: Between, typed: str) -> list[Clause]:
    """A number, or dates; `2024` may be a year."""
    if isinstance(span.low if span.low is not None else span.high, datetime):
        return [between("pairs.date", span)]
    years = as_dates(typed)
    return [between("pairs.number", span), *([between("pairs.date", years)] if years else [])]
