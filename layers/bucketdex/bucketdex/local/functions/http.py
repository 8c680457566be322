"""The load balancer of the local stack: the routes of the template on a port of this machine."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bucketdex.local.deployment import Deployment, FixedResponse
from bucketdex.local.functions.load_balancer import (
    BODY_LIMIT,
    BadAnswer,
    Request,
    Response,
    alb_event,
    response_of,
    route_for,
)
from bucketdex.local.functions.pool import FunctionError, FunctionPool

IDLE_TIMEOUT = 60  # seconds until a connection without a request is closed, as a load balancer does by default
TEXT = [("Content-Type", "text/plain; charset=utf-8")]
NO_ROUTE = Response(404, TEXT, b"No route of the template matches this path.\n")
NO_LENGTH = Response(411, TEXT, b"The request has no usable Content-Length.\n")
TOO_LARGE = Response(413, TEXT, b"A load balancer takes bodies of up to 1 MB.\n")
FAILED = Response(502, TEXT, b"The function failed; its log says why.\n")

log = logging.getLogger(__name__)


class LoadBalancer(ThreadingHTTPServer):
    """A server on a free port that answers each request with `respond`, in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, respond: Callable[[Request], Response], host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), _Exchange)
        self.respond = respond
        self.url = f"http://{host}:{self.server_port}"


def serve(deployment: Deployment, functions: Mapping[str, FunctionPool]) -> LoadBalancer:
    """Answer the routes until `shutdown`."""
    server = LoadBalancer(lambda request: answer(request, deployment, functions))
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


def answer(request: Request, deployment: Deployment, functions: Mapping[str, FunctionPool]) -> Response:
    """Return what the function behind the request's path says, the listener where there is none; 502 when it fails."""
    route = route_for(request.path, deployment.routes)
    if route is None:
        return fixed(deployment.default) if deployment.default else NO_ROUTE
    try:
        return response_of(functions[route.function].invoke(alb_event(request, route)), route)
    except (FunctionError, BadAnswer) as error:
        log.warning("%s %r: %s failed: %s", request.method, request.path, route.function, error)
        return FAILED


def fixed(told: FixedResponse) -> Response:
    """Return what a listener answers by itself."""
    content_type = told.content_type if "charset" in told.content_type else f"{told.content_type}; charset=utf-8"
    return Response(told.status, [("Content-Type", content_type)], told.body.encode())


class _Exchange(BaseHTTPRequestHandler):
    server: LoadBalancer
    protocol_version = "HTTP/1.1"
    server_version = "bucketdex"
    timeout = IDLE_TIMEOUT

    def exchange(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdecimal()):
            self.send(NO_LENGTH, close=True)
        elif int(length) > BODY_LIMIT:
            self.send(TOO_LARGE, close=True)
        else:
            self.send(self.server.respond(self.read_request(int(length))))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = exchange  # noqa: N815  as the base calls them

    def read_request(self, length: int) -> Request:
        path, _, query = self.path.partition("?")
        return Request(
            method=self.command,
            path=path,
            query=query,
            headers=self.headers.items(),
            body=self.rfile.read(length),
            client=str(self.client_address[0]),
            port=self.server.server_port,
            trace=f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
        )

    def send(self, response: Response, *, close: bool = False) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if close:
            self.send_header("Connection", "close")  # the body was not read
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        log.info("%s", (format % args).translate(self._control_char_table))  # type: ignore[attr-defined]
