"""Buckets of the emulated AWS as registries of packages, and a bucketdex that reaches them by its own clients."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bucketdex.aws import clients
from bucketdex.registry.storage.s3 import Bucket
from emulated import Aws

CLIENTS = (clients._session, clients.s3, clients.quick_s3, clients.transfer_s3)


@dataclass(frozen=True)
class Registries:
    """Makes buckets; `environment` is what a process needs to reach them."""

    s3: Any
    environment: dict[str, str]

    def bucket(self, *, versioned: bool = True) -> Bucket:
        """Make a bucket of its own."""
        name = f"registry-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=name)
        if versioned:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return Bucket(name, clients.transfer_s3())


def registries(aws: Aws, monkeypatch: pytest.MonkeyPatch, state: Path) -> Registries:
    """Let bucketdex reach the emulated AWS by its own clients, and keep its state in a folder of the test."""
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}", "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1", "BUCKETDEX_STATE": str(state),
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    return Registries(aws.client("s3"), environment)


def forget_clients() -> None:
    """Let clients be made anew, of the environment as it is then."""
    for made in CLIENTS:
        made.cache_clear()
