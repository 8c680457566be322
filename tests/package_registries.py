"""Buckets of the emulated AWS as registries of packages, and a bucketdex that reaches them by its own clients."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bucketdex.aws import clients
from bucketdex.registry.package import Package
from bucketdex.registry.storage.s3 import Bucket
from emulated import Aws

HANDLE = "lab/plates"
MIB = 1024 * 1024
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


def make_data(tmp_path: Path) -> Path:
    """Make a folder with small files, an empty one, names that are not ASCII, and two files that go by parts."""
    folder = tmp_path / "data"
    (folder / "ü b").mkdir(parents=True)
    for number in range(30):
        (folder / f"{number}.txt").write_text(f"file {number}")
    (folder / "ü b/日本+%.txt").write_text("names")
    (folder / "empty").write_bytes(b"")
    (folder / "large.bin").write_bytes(b"0123456789abcdef" * (9 * MIB // 16))
    (folder / "larger.bin").write_bytes(b"fedcba9876543210" * (17 * MIB // 16))
    return folder


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registries]:
    yield registries(aws, monkeypatch, tmp_path / "state")
    forget_clients()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    """Return what all files of a folder hold, by their paths in it."""
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def of(folder: Path) -> Package:
    """Return a package of all of a folder."""
    return Package().set_dir("/", folder)


def keys(s3: Any, bucket: str) -> list[str]:
    """Return the keys of every version of every object of the packages' data."""
    found = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    return [it["Key"] for page in found for it in page.get("Versions", []) if not it["Key"].startswith(".quilt/")]
