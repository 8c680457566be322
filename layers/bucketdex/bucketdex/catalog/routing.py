"""Which page an address is, and back: patterns of paths, which `links.py` makes addresses of.

A key keeps its slashes in a path, and all else that is not plain is percent-encoded. Browsers resolve parts that are
`.` or `..`, encoded or not, so what has such a part is left empty in the path and stands in the query instead.
"""

import re
from collections.abc import Iterable
from functools import cache
from urllib.parse import quote, unquote, urlencode

import msgspec

from bucketdex.http import Request

STATIC = "/static/{digest}/{name}"
SUGGEST = "/suggest"
HOME, SEARCH, STATUS, HELP, PACKAGES = "/", "/search", "/status", "/help", "/packages"
BUCKET, FOLDER = "/b/{bucket}", "/b/{bucket}/tree/{prefix...}"
OBJECT = "/b/{bucket}/object/{key...}"
RAW, DOWNLOAD = "/raw/{bucket}/{key...}", "/download/{bucket}/{key...}"
PACKAGE = "/p/{registry}/{author}/{name}"
DIFF = f"{PACKAGE}/diff"
REVISION = f"{PACKAGE}/{{top_hash}}"
REVISION_FOLDER = f"{REVISION}/tree/{{path...}}"

# The first that matches: the module of `pages` that answers.
ROUTES: tuple[tuple[str, str], ...] = (
    (HOME, "home"),
    (SEARCH, "search"),
    (SUGGEST, "suggest"),
    (STATUS, "status"),
    (HELP, "help"),
    (STATIC, "static"),
    (BUCKET, "bucket"),
    (FOLDER, "folder"),
    (OBJECT, "object"),
    (RAW, "raw"),
    (DOWNLOAD, "download"),
    (PACKAGES, "packages"),
    (PACKAGE, "package"),
    (DIFF, "diff"),
    (REVISION, "revision"),
    (REVISION_FOLDER, "revision"),
)
NAME = re.compile(r"\{(\w+)(\.\.\.)?\}")
DOTS = frozenset({".", ".."})


class Found(msgspec.Struct, frozen=True):
    """The module of a page, and the named parts of its address, decoded."""

    page: str
    parts: dict[str, str]


def found(request: Request) -> Found | None:
    """Return the page that a request is for."""
    for pattern, page in ROUTES:
        if (parts := matched(pattern, request)) is not None:
            return Found(page, parts)
    return None


def matched(pattern: str, request: Request) -> dict[str, str] | None:
    """Return the named parts of an address of this pattern; None if it is not one."""
    match = _expression(pattern).fullmatch(request.path)
    if match is None:
        return None
    parts = {name: unquote(raw) if raw else request.one(name) for name, raw in match.groupdict().items()}
    return parts if all(parts[name] for name in _needed(pattern)) else None


def address(pattern: str, query: Iterable[tuple[str, str]] = (), **parts: str) -> str:
    """Return the address of a pattern with these parts; what the path cannot hold goes into the query."""
    aside: list[tuple[str, str]] = []

    def put(name: re.Match[str]) -> str:
        value = parts[name[1]]
        if not DOTS.isdisjoint(value.split("/")) or (not name[2] and value == ""):
            aside.append((name[1], value))
            return ""
        return quote(value, safe="/" if name[2] else "", errors="replace")

    path = NAME.sub(put, pattern)
    return with_query(path, [*aside, *query])


def with_query(path: str, query: Iterable[tuple[str, str]]) -> str:
    """Return an address with what is asked of it, after what is asked already."""
    asked = urlencode([*query], quote_via=quote, safe="/:,@", errors="replace")
    return f"{path}{'&' if '?' in path else '?'}{asked}" if asked else path


@cache
def _needed(pattern: str) -> tuple[str, ...]:
    """Return the names of what cannot be empty: one part of a path, which what has slashes can be."""
    return tuple(name for name, rest in NAME.findall(pattern) if not rest)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    pieces = NAME.split(pattern)  # text, name, dots, text, ...
    parts = [re.escape(pieces[0])]
    for name, dots, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        parts += [f"(?P<{name}>{'.*' if dots else '[^/]*'})", re.escape(text)]
    return re.compile("".join(parts), re.DOTALL)
