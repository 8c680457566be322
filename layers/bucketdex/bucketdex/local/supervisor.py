"""The process behind a local stack: `python -m bucketdex.local.supervisor --home DIR --template FILE [--workers N]`.

It starts OpenSearch and the emulated AWS, creates the template's stack there, and runs functions, pollers and routes.
It prints what it does in a sentence each, closes its output when all is ready, and lives until SIGTERM or SIGINT.
"""

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from bucketdex.local import state
from bucketdex.local.aws import REGION, bridge_address, session
from bucketdex.local.opensearch import OpenSearchError
from bucketdex.local.processes import kill_leftovers
from bucketdex.local.servers import Server, edge_id, edge_server, opensearch_server
from bucketdex.local.state import StackError, State

if TYPE_CHECKING:
    from bucketdex.local.functions.application import Application

IN_USE = 3  # exit code: another supervisor has the folder
FOLDER_CHECK = 2.0  # seconds between looks whether the folder is still there
ENDS = (signal.SIGTERM, signal.SIGINT)
CLEAN_START = (
    "The emulator keeps its buckets in memory, so those of the run before are gone: starting clean, the index included."
)

log = logging.getLogger(__name__)


class StopRequested(BaseException):
    """A signal asks the supervisor to end; like KeyboardInterrupt it passes handlers of errors."""


class Supervisor:
    """One run of a stack, from the first process to the last."""

    def __init__(self, home: Path, template: Path, workers: int, bridge: str) -> None:
        self._home, self._template, self._workers, self._bridge = home, template, workers, bridge
        self._started = time.monotonic()
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._problem = ""
        self._servers: list[Server] = []
        self._application: Application | None = None
        self._lock = threading.Lock()  # of the state
        self._state = State("starting", str(home), str(template), time.time(), os.getpid(), {}, bridge=bridge)

    def run(self) -> int:
        """Run the stack until a signal or a failure ends it; return the exit code."""
        for number in ENDS:
            signal.signal(number, _request_stop)
        try:
            self._clean_up()
            self._start()
            while not self._ended.wait(FOLDER_CHECK):
                if not (self._home / state.LOCK_FILE).exists():  # nobody could find, and so stop, this stack any more
                    self._end(f"{self._home} was removed")
        except StopRequested:
            log.info("asked to stop")
        except (StackError, OpenSearchError) as error:
            self._problem = str(error)
        except Exception as error:
            log.exception("the supervisor failed")
            self._problem = f"{type(error).__name__}: {error}; see {state.log_file(self._home, 'supervisor')}"
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)  # from here on it goes to its end
        self._stop()
        return 1 if self._problem else 0

    def _clean_up(self) -> None:
        """Remove what a run before left: its processes if it was killed, and always its index."""
        before = state.read(self._home)
        self._publish()
        if before and before.phase in {"starting", "ready", "stopping"}:
            killed = kill_leftovers(before)
            self._note(
                f"The stack before this one was not stopped; {killed} of its processes were left, and are ended."
            )
        if before and before.deployment:
            self._note(CLEAN_START)
        state.remove(self._home / state.OPENSEARCH_DATA)

    def _start(self) -> None:
        self._say("Starting OpenSearch and the emulated AWS.")
        opensearch, edge = opensearch_server(self._home, self._bridge), edge_server(self._home, self._bridge)
        self._servers = [opensearch, edge]
        with ThreadPoolExecutor(2, "start") as threads:
            starts = {server: threads.submit(server.start) for server in self._servers}
            try:
                application = self._create(opensearch, edge, starts[edge].result)
                self._say("Waiting for OpenSearch.")
                starts[opensearch].result()
            except BaseException:
                for server in self._servers:  # else leaving the block would wait for those that are still starting
                    server.stop()
                raise
        api_url = application.start()
        self._watch(opensearch, self._restart)
        self._watch(edge, self._fail)
        self._publish(phase="ready", api_url=api_url)
        self._say(f"Ready after {time.monotonic() - self._started:.1f} s.")
        _close_output()

    def _create(self, opensearch: Server, edge: Server, wait_for_edge: Callable[[], object]) -> "Application":
        """Create the template's stack and its functions' first processes, while OpenSearch still starts."""
        # Boto and the translator take a second to import, in which the servers are starting already.
        from bucketdex.local.deployment.deploy import deploy  # noqa: PLC0415
        from bucketdex.local.deployment.template import translate  # noqa: PLC0415
        from bucketdex.local.functions.application import Application  # noqa: PLC0415

        translated = translate(self._template, REGION)
        wait_for_edge()
        self._publish(edge_url=edge.url, edge_id=edge_id(edge.url) or "", opensearch_url=opensearch.url)
        self._say(f"Creating the stack of {self._template.name}.")
        deployment = deploy(session(), edge.url, opensearch.url, translated)
        self._publish(deployment=deployment)
        self._application = Application(deployment, edge.url, self._home, self._workers, self._watch_slot)
        self._application.warm()
        return self._application

    def _stop(self) -> None:
        self._stopping.set()
        self._publish(phase="stopping", problem=self._problem)
        if self._application:
            self._application.stop()
        with ThreadPoolExecutor(2, "stop") as threads:
            for server in self._servers:
                threads.submit(server.stop)
        self._publish(phase="failed" if self._problem else "stopped", processes={})
        log.info("stopped%s", f": {self._problem}" if self._problem else "")

    def _watch(self, server: Server, goes_on: Callable[[Server, int], bool]) -> None:
        def watch() -> None:
            while True:
                code = server.wait()
                if self._stopping.is_set() or not goes_on(server, code):
                    return

        threading.Thread(target=watch, name=server.name, daemon=True).start()

    def _restart(self, server: Server, code: int) -> bool:
        self._note(f"{server.name} ended with exit code {code} at {time.ctime()}; it is started again on its data.")
        try:
            server.start()
        except (StackError, OpenSearchError) as error:
            if not self._stopping.is_set():
                self._end(f"{server.name} ended with exit code {code} and did not start again: {error}")
            return False
        self._publish()
        self._say(f"{server.name} answers again.")
        return True

    def _fail(self, server: Server, code: int) -> bool:
        self._end(f"{server.name} ended with exit code {code}, and with it all buckets and queues; `up` starts clean")
        return False

    def _end(self, problem: str) -> None:
        self._problem = problem
        self._ended.set()

    def _watch_slot(self, name: str, pid: int | None) -> None:
        with self._lock:
            others = {it: number for it, number in self._state.processes.items() if it != name}
            self._write(processes=others | ({name: pid} if pid else {}))

    def _publish(self, **changes: Any) -> None:
        servers = {name: pid for server in self._servers for name, pid in server.pids().items()}
        with self._lock:
            self._write(**({"processes": self._state.processes | servers} | changes))

    def _note(self, text: str) -> None:
        with self._lock:
            self._write(notes=(*self._state.notes, text))
        self._say(text)

    def _write(self, **changes: Any) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)
        try:
            state.write(self._home, self._state)
        except OSError as error:  # someone removed the folder; the stack can still be stopped
            log.warning("the state cannot be written: %s", error)

    def _say(self, text: str) -> None:
        log.info("%.2f s: %s", time.monotonic() - self._started, text)
        with contextlib.suppress(OSError):  # whoever started us is gone
            print(text, flush=True)  # noqa: T201


def _request_stop(*_: object) -> NoReturn:
    raise StopRequested


def _close_output() -> None:
    """Let go of the output, so that whoever reads it knows that we are ready; what is printed later is lost."""
    with Path(os.devnull).open("w") as nothing:
        for number in (1, 2):
            os.dup2(nothing.fileno(), number)


def main() -> int:
    """Read the command line and supervise."""
    parser = argparse.ArgumentParser(
        prog="python -m bucketdex.local.supervisor", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--home", type=Path, required=True, help="folder of the stack")
    parser.add_argument("--template", type=Path, required=True, help="the SAM template")
    parser.add_argument("--workers", type=int, default=2, help="invocations at a time of each event source (default 2)")
    parser.add_argument(
        "--bridge", nargs="?", const=bridge_address(), default="", metavar="ADDRESS", help="answer containers too"
    )
    given = parser.parse_args()
    try:
        return supervise(given.home.absolute(), given.template.absolute(), given.workers, given.bridge)
    except StackError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def supervise(home: Path, template: Path, workers: int, bridge: str) -> int:
    """Run a stack in the folder, unless another one does; return the exit code."""
    state.check(home)
    with state.locked(home) as ours:
        if not ours:
            print(f"another supervisor has {home}", file=sys.stderr)  # noqa: T201
            return IN_USE
        state.set_logs_aside(home)
        log_file = state.log_file(home, "supervisor")
        logging.basicConfig(filename=log_file, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        return Supervisor(home, template, workers, bridge).run()


if __name__ == "__main__":
    sys.exit(main())
