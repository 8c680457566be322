"""S3 as one small server that keeps what is put, in a process of its own: for clients that write and read objects.

    python -m benchmarks.object_store

It prints its port, and ends when its standard input does. It knows PUT, GET, HEAD and the first page of a
listing, and answers with the headers that S3 sends.
"""

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"x-amz-id-2: 9n1kZbY3mC0eUqYv7w5mS0aGm0m2m1sNq0b1mYc3l9w5nJ3o8D3s1mQf7a0yRkWc4vH8uT2xE6g=\r\n"
    b"x-amz-request-id: 7T2XK9W4C1QZ8B5M\r\n"
    b"Date: Mon, 24 Nov 2025 10:00:00 GMT\r\n"
    b'ETag: "8f14e45fceea167a5a36dedd4bea2543"\r\n'
    b"x-amz-checksum-type: FULL_OBJECT\r\n"
    b"x-amz-server-side-encryption: AES256\r\n"
    b"x-amz-version-id: UtzkAN8FP4irtroeN9bfYP1yKzX7ko3G\r\n"
    b"Server: AmazonS3\r\n"
)
OF_OBJECT = (
    b"Last-Modified: Mon, 24 Nov 2025 09:59:58 GMT\r\nAccept-Ranges: bytes\r\nContent-Type: binary/octet-stream\r\n"
)
GONE = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>none</Message></Error>'


class _Connection(asyncio.Protocol):
    objects: dict[bytes, tuple[bytes, bytes]] = {}  # path -> body, checksum # noqa: RUF012, one for the process

    def __init__(self) -> None:
        self._received = b""
        self._continued = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = int(_header(head, b"content-length") or 0)
            if len(self._received) < end + 4 + length:
                if not self._continued and b"100-continue" in head:
                    self._continued = True
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body = self._received[end + 4 : end + 4 + length]
            self._received, self._continued = self._received[end + 4 + length :], False
            self._transport.write(self._answer(head, body))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        method, target, _ = head.split(b" ", 2)
        path, _, query = target.partition(b"?")
        if method == b"PUT":
            checksum = _header(head, b"x-amz-checksum-sha256")
            self.objects[path] = (body, checksum)
            told = b"x-amz-checksum-sha256: " + checksum + b"\r\n" if checksum else b""
            return HEAD + told + b"Content-Length: 0\r\n\r\n"
        if b"list-type" in query:
            listing = self._listing(path.rstrip(b"/") + b"/", query)
            return HEAD + b"Content-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(listing) + listing
        found = self.objects.get(path)
        if found is None:
            start = HEAD.replace(b"200 OK", b"404 Not Found") + b"Content-Type: application/xml\r\n"
            return start + b"Content-Length: %d\r\n\r\n" % len(GONE) + (GONE if method == b"GET" else b"")
        start = HEAD + OF_OBJECT + b"Content-Length: %d\r\n\r\n" % len(found[0])
        return start + found[0] if method == b"GET" else start

    def _listing(self, bucket: bytes, query: bytes) -> bytes:
        """Return the first page of a listing."""
        prefix = parse_qs(query).get(b"prefix", [b""])[0]
        keys = (unquote_to_bytes(path).removeprefix(bucket) for path in self.objects)
        found = sorted(key for key in keys if key.startswith(prefix))[:1000]
        contents = b"".join(
            b"<Contents><Key>%s</Key><Size>1</Size><LastModified>2025-11-24T09:59:58Z</LastModified></Contents>" % it
            for it in found
        )
        head = b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult><IsTruncated>false</IsTruncated>'
        return head + contents + b"</ListBucketResult>"


def _header(head: bytes, name: bytes) -> bytes:
    start = head.lower().find(b"\r\n" + name + b":")
    return head[start + len(name) + 3 :].split(b"\r\n", 1)[0].strip() if start >= 0 else b""


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    await ended.wait()
    server.close()


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run the server and yield its URL."""
    command = [sys.executable, "-m", __spec__.name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
