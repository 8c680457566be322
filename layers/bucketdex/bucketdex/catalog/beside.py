"""Several requests of one page at once, as none of them has to wait for another.

What one of them cannot tell is left out of the page, which says so.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from bucketdex.errors import Fault

log = logging.getLogger(__name__)
AT_ONCE = 8


class Beside:
    """Requests that are under way; `missing` says what could not be told."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self.missing: list[str] = []

    def begin[**P, T](self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> Future[T]:
        """Begin a request; `Future.result` raises what it raises."""
        return self._pool.submit(work, *args, **options)

    def told[T](self, asked: Future[T]) -> T | None:
        """Return what was asked for; None where it cannot be told, which is noted."""
        try:
            return asked.result()
        except Fault as fault:
            log.warning("a part of a page cannot be told: %s", fault)
            if (said := fault.for_asker) not in self.missing:
                self.missing.append(said)
            return None


@contextmanager
def beside() -> Iterator[Beside]:
    """Do requests in threads; what nobody waits for any more at the end is not begun, or its answer is dropped."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield Beside(pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
