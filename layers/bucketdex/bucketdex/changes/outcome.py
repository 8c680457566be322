"""What became of a key, and what a batch cost: the same for every function that reads keys from a queue."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from bucketdex.changes.hint import Hint, ObjectName


class Outcome(msgspec.Struct, frozen=True):
    """What became of a key: `indexed`, `deleted`, `passed on`, `known`, `not connected`, or `failed` with the error.

    `known`: all that the trail told of it was indexed already. Of packages there is `settled`: the document was made
    anew since the message was sent. Of digests: see `digests/requests.py`; of log files: `trail/files.py`.
    """

    state: str
    error: BaseException | None = None
    note: str | None = None  # for the log


@dataclass
class Tally:
    """What a batch cost; seconds are of the wall clock. `counts` are further metrics by name."""

    conflicts: int = 0
    retries: int = 0
    s3_seconds: float = 0.0
    opensearch_seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)


Reconcile = Callable[[Iterable[Hint], Tally], dict[ObjectName, Outcome]]


class timed:  # noqa: N801, a context manager is used like a function
    """Adds the time that something takes to one of the tally's sums."""

    def __init__(self, tally: Tally, name: str) -> None:
        self._tally, self._name = tally, name

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        setattr(self._tally, self._name, getattr(self._tally, self._name) + time.perf_counter() - self._start)


class Map(Protocol):
    """What `map` of a thread pool does."""

    def __call__[A, B](self, function: Callable[[A], B], items: Iterable[A], /) -> Iterator[B]:
        """Yield the function's results in the order of the items."""
