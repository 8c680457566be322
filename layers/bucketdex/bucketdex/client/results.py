"""What a search found: hits that are fetched page by page as they are looked at, and what is made of all of them."""

from collections.abc import Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any, overload

from bucketdex.client.asking import MOST_HITS, Question, page_fields
from bucketdex.client.connection import Connection
from bucketdex.client.hits import Hit, Page, found_by

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from bucketdex.client.facets import Facets


class Results:
    """The hits of a search, the best first.

    Nothing is asked before it is needed. The first page is asked for as the index is; who goes beyond it gets all pages
    as of one moment, each asked for once and then kept. So they can be gone through again, and what is indexed
    meanwhile shifts none of them. Several threads may look at them.
    """

    def __init__(self, stack: Connection, question: Question) -> None:
        self.question = question
        self._stack = stack
        self._hits: list[Hit] = []
        self._last: Page | None = None  # that was fetched
        self._of_one_moment = False
        self._lock = RLock()

    def __getstate__(self) -> dict[str, Any]:
        """Return what can be pickled, or copied: all but the lock."""
        return {name: it for name, it in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=RLock())

    @property
    def total(self) -> int:
        """How many documents match."""
        return self._known().total

    @property
    def totals(self) -> dict[str, int]:
        """How many documents of each kind match."""
        return dict(self._known().totals)

    @property
    def did_you_mean(self) -> str | None:
        """Another query that may have been meant, where this one finds nothing."""
        return self._known().did_you_mean

    def __len__(self) -> int:
        """Return how many there are; of two documents of one object one is shown, so all of them may be fewer."""
        with self._lock:
            page = self._known()
            return page.total if page.cursor else len(self._hits)

    def __bool__(self) -> bool:
        return len(self) > 0

    def __iter__(self) -> Iterator[Hit]:
        with self._lock:
            self._hold()
        return self._walk()

    def __reversed__(self) -> Iterator[Hit]:
        """From the last one on, for which all are fetched: they may be fewer than `len` tells before."""
        return reversed(self[:])

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> list[Hit]: ...
    def __getitem__(self, place: int | slice) -> Hit | list[Hit]:
        """Return a hit, or a list of them; from the end, all are fetched."""
        ends = (place.start, place.stop) if isinstance(place, slice) else (place, place + 1 if place != -1 else None)
        step = (place.step or 1) if isinstance(place, slice) else 1
        backwards = step < 0 or ends[1] is None or any(end is not None and end < 0 for end in ends)
        with self._lock:  # another thread may begin anew, with fewer
            self._fetch(None if backwards else ends[1])
            return self._hits[place]

    def facets(self) -> "Facets":
        """Return how all that was found is distributed: over buckets, kinds, extensions, sizes, dates and more."""
        from bucketdex.client.facets import facets  # noqa: PLC0415, where they are asked for

        return facets(self._stack, self.question)

    def to_pandas(self, limit: int | None = None) -> "pandas.DataFrame":
        """Return the hits, or the best of them, as a DataFrame: see `docs/python-search.md` for its columns."""
        from bucketdex.client.tables import to_pandas  # noqa: PLC0415

        return to_pandas(self._as_far_as(limit), self.question.kinds)

    def to_arrow(self, limit: int | None = None) -> "pyarrow.Table":
        """Return the hits, or the best of them, as a table of Apache Arrow."""
        from bucketdex.client.tables import to_arrow  # noqa: PLC0415

        return to_arrow(self._as_far_as(limit), self.question.kinds)

    def __str__(self) -> str:
        from bucketdex.client.showing import as_text  # noqa: PLC0415

        with self._lock:
            return as_text(self._known(), self._hits)

    def __repr__(self) -> str:
        return f"<search for {self.question.text!r}: {len(self):,} found>"

    def _repr_html_(self) -> str:
        from bucketdex.client.showing import as_html  # noqa: PLC0415

        with self._lock:
            return as_html(self._known(), self._hits)

    def _as_far_as(self, limit: int | None) -> list[Hit]:
        with self._lock:
            self._fetch(limit)
            return self._hits[:limit]

    def _walk(self) -> Iterator[Hit]:
        at = 0
        while hit := self[at : at + 1]:
            yield from hit
            at += 1

    def _fetch(self, count: int | None) -> None:
        """Have so many hits, as far as there are so many, or all. Whoever asks has the lock."""
        if count is None or (self._known() and count > len(self._hits)):
            self._hold()
        while (page := self._known()).cursor and (count is None or len(self._hits) < count):
            self._append(self._page(page.cursor))

    def _known(self) -> Page:
        """Return the page that was fetched last; the first, if there was none."""
        with self._lock:
            if self._last is None:
                self._append(self._page())
            assert self._last  # noqa: S101, for mypy
            return self._last

    def _hold(self) -> None:
        """Begin anew with pages of one moment, unless the first page is all there is."""
        if self._of_one_moment or (self._last and not self._last.cursor):
            return
        page = self._page(snapshot=True)
        self._hits, self._last, self._of_one_moment = found_by(self._stack, page.hits), page, True

    def _append(self, page: Page) -> None:
        self._hits += found_by(self._stack, page.hits)
        self._last = page

    def _page(self, cursor: str | None = None, *, snapshot: bool = False) -> Page:
        fields = page_fields(self.question, MOST_HITS, cursor, snapshot=snapshot or cursor is not None)
        return self._stack.decoded(Page, "/api/search", fields)
