"""S3, DynamoDB, SQS and OpenSearch as one small server with canned answers, in a process of its own.

    python -m benchmarks.stubs [--latency MILLISECONDS]

It prints its port, and ends when its standard input does. The answers have every header that the real services send, as
reading them is part of what a client costs.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

BUCKET, INDEX, TABLE = "benchmark-bucket", "bucketdex-objects-v1-1", "benchmark-control"
SENTENCE = b"Sample 042 was sequenced twice; counts are per gene, normalised by library size.\n"
BODY = (SENTENCE * 9)[:720]

S3_ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"x-amz-id-2: 9n1kZbY3mC0eUqYv7w5mS0aGm0m2m1sNq0b1mYc3l9w5nJ3o8D3s1mQf7a0yRkWc4vH8uT2xE6g=\r\n"
    b"x-amz-request-id: 7T2XK9W4C1QZ8B5M\r\n"
    b"Date: Mon, 24 Nov 2025 10:00:00 GMT\r\n"
    b"Last-Modified: Mon, 24 Nov 2025 09:59:58 GMT\r\n"
    b'ETag: "8f14e45fceea167a5a36dedd4bea2543"\r\n'
    b"x-amz-checksum-crc64nvme: AAAAAAAAAAA=\r\n"
    b"x-amz-checksum-type: FULL_OBJECT\r\n"
    b"x-amz-server-side-encryption: AES256\r\n"
    b"x-amz-version-id: UtzkAN8FP4irtroeN9bfYP1yKzX7ko3G\r\n"
    b"Accept-Ranges: bytes\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Length: %d\r\n"
    b"Server: AmazonS3\r\n\r\n" % len(BODY)
) + BODY

CONTROL = msgspec.json.encode({
    "Responses": {
        TABLE: [
            {
                "pk": {"S": "generations"}, "sk": {"S": "objects"},
                "generations": {"S": f'[{{"index":"{INDEX}","mapping":1,"read":true}}]'},
            },
            {
                "pk": {"S": "bucket"}, "sk": {"S": BUCKET},
                "added": {"S": "2025-11-24T00:00:00+00:00"}, "before": {"S": "{}"},
            },
        ]
    },
    "UnprocessedKeys": {},
})  # fmt: skip


def _json(body: bytes, *headers: bytes) -> bytes:
    head = [b"HTTP/1.1 200 OK", *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*head, b"", body])


def _aws(body: bytes) -> bytes:
    return _json(
        body,
        b"Server: Server",
        b"Date: Mon, 24 Nov 2025 10:00:00 GMT",
        b"Content-Type: application/x-amz-json-1.0",
        b"Connection: keep-alive",
        b"x-amzn-RequestId: 0RGMP0FKO5IDU0E1S0J5LJ7CDFVV4KQNSO5AEMVJF66Q9ASUAAJG",
        b"x-amz-crc32: %d" % zlib.crc32(body),
    )


def _opensearch(answer: Any) -> bytes:
    return _json(
        msgspec.json.encode(answer),
        b"X-OpenSearch-Version: OpenSearch/3.3.2 (opensearch)",
        b"content-type: application/json; charset=UTF-8",
    )


def _mget(body: bytes) -> bytes:
    """Answer that every other document exists, as the fields that outlive a change."""
    docs = msgspec.json.decode(body)["docs"]
    source = {
        "version_id": "an earlier one", "etag": "0f14e45fceea167a5a36dedd4bea2543",
        "checksums": [
            {"type": "CRC64NVME", "value": "AAAAAAAAAAA=", "origin": "s3", "scope": "FULL_OBJECT"},
            {"type": "SHA256", "value": "9f86d081884c7d659a2feaa0c55ad015" * 2, "origin": "computed"},
        ],
    }  # fmt: skip
    return _opensearch({
        "docs": [
            {"_index": doc["_index"], "_id": doc["_id"], "found": False}
            if number % 2
            else {
                "_index": doc["_index"], "_id": doc["_id"], "_version": 3, "_seq_no": 1000 + number,
                "_primary_term": 1, "found": True, "_source": source,
            }
            for number, doc in enumerate(docs)
        ]
    })  # fmt: skip


def _bulk(body: bytes) -> bytes:
    actions = body.split(b"\n")[:-1:2]
    return _opensearch(
        {
            "items": [
                {"create": {"status": 201}} if action.startswith(b'{"create"') else {"index": {"status": 200}}
                for action in actions
            ]
        }
    )


class _Connection(asyncio.Protocol):
    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            start = head.find(b"\r\ncontent-length:")
            length = int(head[start + 17 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            if len(self._received) < end + 4 + length:
                return
            target, body = self._received[:end], self._received[end + 4 : end + 4 + length]
            self._received = self._received[end + 4 + length :]
            self._answer(target, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /" + BUCKET.encode()):
            answer = S3_ANSWER
        elif head.startswith(b"POST /_mget"):
            answer = _mget(body)
        elif head.startswith(b"POST /_bulk"):
            answer = _bulk(body)
        else:
            answer = _aws(CONTROL)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def _serve(latency: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    await ended.wait()
    server.close()


@contextlib.contextmanager
def running(latency: float = 0.0) -> Iterator[str]:
    """Run the server and yield its URL; each answer is held back for `latency` milliseconds."""
    with subprocess.Popen(
        [sys.executable, "-m", __spec__.name, "--latency", str(latency)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the stub server has no pipes")
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--latency", type=float, default=0.0, help="milliseconds")
    asyncio.run(_serve(arguments.parse_args().latency / 1000))
