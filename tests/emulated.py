"""Clients of the emulated AWS, and its faults on demand."""

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass(frozen=True)
class Aws:
    """The emulated AWS."""

    port: int

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(request_checksum_calculation="when_required", response_checksum_validation="when_required"),
        )

    def fail(self, *faults: dict[str, Any]) -> None:
        """From now on answer matching requests of S3 with these errors; with none, as usual."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/_bucketdex/faults", json.dumps(faults))
        assert connection.getresponse().status == 200

    def requests(self) -> list[dict[str, Any]]:
        """Return what was asked for since the counts began: method, path, answers, bytes, ..."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/_bucketdex/requests")
        answer: list[dict[str, Any]] = json.load(connection.getresponse())
        return answer
