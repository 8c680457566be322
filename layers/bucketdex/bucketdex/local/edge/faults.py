"""Faults on demand: the emulated S3 refuses a request, breaks off or is slow, so that tests meet what moto never does.

POST a list to `/_bucketdex/faults`; it takes the place of the one before, and an empty one ends all faults:

    [{"method": "GET", "path": "/bucket/key", "status": 403, "code": "AccessDenied", "times": 1}]

`path` is the decoded one and must be equal. `times` may be left out for a fault that stays. A fault is about the object
itself unless it names another part of it, `"part": "tagging"`, and about requests of any range unless it is limited to
those with a Range header, `"ranged": true`. What happens is one or more of

`"status"` and `"code"`   the request is refused so
`"cut": N`                the answer's body breaks off after N bytes, though it promised all of them
`"seconds": S`            the answer comes, or is refused or broken off, S seconds late
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import msgspec

type Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PARTS = frozenset({"acl", "attributes", "legal-hold", "restore", "retention", "tagging", "uploadId", "uploads"})
REASONS = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 503: "Slow Down"}


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong with which request, and how often (None: always)."""

    method: str
    path: str
    status: int | None = None
    code: str | None = None
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    part: str | None = None
    ranged: bool = False
    cut: Annotated[int, msgspec.Meta(ge=0)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        if (self.status is None) != (self.code is None):
            raise ValueError("status and code go together")
        if self.status is not None and self.cut is not None:
            raise ValueError("what is refused is not broken off")
        if self.status is None and self.cut is None and not self.seconds:
            raise ValueError("nothing happens: give status and code, cut or seconds")

    def is_about(self, method: str, path: str, part: str | None, ranged: bool) -> bool:
        """Tell whether a request meets this fault."""
        return (method, path, part) == (self.method, self.path, self.part) and (ranged or not self.ranged)


class Faults:
    """The faults that are to happen, in front of an application. Costs nothing while there are none."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def set(self, faults: list[Fault]) -> tuple[Fault, ...]:
        """Let these faults happen and no others."""
        with self._lock:
            self._faults = list(faults)
        return self.left

    @property
    def left(self) -> tuple[Fault, ...]:
        """The faults that have yet to happen."""
        return tuple(self._faults)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request, or do what its fault says."""
        fault = self._next(environ) if self._faults else None
        if fault is None:
            return self._application(environ, start_response)
        time.sleep(fault.seconds)
        if fault.status is None:
            body = self._application(environ, start_response)
            return body if fault.cut is None else beginning(body, fault.cut)
        document = b"" if fault.method == "HEAD" else error_document(fault).encode()
        headers = [
            ("Content-Type", "application/xml"),
            ("x-amz-request-id", "FAULT"),
            ("Content-Length", str(len(document))),
        ]
        start_response(f"{fault.status} {REASONS.get(fault.status, 'Fault')}", headers)
        return [document]

    def _next(self, environ: dict[str, Any]) -> Fault | None:
        """Return the fault that a request meets, and count it."""
        path, part = decoded_path(environ), part_of(environ)
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.is_about(environ["REQUEST_METHOD"], path, part, is_ranged(environ)):
                    if fault.times is not None:
                        left = [msgspec.structs.replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                        self._faults[position : position + 1] = left
                    return fault
        return None


def decoded_path(environ: dict[str, Any]) -> str:
    """Return the path that a WSGI request asks for, as people write it."""
    return str(environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"))


def part_of(environ: dict[str, Any]) -> str | None:
    """Return which part of an object a WSGI request is about, None for the object itself."""
    query = environ.get("QUERY_STRING")
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)} & PARTS if query else ()
    return min(names, default=None)


def is_ranged(environ: dict[str, Any]) -> bool:
    """Tell whether a WSGI request has a Range header."""
    return "HTTP_RANGE" in environ


def beginning(body: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Yield the first bytes of a body; the server then closes the connection, as after every answer."""
    try:
        for piece in body:
            yield piece[:length]
            length -= len(piece)
            if length <= 0:
                return
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def error_document(fault: Fault) -> str:
    """Return the XML with which S3 refuses."""
    code, resource = escape(fault.code or ""), escape(fault.path)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{code}: asked for by a test</Message><Resource>{resource}</Resource>"
        "<RequestId>FAULT</RequestId><HostId>FAULT</HostId></Error>"
    )
