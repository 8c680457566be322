"""Faults on demand: the emulated S3 refuses a request as AWS would, so that tests meet what moto never does.

POST a list to `/_bucketdex/faults`; it takes the place of the one before, and an empty one ends all faults:

    [{"method": "GET", "path": "/bucket/key", "status": 403, "code": "AccessDenied", "times": 1}]

`path` is the decoded one and must be equal. `times` may be left out for a fault that stays. A fault is about the object
itself unless it names another part of it: `"part": "tagging"`.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Annotated, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import msgspec

type Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PARTS = frozenset({"acl", "attributes", "legal-hold", "restore", "retention", "tagging", "uploadId", "uploads"})
REASONS = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 503: "Slow Down"}


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a request is refused: which one, with which HTTP status and S3 error code, how often (None: always)."""

    method: str
    path: str
    status: int
    code: str
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    part: str | None = None

    def is_about(self, method: str, path: str, query: str) -> bool:
        """Tell whether a request is to be refused."""
        if method != self.method or path != self.path:
            return False
        parts = {name for name, _ in parse_qsl(query, keep_blank_values=True)} & PARTS
        return parts == ({self.part} if self.part else set())


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
        """Answer a WSGI request, or refuse it."""
        fault = self._next(environ) if self._faults else None
        if fault is None:
            return self._application(environ, start_response)
        body = b"" if fault.method == "HEAD" else error_document(fault).encode()
        headers = [
            ("Content-Type", "application/xml"),
            ("x-amz-request-id", "FAULT"),
            ("Content-Length", str(len(body))),
        ]
        start_response(f"{fault.status} {REASONS.get(fault.status, 'Fault')}", headers)
        return [body]

    def _next(self, environ: dict[str, Any]) -> Fault | None:
        """Return the fault that a request meets, and count it."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.is_about(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", "")):
                    if fault.times is not None:
                        left = msgspec.structs.replace(fault, times=fault.times - 1)
                        self._faults[position : position + 1] = [left] if left.times else []
                    return fault
        return None


def error_document(fault: Fault) -> str:
    """Return the XML with which S3 refuses."""
    code, resource = escape(fault.code), escape(fault.path)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{code}: asked for by a test</Message><Resource>{resource}</Resource>"
        "<RequestId>FAULT</RequestId><HostId>FAULT</HostId></Error>"
    )
