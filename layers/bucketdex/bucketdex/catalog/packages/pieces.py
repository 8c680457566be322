"""What a package wants to be seen of it: its README, and the files that `quilt_summarize.json` names."""

import itertools
import posixpath
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from markupsafe import Markup

from bucketdex.catalog import links
from bucketdex.catalog.beside import Beside
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.markdown import Links, to_html
from bucketdex.catalog.packages.contents import Contents
from bucketdex.catalog.previews.bounds import DEADLINE_SECONDS, MARKDOWN_CHARACTERS
from bucketdex.catalog.previews.errors import CannotReadError
from bucketdex.catalog.previews.kinds import Image, Nothing, Preview
from bucketdex.catalog.previews.previewing import preview, text_of
from bucketdex.catalog.previews.sources import Metered, S3Source
from bucketdex.catalog.stored import origin_of
from bucketdex.catalog.summarize import Item, Summary, summarized
from bucketdex.manifest.layout import physical
from bucketdex.searching.details import EntryDetail, PackageDetail
from bucketdex.searching.viewer import Viewer

READMES = ("README.md", "readme.md", "Readme.md", "README.markdown")
SUMMARY = "quilt_summarize.json"
SECONDS = 8.0  # for the previews of a page, all in all
WEIGHT = 500_000  # characters of all previews: a load balancer passes 1 MB
LATE = "There was no time left for this preview: open the file to see it."
UNSEEN = "Its bytes are in no bucket that this catalog shows."
HEAVY = "This page would be too large with this preview: open the file to see it."


class Shown(msgspec.Struct, frozen=True):
    """A file of the summary, and how it looks."""

    item: Item
    title: str
    href: str
    description: Markup
    preview: Preview
    image: str = ""


class Problem(msgspec.Struct, frozen=True):
    """What of it cannot be shown, and the address of the file that tells more."""

    text: str
    href: str = ""


class Pieces(msgspec.Struct, frozen=True):
    """The README as HTML, the rows of the summary, what is wrong in that, and the origins of images."""

    readme: Markup | None = None
    readme_name: str = ""
    rows: tuple[tuple[Shown, ...], ...] = ()
    problems: tuple[Problem, ...] = ()
    origins: tuple[str, ...] = ()


class Making:
    """Makes the pieces of one revision, of objects in buckets that the viewer may see."""

    def __init__(self, edges: Edges, package: PackageDetail, contents: Contents, requests: Beside) -> None:
        self._s3, self._viewer = edges.s3, edges.viewer
        self._package, self._contents, self._requests = package, contents, requests
        self._documents = itertools.count()
        self._buckets: set[str] = set()  # of images that S3 may have to serve

    def pieces(self, clock: Callable[[], float] = time.monotonic) -> Pieces:
        """Return the pieces; raises `Transient`."""
        found = self._contents.named([*READMES, SUMMARY])
        readme = next((found[name] for name in READMES if name in found), None)
        asked = [self._requests.begin(self._text, it) for it in (readme, found.get(SUMMARY))]
        (text, unread), (summary, unsummed) = (it.result() for it in asked)
        told = summarized(summary) if summary else Summary()
        rows = tuple(
            row
            for row in (tuple(it for it in row if readme is None or it.path != readme.logical_key) for row in told.rows)
            if row
        )
        html = self._html(text) if text else None
        shown = self._rows(rows, clock, len(html or ""))
        return Pieces(
            html,
            readme.logical_key if readme else "",
            shown,
            (*(it for it in (unread, unsummed) if it), *map(Problem, told.problems)),
            tuple(origin_of(self._s3, it) for it in sorted(self._buckets)),
        )

    def _text(self, entry: EntryDetail | None) -> tuple[str, Problem | None]:
        """Return the text of a file, and what is to be said of it where that is not all."""
        if entry is None:
            return "", None
        name, where = entry.logical_key, readable(entry, self._viewer)
        if where is None:
            return "", Problem(f"{name} is not shown. {UNSEEN}")
        href = links.object(*where)
        try:
            text = text_of(self._s3, *where)
        except CannotReadError as error:
            return "", Problem(f"{name} is not shown: {error}.", href)
        if name != SUMMARY and len(text) > MARKDOWN_CHARACTERS:
            return text, Problem(f"Only the beginning of {name} is shown: the file is longer.", href)
        return text, None

    def _html(self, text: str, level: int = 3) -> Markup:
        document = self._document()
        return self._linked("", lambda links: to_html(text, links, level, document))

    def _document(self) -> str:
        """Return what tells the headings of a document from those of all others on this page: the README needs none."""
        number = next(self._documents)
        return f"{number}." if number else ""

    def _linked[T](self, folder: str, make: Callable[[Links], T]) -> T:
        """Return what is made of a file; which entries it links to is looked up at once, so it may be made twice."""
        targets: set[str] = set()

        def note(target: str, _image: bool) -> str | None:
            targets.add(target)
            return None

        made = make(note)
        if not targets:
            return made
        paths = {path for it in targets if (path := within(folder, it))}
        return make(self._links(folder, self._contents.named(sorted(paths)) if paths else {}))

    def _links(self, folder: str, found: dict[str, EntryDetail]) -> Links:
        package = self._package

        def link(target: str, image: bool) -> str | None:
            if where := physical(target):
                return links.object(*where) if where.bucket in self._viewer.buckets and not image else None
            path = within(folder, target)
            entry = found.get(path) if path else None
            place = readable(entry, self._viewer)
            if place:
                return self._image(*place) if image else links.object(*place)
            if image or path is None or entry is not None or not target.endswith("/"):
                return None
            return links.package_folder(package.registry, package.handle, package.top_hash, f"{path}/")

        return link

    def _image(self, bucket: str, key: str, version: str | None) -> str:
        """Return the address of an image of any size: what the catalog does not serve itself, S3 does."""
        self._buckets.add(bucket)
        return links.raw(bucket, key, version)

    def _rows(
        self, rows: Sequence[Sequence[Item]], clock: Callable[[], float], weight: int
    ) -> tuple[tuple[Shown, ...], ...]:
        wanted = list(dict.fromkeys(it.path for row in rows for it in row))
        entries = self._contents.named(wanted)
        until = clock() + SECONDS
        opened = {path: self._requests.begin(self._source, entries.get(path), clock) for path in wanted}
        made: list[tuple[Shown, ...]] = []
        for row in rows:
            shown: list[Shown] = []
            for item in row:
                entry = entries.get(item.path)
                found = self._preview(opened[item.path], item, until, clock)
                weight += (own := weight_of(found))
                if weight > WEIGHT:
                    found, weight = Nothing(reason=HEAVY), weight - own
                shown.append(self._shown(item, entry, found))
            made.append(tuple(shown))
        return tuple(made)

    def _source(self, entry: EntryDetail | None, clock: Callable[[], float]) -> S3Source | str:
        """Return a file that is opened, or why it is not."""
        if entry is None:
            return "The package has no such file."
        where = readable(entry, self._viewer)
        if where is None:
            return UNSEEN
        try:
            return S3Source(self._s3, *where, clock=clock)
        except CannotReadError as error:
            return f"There is no preview: {error}."

    def _preview(self, opened: Future[S3Source | str], item: Item, until: float, clock: Callable[[], float]) -> Preview:
        """Return a preview, made here and not beside: only the main thread can end one that takes too long."""
        try:
            source = opened.result(max(0.0, until - clock()))
        except TimeoutError:
            return Nothing(reason=LATE)
        if isinstance(source, str):
            return Nothing(reason=source)
        seconds = min(until - clock(), DEADLINE_SECONDS)
        if seconds <= 0:
            return Nothing(reason=LATE)
        source.allow(seconds)
        metered, document = Metered(source, seconds=seconds, clock=clock), self._document()

        def make(links: Links) -> Preview:
            return preview(metered, item.path, source.content_type, links=links, document=document)

        return self._linked(posixpath.dirname(item.path), make)

    def _shown(self, item: Item, entry: EntryDetail | None, found: Preview) -> Shown:
        where = readable(entry, self._viewer)
        image = ""
        if where and isinstance(found, Image):
            image = links.raw(*where) if found.small else self._image(*where)
        return Shown(
            item,
            item.title or item.path,
            links.object(*where) if where else "",
            self._html(item.description, 5) if item.description else Markup(),
            found,
            image,
        )


def readable(entry: EntryDetail | None, viewer: Viewer) -> tuple[str, str, str | None] | None:
    """Return where the bytes of an entry are, if those may be seen: a manifest can name any bucket."""
    where = entry.physical if entry else None
    return (where.bucket, where.key, where.version_id) if where and where.bucket in viewer.buckets else None


def within(folder: str, target: str) -> str | None:
    """Return the logical key that a relative link means, as it is written in a file of a folder."""
    parts = urlsplit(target)
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not path:
        return None
    found = posixpath.normpath(path.lstrip("/") if path.startswith("/") else posixpath.join(folder, path))
    return None if found.startswith("..") or found == "." else found


def weight_of(found: Preview) -> int:
    """Return about how many characters a preview has in a page."""

    def plain(value: Any) -> Any:
        return str(value)

    return len(msgspec.json.encode(found, enc_hook=plain))
