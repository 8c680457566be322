"""Packages, objects and folders that are called as the word at the end begins."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bucketdex.searching.query import matching_clause
from bucketdex.searching.query.clauses import EVERYTHING, Clause, any_of, counting
from bucketdex.searching.query.words import SHORT, ends_short
from bucketdex.searching.question import ALIASES, Kind
from bucketdex.searching.suggesting.told import Suggestion
from bucketdex.searching.suggesting.typing import Typing, completed
from bucketdex.searching.viewer import Viewer, ask_many

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

LOOKED_AT = 50  # keys, for the folders in them
MOST_FOLDERS = MOST_PACKAGES = 4
Searched = tuple[tuple[str, ...], dict[str, Any]]


def places(client: "OpenSearch", viewer: Viewer, typed: Typing, size: int) -> list[Suggestion]:
    """Return what the word may become: packages first, as there are few of them, then folders and objects."""
    word = typed.word.rstrip("*")
    of_objects = matching_clause(client, viewer, typed.rest, ("object",))
    of_packages = matching_clause(client, viewer, typed.rest, ("package",))
    searches = [
        _search("package", of_packages, _package(word), MOST_PACKAGES),
        _search("object", of_objects, _object(word), size),
    ]
    if len(word) > SHORT:
        searches.append(_search("object", of_objects, _folder(word), LOOKED_AT))
    packages, objects, *folders = ask_many(client, searches, viewer)
    return [
        *(_as_package(typed, it) for it in _sources(packages)),
        *(it for answer in folders for it in _as_folders(typed, word, _sources(answer))),
        *(_as_object(typed, it, "key") for it in _sources(objects)),
    ]


def packages(client: "OpenSearch", viewer: Viewer, typed: Typing, size: int) -> list[Suggestion]:
    """Return the packages that `package:` may be going to name: by handle, or by a part of it."""
    of_packages = matching_clause(client, viewer, typed.rest, ("package",))
    word = typed.word.rstrip("*")
    wanted = _package(word) if word else EVERYTHING
    [answer] = ask_many(client, [_search("package", of_packages, wanted, size)], viewer)
    return [_as_package(typed, it) for it in _sources(answer)]


def keys(client: "OpenSearch", viewer: Viewer, typed: Typing, size: int) -> list[Suggestion]:
    """Return what the value of `key:` or `name:` may become."""
    word = typed.word.rstrip("*")
    if "*" in word or not word:
        return []
    of_objects = matching_clause(client, viewer, typed.rest, ("object",))
    searches = [_search("object", of_objects, _object(word), size)]
    if typed.name == "key" and len(word) > SHORT:
        searches.append(_search("object", of_objects, _folder(word), LOOKED_AT))
    objects, *folders = ask_many(client, searches, viewer)
    found = [it for answer in folders for it in _as_folders(typed, word, _sources(answer))]
    return found + [_as_object(typed, it, typed.name or "key") for it in _sources(objects)]


def folders_of(key: str, word: str) -> Iterator[str]:
    """Return the folders of a key whose name, or path where there is a slash in the word, begins with the word."""
    path, word = "", word.lower()
    for name in key.split("/")[:-1]:
        path += f"{name}/"
        if (path if "/" in word else name).lower().startswith(word):
            yield path


def _search(kind: Kind, rest: Clause, wanted: Clause, size: int) -> Searched:
    body = {
        "query": {"bool": {"must": [wanted], "filter": [rest]}},
        "size": size,
        "track_total_hits": False,
        "_source": ["bucket", "key", "name", "handle"],
    }
    return (ALIASES[kind],), body


def _package(word: str) -> Clause:
    return any_of([_begins("handle", word, 3), _begins("name", word, 2), _begun("handle.text", word)])


def _object(word: str) -> Clause:
    if "/" in word:
        return any_of([counting({"prefix": {"key": word}}, 2), _words("key.text", word)])
    # The field is in small letters, and so is the word when it is asked for.
    begins = counting({"prefix": {"name": word}}, 2)
    return any_of([begins, _words("name.text", word)]) if len(word) > SHORT else begins  # else too much is called so


def _folder(word: str) -> Clause:
    if "/" in word:
        return counting({"prefix": {"key": word}}, 1)
    # A word of a key that is none of its name is that of a folder.
    return {"bool": {"must": [_words("key.text", word)], "must_not": [_words("name.text", word)]}}


def _begins(field: str, word: str, score: float) -> Clause:
    return counting({"prefix": {field: {"value": word, "case_insensitive": True}}}, score)


def _words(field: str, words: str) -> Clause:
    """The last of the words may go on, unless it is so short that it begins too many."""
    if ends_short(words):
        return counting({"match": {field: {"query": words, "operator": "and"}}}, 1)
    return _begun(field, words)


def _begun(field: str, words: str) -> Clause:
    return counting({"match_bool_prefix": {field: {"query": words, "operator": "and"}}}, 1)


def _sources(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [hit["_source"] for hit in answer["hits"]["hits"]]


def _as_package(typed: Typing, found: dict[str, Any]) -> Suggestion:
    handle, registry = found["handle"], found["bucket"]
    return Suggestion(handle, "package", completed(typed, "package", handle), registry, registry, handle=handle)


def _as_folders(typed: Typing, word: str, found: list[dict[str, Any]]) -> list[Suggestion]:
    """The folders that most of the keys are in. One of two may be in the other: either can be what is meant."""
    counts = Counter(path for it in found for path in folders_of(it["key"], word))
    buckets: dict[str, set[str]] = {}
    for it in found:
        for path in folders_of(it["key"], word):
            buckets.setdefault(path, set()).add(it["bucket"])
    return [
        Suggestion(
            path, "folder", completed(typed, "key", path), ", ".join(sorted(buckets[path])),
            bucket=next(iter(buckets[path])) if len(buckets[path]) == 1 else None, key=path,
        )
        for path, _ in counts.most_common(MOST_FOLDERS)
    ]  # fmt: skip


def _as_object(typed: Typing, found: dict[str, Any], qualifier: str) -> Suggestion:
    bucket, key = found["bucket"], found["key"]
    name = found.get("name") or key
    query = completed(typed, qualifier, name if qualifier == "name" else key)
    return Suggestion(name, "object", query, f"{bucket}/{key}", bucket, key)
