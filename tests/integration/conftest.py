"""A real OpenSearch and an emulated AWS for all integration tests that need no whole stack, on data of their own."""

import contextlib
import socket
import sys
import time
import uuid
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.control import ControlTable
from bucketdex.local import guard, opensearch
from emulated import Aws, free_port


@pytest.fixture(scope="session")
def opensearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("opensearch")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = guard.start(opensearch.command(opensearch.assemble(), folder / "data", port), folder / "opensearch.log")
    opensearch.wait_until_usable(lambda: process.poll() is None, url, 120)
    yield url
    guard.stop(process)


@pytest.fixture(scope="session")
def index(opensearch_url: str) -> OpenSearch:
    return clients.opensearch(OpenSearchSettings(opensearch_url, "none"))


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    port = free_port()
    log = tmp_path_factory.mktemp("edge") / "edge.log"
    command = [sys.executable, "-m", "bucketdex.local.edge", "--host", "127.0.0.1", "--port", str(port)]
    process = guard.start(command, log)
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    yield Aws(port)
    guard.stop(process)


@pytest.fixture
def control(aws: Aws) -> ControlTable:
    """An empty control table of the test's own."""
    dynamodb, name = aws.client("dynamodb"), f"control-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return ControlTable(dynamodb, name)
