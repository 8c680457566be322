"""A local stack that containers reach too, on the address of Docker's bridge."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bucketdex.local import stack
from bucketdex.local.stack import StackError

TEMPLATE = Path(__file__).parent / "stack_sample" / "template.yaml"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    stack.down(tmp_path / "home")


def test_with_a_bridge_containers_reach_both_servers(home, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_DOCKER_BRIDGE", "127.0.0.2")  # another address of this machine will do
    state = stack.up(home, TEMPLATE, bridge=True)
    environment = stack.environment(state, bridge=True)
    for name in ("AWS_ENDPOINT_URL", "BUCKETDEX_OPENSEARCH_URL"):
        assert environment[name].startswith("http://127.0.0.2:")
    for url in (environment["BUCKETDEX_OPENSEARCH_URL"], state.opensearch_url):
        assert json.load(urllib.request.urlopen(url, timeout=10))["version"]["distribution"] == "opensearch"
    for url in (environment["AWS_ENDPOINT_URL"], state.edge_url):
        assert json.load(urllib.request.urlopen(f"{url}/_bucketdex/id", timeout=10)) == {"id": state.edge_id}


def test_a_bridge_that_is_not_there_is_said(home, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_DOCKER_BRIDGE", "192.0.2.1")
    with pytest.raises(StackError, match=r"no container could reach this machine at 192\.0\.2\.1"):
        stack.up(home, TEMPLATE, bridge=True)
