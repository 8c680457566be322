"""Parts of a machine that some tests need and not every machine has, and what is missing of them here.

A test names the part, `@requires("docker")`, and is skipped with the reason where it is missing. With
BUCKETDEX_REQUIRE_ALL in the environment, as in CI, it fails instead.
"""

import functools
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAM = ROOT / ".tools/sam/bin/sam"
BUILD = ROOT / ".aws-sam/build"
QUILT = ROOT / ".tools/quilt"  # a Python that holds the reference client of the package format
RUNTIME = ROOT / ".tools/runtime"  # a Python that holds what Lambda's runtime brings, and nothing of ours

ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")  # as Lambda names it
BASE_IMAGE = f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}"


def requires(part: str) -> pytest.MarkDecorator:
    """Mark a test, or by `pytestmark` a module, that cannot run without a part of PARTS."""
    assert part in PARTS, part
    return pytest.mark.requires(part)


def check(item: pytest.Item) -> None:
    """Skip or fail the test if a part that it requires is missing."""
    for mark in item.iter_markers("requires"):
        if reason := missing(mark.args[0]):
            if os.environ.get("BUCKETDEX_REQUIRE_ALL"):
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


def _sam() -> str | None:
    return None if SAM.exists() else "sam is not installed: make .tools/sam/.made"


def _quilt() -> str | None:
    return None if QUILT.exists() else "quilt3 is not installed: make .tools/quilt/.made"


def _build() -> str | None:
    return None if (BUILD / "template.yaml").exists() else "the functions are not built: make build"


def emulator() -> Path | None:
    """Return Lambda's Runtime Interface Emulator, as aws-sam-cli brings it."""
    emulators = ROOT.glob(".tools/sam/lib/python3.*/site-packages/samcli/local/rapid/aws-lambda-rie-*")
    return next((path for path in emulators if path.name.endswith(ARCHITECTURE)), None)


def _emulator() -> str | None:
    if platform.system() != "Linux":
        return "Lambda's runtime emulator is a Linux program"
    if not emulator():
        return _sam() or "aws-sam-cli brought no runtime emulator"
    return None if RUNTIME.exists() else "Lambda's runtime client is not installed: make .tools/runtime/.made"


def _docker() -> str | None:
    if not shutil.which("docker"):
        return "docker is not installed"
    if not _succeeds("docker", "version"):
        return "no Docker engine answers; on Debian, tests/e2e/lambda_base_image.sh installs and starts one"
    if not _succeeds("docker", "image", "inspect", BASE_IMAGE):
        return f"Docker has no {BASE_IMAGE}: pull it, or build it with tests/e2e/lambda_base_image.sh"
    return None


def _chromium() -> str | None:
    return None if shutil.which("chromium") else "chromium is not installed; on Debian, tests/e2e/chromium.sh does that"


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0


PARTS: dict[str, Callable[[], str | None]] = {
    "sam": _sam,
    "build": _build,
    "quilt": _quilt,
    "emulator": _emulator,
    "docker": _docker,
    "chromium": _chromium,
}


@functools.cache
def missing(part: str) -> str | None:
    """Return why a part cannot be used here, None if it can."""
    return PARTS[part]()
