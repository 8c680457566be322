"""What all unit tests share: they see no stack, neither one of this machine nor one that the shell points at."""

import os
from pathlib import Path

import pytest

from bucketdex.cli import here


@pytest.fixture(autouse=True)
def no_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if here.OF_A_STACK.fullmatch(name) or name.startswith("AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BUCKETDEX_HOME", str(tmp_path / "no-stack"))
