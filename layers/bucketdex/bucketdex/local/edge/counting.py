"""How often the emulated AWS was asked for what, so that a test can tell what was read and what was not.

`GET /_bucketdex/requests` is a list, in the order of the first request of each kind:

    [{"method": "GET", "path": "/bucket/key", "part": null, "ranged": false, "answers": 2, "bytes": 2048}]

`path` is the decoded one; `part` is another part of an object than the object itself, as in `faults`; `ranged` are
requests with a Range header; `bytes` are those of the bodies that were sent, also where a fault broke one off.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from bucketdex.local.edge.faults import Application, decoded_path, is_ranged, part_of

MOST_KINDS = 100_000  # of which the oldest are forgotten, so that a stack can run for days


class Kind(NamedTuple):
    """What is asked for."""

    method: str
    path: str
    part: str | None
    ranged: bool


class Count(msgspec.Struct, frozen=True):
    """How many requests of a kind were answered, with how many bytes of body."""

    method: str
    path: str
    part: str | None
    ranged: bool
    answers: int
    bytes: int


class Requests:
    """The count of requests, in front of an application."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._counts: dict[Kind, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def counts(self) -> list[Count]:
        """Return what was counted since the last reset."""
        with self._lock:
            return [Count(*kind, *counted) for kind, counted in self._counts.items()]

    def reset(self) -> list[Count]:
        """Begin anew."""
        with self._lock:
            self._counts.clear()
        return []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request, and count it once its answer begins."""
        kind = Kind(environ["REQUEST_METHOD"], decoded_path(environ), part_of(environ), is_ranged(environ))
        body = self._application(environ, start_response)
        self._count(kind, answers=1)
        return Counted(body, lambda size: self._count(kind, size=size))

    def _count(self, kind: Kind, answers: int = 0, size: int = 0) -> None:
        with self._lock:
            counted = self._counts.get(kind, (0, 0))
            self._counts[kind] = (counted[0] + answers, counted[1] + size)
            if len(self._counts) > MOST_KINDS:
                del self._counts[next(iter(self._counts))]


class Counted:
    """The body of a WSGI answer, of which each piece is told before it is sent."""

    def __init__(self, body: Iterable[bytes], told: Callable[[int], None]) -> None:
        self._body, self._told = body, told

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            self._told(len(piece))
            yield piece

    def close(self) -> None:
        """Let go of the body, as WSGI wants it."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
