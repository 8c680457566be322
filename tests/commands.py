"""The command `bucketdex` as scripts run it, on a real local stack that a test module has for itself."""

import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.buckets.connect import Edges, connect
from bucketdex.control import ControlTable
from bucketdex.index.generations import ALIASES
from bucketdex.local import aws, stack
from bucketdex.local.stack import State

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
COMMAND = Path(sys.executable).with_name("bucketdex")


class Stack:
    """A running stack, the command, and clients."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.variables = stack.environment(state)
        self.env = {name: it for name, it in os.environ.items() if not name.startswith(("AWS_", "BUCKETDEX_"))}
        self.env |= {"BUCKETDEX_HOME": state.home, "COLUMNS": "200"}
        session, url = aws.session(), state.edge_url
        self.s3, self.sqs = session.client("s3", endpoint_url=url), session.client("sqs", endpoint_url=url)
        self.opensearch = clients.opensearch(OpenSearchSettings(state.opensearch_url, "none"))
        table = ControlTable(session.client("dynamodb", endpoint_url=url), self.variables["BUCKETDEX_CONTROL_TABLE"])
        self.edges = Edges(
            self.s3, self.sqs, self.opensearch, table,
            self.variables["BUCKETDEX_OBJECT_EVENTS_URL"], self.variables["BUCKETDEX_BULK_EVENTS_URL"],
        )  # fmt: skip

    def as_(self, name: str) -> Any:
        """Return a client of S3 as a user of this name."""
        return boto3.client(
            "s3",
            endpoint_url=self.state.edge_url,
            region_name=aws.REGION,
            aws_access_key_id=name,
            aws_secret_access_key=aws.KEY,
        )

    def run(self, *arguments: str, given: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        command = [COMMAND, *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, input=given, env=self.env | env, timeout=120
        )

    def json(self, *arguments: str, code: int = 0, given: str | None = None) -> list[dict[str, Any]]:
        done = self.run(*arguments, "--json", given=given)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def put(self, bucket: str, *keys: str, body: bytes = b"penguins", **more: Any) -> None:
        for key in keys:
            self.s3.put_object(Bucket=bucket, Key=key, Body=body, **more)

    def settle(self) -> None:
        """As `status --wait` does; that itself is tested too."""
        assert stack.settled(self.state, 90)
        self.opensearch.indices.refresh(index=list(ALIASES))

    def show(self, bucket: str, *keys: str, code: int = 0) -> list[dict[str, Any]]:
        return self.json("show", *(f"s3://{bucket}/{key}" for key in keys), code=code)

    def rules(self, bucket: str) -> dict[str, Any]:
        answer = self.s3.get_bucket_notification_configuration(Bucket=bucket)
        return {name: it for name, it in answer.items() if name != "ResponseMetadata"}

    def queue_arn(self) -> str:
        url = self.variables["BUCKETDEX_OBJECT_EVENTS_URL"]
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("cli")
    yield Stack(stack.up(home, TEMPLATE))
    stack.down(home, purge=True)


@pytest.fixture
def lab(it: Stack, request: pytest.FixtureRequest) -> str:
    """A connected bucket of the test's own."""
    name = f"lab-{zlib.crc32(request.node.name.encode())}"
    connect(name, it.edges, lambda: datetime.now(UTC))
    return name


def wait_for[T](question: Callable[[], T], seconds: float = 30) -> T:
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return answer
