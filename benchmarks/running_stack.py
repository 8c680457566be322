"""A local stack of the benchmarks' own, with a bucket connected to it, and what its processes spent."""

import contextlib
import http.client
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil

from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.buckets.connect import Edges, connect
from bucketdex.control import ControlTable
from bucketdex.local import stack
from bucketdex.local.aws import session
from bucketdex.local.state import log_file

BUCKET = "benchmark-bucket"
TIMES = re.compile(r'"(S3Time|OpenSearchTime)":\s*\[?([0-9.]+)')
REPORT = re.compile(r"REPORT RequestId: \S+ Duration: ([0-9.]+) ms")


@dataclass(frozen=True)
class RunningStack:
    """Clients of the stack; each caller in a thread of its own asks for a `searcher` of its own."""

    state: stack.State
    edges: Edges

    def s3(self) -> Any:
        """Return a new S3 client."""
        return session().client("s3", endpoint_url=self.state.edge_url)

    def searcher(self) -> "Searcher":
        """Return what asks the search API."""
        return Searcher(self.state.api_url)

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU that each process of the stack has spent so far; slots of a function are counted together."""
        spent: dict[str, float] = {}
        current = stack.status(Path(self.state.home)) or self.state
        for name, pid in {**current.processes, "supervisor (pollers)": current.supervisor}.items():
            with contextlib.suppress(psutil.Error):
                times = psutil.Process(pid).cpu_times()
                part = re.sub(r"[-/# ]?\d+$", "", name)
                spent[part] = spent.get(part, 0.0) + times.user + times.system
        return spent

    def function_log(self, name: str = "IndexObjects") -> str:
        """Return all that a function has printed so far."""
        return log_file(Path(self.state.home), name).read_text(errors="replace")


class Searcher:
    """Asks the search API over one connection."""

    def __init__(self, api_url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(api_url).netloc, timeout=30)

    def total(self, text: str) -> int:
        """Return how many objects of the bucket are found by the text."""
        self._connection.request("GET", f"/api/search?{urlencode({'q': text, 'bucket': BUCKET, 'size': 1})}")
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the search API answered {answer.status}: {body[:300]!r}")
        return int(json.loads(body)["total"])


@contextlib.contextmanager
def running() -> Iterator[RunningStack]:
    """Start a stack in a folder of its own, connect the bucket, and take all away in the end."""
    with tempfile.TemporaryDirectory(prefix="bucketdex-bench-") as folder:
        home = Path(folder) / "stack"
        state = stack.up(home, stack.find_template(Path(__file__).parent))
        try:
            edges = _edges(state)
            connect(BUCKET, edges, lambda: datetime.now(UTC))
            if not stack.settled(state, 60):
                raise RuntimeError("the stack did not settle after the bucket was connected")
            yield RunningStack(state, edges)
        finally:
            stack.down(home, purge=True)


def _edges(state: stack.State) -> Edges:
    given = stack.environment(state)
    aws = session()
    return Edges(
        s3=aws.client("s3", endpoint_url=state.edge_url),
        sqs=aws.client("sqs", endpoint_url=state.edge_url),
        opensearch=clients.opensearch(OpenSearchSettings(state.opensearch_url, "none")),
        control=ControlTable(aws.client("dynamodb", endpoint_url=state.edge_url), given["BUCKETDEX_CONTROL_TABLE"]),
        object_events_url=given["BUCKETDEX_OBJECT_EVENTS_URL"],
        bulk_events_url=given["BUCKETDEX_BULK_EVENTS_URL"],
    )
