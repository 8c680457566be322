"""The two servers of a local stack, OpenSearch and the emulated AWS: guarded, usable once started, startable again."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bucketdex.local import guard, opensearch
from bucketdex.local.aws import LOOPBACK
from bucketdex.local.processes import child_of
from bucketdex.local.state import OPENSEARCH_DATA, StackError, last_lines, log_file

EDGE_LIMIT = 60  # seconds until the emulated AWS answers; far above the usual 2
# What the next start throws away need not be closed with care: seconds from SIGTERM to SIGKILL.
STOP_LIMIT = 1.0
EDGE_ENVIRONMENT = {"VALIDATE_LAMBDA_S3": "false"}  # the code of functions is not in its S3


class Server:
    """A server process under a guard. `usable` waits until it can be used, given a way to ask whether it is alive."""

    def __init__(
        self,
        name: str,
        url: str,
        command: list[str],
        log: Path,
        usable: Callable[[Callable[[], bool]], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self._command = command
        self._log = log
        self._usable = usable
        self._environment = environment
        self._lock = threading.Lock()
        self._guard: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def start(self) -> None:
        """Start the process and wait until it can be used."""
        with self._lock:
            if self._stopped:
                raise StackError(f"{self.name} was stopped")
            process = self._guard = guard.start(self._command, self._log, self._environment, limit=STOP_LIMIT)
        self._usable(lambda: process.poll() is None)

    def stop(self) -> None:
        """End the process for good, and wait for that."""
        with self._lock:
            self._stopped = True
        if self._guard:
            guard.stop(self._guard)

    def wait(self) -> int:
        """Wait until the process ends and return its exit code (128 + the signal's number where one ended it)."""
        return self._guard.wait() if self._guard else 0

    def pids(self) -> dict[str, int]:
        """Return the processes of the server and of its guard."""
        if self._guard is None or self._guard.poll() is not None:
            return {}
        return {self.name: child_of(self._guard.pid), f"{self.name}-guard": self._guard.pid}


def opensearch_server(home: Path, bridge: str = "") -> Server:
    """Return the OpenSearch of a stack, on a free port, with its data in the stack's folder.

    It answers on the loopback address, and where a `bridge` is given on that address too.
    """
    port, log = free_port(bridge), log_file(home, "opensearch")
    url = f"http://{LOOPBACK}:{port}"
    addresses = (LOOPBACK, bridge) if bridge else (LOOPBACK,)
    command = opensearch.command(opensearch.assemble(), home / OPENSEARCH_DATA, port, addresses)
    return Server(
        "opensearch", url, command, log, lambda is_alive: opensearch.wait_until_usable(is_alive, url, log=log)
    )


def edge_server(home: Path, bridge: str = "") -> Server:
    """Return the emulated AWS of a stack, on a free port, with the addresses of `opensearch_server`."""
    port, log = free_port(bridge), log_file(home, "edge")
    url = f"http://{LOOPBACK}:{port}"
    command = [sys.executable, "-m", "bucketdex.local.edge", "--host", LOOPBACK, "--port", str(port)]
    command += ["--bind", f"{bridge}:{port}"] if bridge else []
    return Server(
        "edge", url, command, log, lambda is_alive: _wait_for_edge(is_alive, url, log), os.environ | EDGE_ENVIRONMENT
    )


def edge_id(url: str) -> str | None:
    """Return the id of the emulated AWS, which is another one each time it starts; None when nobody answers."""
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    with contextlib.closing(client), contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        client.request("GET", "/_bucketdex/id")
        return str(json.load(client.getresponse())["id"])
    return None


def free_port(bridge: str = "") -> int:
    """Return a port that nobody listens on, on the loopback address and if need be on the bridge's."""
    with socket.create_server((LOOPBACK, 0)) as server:
        port = int(server.getsockname()[1])
    if bridge:
        try:
            socket.create_server((bridge, port)).close()
        except OSError as error:
            raise StackError(
                f"no container could reach this machine at {bridge}: {error.strerror}; is Docker there?"
            ) from error
    return port


def _wait_for_edge(is_alive: Callable[[], bool], url: str, log: Path) -> None:
    deadline = time.monotonic() + EDGE_LIMIT
    while is_alive() and time.monotonic() < deadline:
        if edge_id(url):
            return
        time.sleep(0.05)
    problem = f"did not answer within {EDGE_LIMIT} s" if is_alive() else "ended by itself"
    raise StackError("\n".join([f"the emulated AWS {problem}; the end of {log}:", *last_lines(log)]))
