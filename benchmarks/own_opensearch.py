"""An OpenSearch of a benchmark's own, in a folder that is taken away in the end, or kept for the next run."""

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bucketdex.local import guard, opensearch

# For throughput, not for a quick start; see bucketdex/local/opensearch. With the serial collector OpenSearch takes
# garbage that is not collected yet for memory in use, and refuses what comes next.
JAVA = "-XX:TieredStopAtLevel=4 -XX:-UseSerialGC -XX:+UseG1GC -Xms{heap} -Xmx{heap}"
START_SECONDS = 300  # with a million documents in it, on a busy machine


@contextlib.contextmanager
def running(folder: Path | None = None, heap: str = "2g") -> Iterator[str]:
    """Run an OpenSearch whose data are in the folder, and yield its URL."""
    with contextlib.ExitStack() as stack:
        home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bucketdex-bench-")))
        home.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        before = os.environ.get("BUCKETDEX_OPENSEARCH_JAVA_OPTS")
        os.environ["BUCKETDEX_OPENSEARCH_JAVA_OPTS"] = before or JAVA.format(heap=heap)  # the command reads it from us
        command = opensearch.command(opensearch.assemble(), home / "data", port)
        if before is None:
            del os.environ["BUCKETDEX_OPENSEARCH_JAVA_OPTS"]
        log = home / "opensearch.log"
        process = guard.start(command, log)
        try:
            url = f"http://127.0.0.1:{port}"
            opensearch.wait_until_usable(lambda: process.poll() is None, url, START_SECONDS, log)
            yield url
        finally:
            guard.stop(process)
