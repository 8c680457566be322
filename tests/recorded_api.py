"""A real HTTP server on this machine that answers as the API does: what it was told to, and it remembers the asking."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest


class Api(ThreadingHTTPServer):
    """Answers `told` of a path, one each, then `body` to all that is asked."""

    daemon_threads = True
    status, body = 200, "{}"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []  # path and query
        self.headers: list[dict[str, str]] = []
        self.told: dict[str, list[Any]] = {}  # path: what is answered, or (status, what) or (status, what, headers)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        waiting = self.told.get(path)
        if not waiting:
            return self.status, self.body.encode(), {}
        given = waiting.pop(0)
        status, told, *headers = given if isinstance(given, tuple) else (200, given)
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        return status, body, headers[0] if headers else {}

    def fields(self, number: int = -1) -> list[tuple[str, str]]:
        """Return the parameters of a request."""
        return parse_qsl(urlsplit(self.asked[number]).query, keep_blank_values=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open, as a load balancer's do

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.headers.append(dict(self.headers))
        status, body, headers = self.server.answer(urlsplit(self.path).path)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.delenv("BUCKETDEX_API_TOKEN", raising=False)
    with Api() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("BUCKETDEX_API_URL", server.url)
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # not for us
        yield server
        server.shutdown()
