"""One HTTP request and its answer in 30 us, where `http.client` and urllib3 take 230: for thousands of small files.

Connections are opened by boto3's own HTTP session, so certificates, timeouts and addresses are its own. What is written
and read on them is only the plain case: a request with its length, an answer with its length. In every other case the
connection is dropped, and who asked is told to ask through boto3.
"""

import contextlib
import socket
import ssl
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import msgspec
from urllib3.util.wait import wait_for_read

PIECE_BYTES = 64 * 1024  # read at a time; most answers come in one
MOST_HEAD_BYTES = 64 * 1024  # of status line and headers
MOST_BODY_BYTES = 64 * 1024 * 1024  # of an answer that is held in memory; what is asked for here is shorter
MOST_IDLE = 64  # connections kept to a host


class Answer(msgspec.Struct, frozen=True):
    """What came back; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connections:
    """Connections to hosts, each lent to one thread at a time; `session` is botocore's."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._idle: dict[str, deque[socket.socket]] = {}

    def exchange(self, base: str, head: bytes, body: bytes = b"") -> Answer | None:
        """Send a request and return its answer, or None where that is not plain: then nothing is known of it.

        `base` is a URL of the host; `head` is all of the request before its body.
        """
        parts = urlsplit(base)
        origin = f"{parts.scheme}://{parts.netloc}"
        idle = self._idle.setdefault(origin, deque(maxlen=MOST_IDLE))
        while True:
            connection, reused = _unused(idle), True
            if connection is None:
                opened = self._open(origin)
                if opened is None:
                    return None
                connection, reused = opened, False
            try:
                connection.sendall(head + body if len(body) < PIECE_BYTES else head)
                if len(body) >= PIECE_BYTES:
                    connection.sendall(body)
                answer = _read(connection)
            except OSError:
                answer = None
                reused = False  # it may have arrived: that is for boto3 to find out
            except EOFError:  # nothing came: mostly S3 closed it while nobody used it
                answer = None
            if answer and answer.headers.get("connection", "").lower() != "close":
                idle.append(connection)
            else:
                connection.close()
            if answer or not reused:
                return answer

    def _open(self, origin: str) -> socket.socket | None:
        """Open a connection as botocore would; None through a proxy, or where its session is not the one we know."""
        session = self._session
        try:
            if session._proxy_config.proxy_url_for(origin):
                return None
            pool = session._manager.connection_from_url(origin)
            session._setup_ssl_cert(pool, origin, session._verify)
            made = pool._new_conn()
            patience = pool.timeout.read_timeout
        except AttributeError:
            return None
        try:
            made.connect()
            connection: socket.socket = made.sock
            made.sock = None  # else it closes when that object goes
            connection.settimeout(patience if isinstance(patience, int | float) else None)
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except Exception:  # noqa: BLE001, urllib3 has many; boto3 meets it again and says what it is
            return None
        return connection


def _unused(idle: deque[socket.socket]) -> socket.socket | None:
    """Take a connection on which nothing has come since its last answer; others are closed."""
    while True:
        try:
            connection = idle.pop()
        except IndexError:
            return None
        # Its end, or more of an answer: that would be taken for the next one. Of TLS some may be read already.
        if not wait_for_read(connection, 0) and not (isinstance(connection, ssl.SSLSocket) and connection.pending()):
            return connection
        connection.close()


def _read(connection: socket.socket) -> Answer | None:
    """Read an answer; raises `EOFError` where none begins."""
    received = connection.recv(PIECE_BYTES)
    if not received:
        raise EOFError
    while (end := received.find(b"\r\n\r\n")) < 0:
        more = connection.recv(PIECE_BYTES)
        if not more or len(received) > MOST_HEAD_BYTES:
            return None
        received += more
    head, body = received[:end], received[end + 4 :]
    try:
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ", 2)[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers["content-length"])
    except (ValueError, KeyError, IndexError):
        return None
    if not 200 <= status < 600 or "transfer-encoding" in headers or not len(body) <= length <= MOST_BODY_BYTES:
        return None
    whole = body if len(body) == length else _rest(connection, body, length)
    return None if whole is None else Answer(status, headers, whole)


def _rest(connection: socket.socket, begun: bytes, length: int) -> bytes | None:
    whole = bytearray(length)
    done = len(begun)
    whole[:done] = begun
    view = memoryview(whole)
    while done < length:
        read = connection.recv_into(view[done:])
        if not read:
            return None
        done += read
    return bytes(whole)
