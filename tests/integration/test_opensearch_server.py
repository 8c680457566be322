"""A real OpenSearch starts from the cache, keeps what it acknowledged, and leaves nothing running."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from bucketdex.local import guard, opensearch

ALSO = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
INDEX = {
    "settings": {"number_of_replicas": 0},
    "mappings": {"dynamic": "strict", "properties": {"text": {"type": "text", "analyzer": "thai"}}},
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    content = None if body is None else json.dumps(body)
    connection.request(method, path, content, {"Content-Type": "application/json"})
    return json.load(connection.getresponse())


def java_of(data: Path) -> list[int]:
    """Return the process ids of the servers that run on this data."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,stat=,args="], check=False, capture_output=True, text=True
    ).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()]
    mine = f"-Epath.data={data}/"
    return [int(row[0]) for row in rows if mine in row[2] and "java" in row[2].split()[0] and "Z" not in row[1]]


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server():
    """Return the assembled server, which nobody may write to: all stacks share it."""
    folder = opensearch.assemble()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    yield folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.fixture
def data(tmp_path):
    return tmp_path / "a folder with spaces"


def test_it_keeps_its_documents_over_kill_9_and_ends_with_who_started_it(server, data, tmp_path):
    port, log = free_port(), tmp_path / "log"
    url = f"http://127.0.0.1:{port}"
    first = guard.start(opensearch.command(server, data, port, ("127.0.0.1", ALSO)), log)
    opensearch.wait_until_usable(lambda: first.poll() is None, url, log=log)
    assert opensearch.health(url) == opensearch.health(f"http://{ALSO}:{port}") == "green"
    ask(port, "PUT", "/files", INDEX)
    assert ask(port, "PUT", "/files/_doc/1", {"text": "kept"})["result"] == "created"
    assert ask(port, "PUT", "/not-made/_doc/1", {"text": "x"})["status"] == 404  # nothing is made by the way

    (java,) = java_of(data)
    os.kill(java, signal.SIGKILL)
    assert first.wait(10) == 128 + signal.SIGKILL

    script = f"""
        import pathlib, time
        from bucketdex.local import guard, opensearch
        command = opensearch.command(pathlib.Path({str(server)!r}), pathlib.Path({str(data)!r}), {port})
        process = guard.start(command, pathlib.Path({str(log)!r}))
        time.sleep(1000)
    """
    starter = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    try:
        opensearch.wait_until_usable(lambda: starter.poll() is None, url, log=log)
        assert ask(port, "GET", "/files/_doc/1")["_source"] == {"text": "kept"}
        assert len(java_of(data)) == 1
    finally:
        starter.kill()
        starter.wait()
    wait_until(lambda: not java_of(data))
    assert opensearch.health(url) is None
    assert {path.name for path in data.iterdir()} == {"config", "indexes", "logs", "tmp"}


def test_a_server_that_ends_says_why(server, data, tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_OPENSEARCH_JAVA_OPTS", "-Xmx1k")  # comes last, and so wins
    log, port = tmp_path / "log", free_port()
    process = guard.start(opensearch.command(server, data, port), log)
    with pytest.raises(opensearch.OpenSearchError, match=r"(?s)ended by itself.*maximum heap size"):
        opensearch.wait_until_usable(lambda: process.poll() is None, f"http://127.0.0.1:{port}", log=log)
    assert process.wait(10) == 1


def test_a_server_that_is_not_usable_in_time_is_an_error(tmp_path):
    log = tmp_path / "log"
    log.write_text("the last words\n\tat some.Class\n")
    with pytest.raises(opensearch.OpenSearchError, match=r"(?s)not usable after 0 s.*the last words$"):
        opensearch.wait_until_usable(lambda: True, f"http://127.0.0.1:{free_port()}", timeout=0.2, log=log)
