"""Connections of the shortest way to S3, against what a server may send at any time."""

import contextlib
import socket
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from bucketdex.aws.quick_http import MOST_BODY_BYTES, Connections
from bucketdex.aws.quick_s3 import QuickS3
from bucketdex.errors import Transient
from bucketdex.registry.entry import Entry
from bucketdex.registry.fetching.install import fetch_all

END = b""  # the server hangs up


class Server:
    """Answers the requests of all connections with the next of its answers, each a piece or several with a pause."""

    def __init__(self, *answers: list[bytes]) -> None:
        self._left = list(answers)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            there, _ = self._socket.accept()
            self.connections += 1
            threading.Thread(target=self._serve, args=(there,), daemon=True).start()

    def _serve(self, there: socket.socket) -> None:
        with there, contextlib.suppress(OSError):
            while self._left and there.recv(65536):
                for piece in self._left.pop(0):
                    if piece == END:
                        return
                    there.sendall(piece)
                    time.sleep(0.05)


def plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def test_what_comes_after_an_answer_is_not_the_answer_to_the_next_request() -> None:
    server = Server([plain(b"first"), plain(b"evil")], [plain(b"second")])
    connections = Connections(URLLib3Session())
    first = connections.exchange(server.url, b"GET / HTTP/1.1\r\n\r\n")
    time.sleep(0.2)
    second = connections.exchange(server.url, b"GET / HTTP/1.1\r\n\r\n")
    assert first and second and (first.body, second.body) == (b"first", b"second")
    assert server.connections == 2


@pytest.mark.parametrize("length", [MOST_BODY_BYTES + 1, 10**14, 10**30])
def test_no_room_is_made_for_an_answer_that_is_longer_than_any_is(length: int) -> None:
    server = Server([b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\nok" % length])
    assert Connections(URLLib3Session()).exchange(server.url, b"GET / HTTP/1.1\r\n\r\n") is None


def test_boto3_is_asked_then_and_neither_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKETDEX_STATE", str(tmp_path / "state"))
    long = [b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\nok", END]
    server = Server([plain(b"first")], *[long] * 10)
    secret = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    config = Config(retries={"total_max_attempts": 1}, response_checksum_validation="when_required")
    s3: Any = QuickS3(boto3.client("s3", endpoint_url=server.url, config=config, **secret), Credentials("a", "b"))
    assert s3.read("bucket", "a") == b"first"
    with pytest.raises(Transient, match=r"the connection breaks while a \(s3://bucket/k\) is fetched"):
        fetch_all([("a", Entry("s3://bucket/k?versionId=v", 2, None))], tmp_path / "dest", s3=s3)
