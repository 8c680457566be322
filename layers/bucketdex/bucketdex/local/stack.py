"""The local stack as commands and tests use it: start and stop it, ask where it answers and what is under way.

>>> state = up(default_home(template), template)
>>> os.environ |= environment(state)
>>> settled(state, timeout=60)
True
>>> down(Path(state.home))
True
>>> purge(Path(state.home))
[]
"""

import collections
import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from rich.progress import Progress

from bucketdex.health.depths import QueueDepth
from bucketdex.local import opensearch, state
from bucketdex.local.aws import LOOPBACK, NO_PROFILES, aws_environment, bridge_address
from bucketdex.local.depths import queues, settled
from bucketdex.local.processes import END_LIMIT, kill_leftovers
from bucketdex.local.state import StackError, State, default_home, log_file, purge

__all__ = [
    "QueueDepth",
    "StackError",
    "State",
    "default_home",
    "down",
    "environment",
    "find_template",
    "log_file",
    "purge",
    "queues",
    "settled",
    "status",
    "up",
    "why_it_ended",
]

START_LIMIT = 180  # seconds until another's stack is ready; far above the usual 5-8
STOP_LIMIT = 40  # seconds until a supervisor that was asked to stop is killed
LOOK_AGAIN = 0.05  # seconds between two looks at what another process does
WORKERS = 2  # processes at a time for each event source
TEMPLATE = "template.yaml"
ANEW = "`bucketdex local down` (the emulated buckets are lost), then `bucketdex local up {}`"
NO_BRIDGE = f"the running stack does not answer containers; for one that does: {ANEW.format('--bridge')}"


def find_template(start: Path | None = None) -> Path:
    """Return the `template.yaml` of `start` (or here) or of the nearest folder above, else that of this checkout."""
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents, *Path(__file__).parents):
        if (folder / TEMPLATE).is_file():
            return folder / TEMPLATE
    raise StackError(f"there is no {TEMPLATE} in {here} or above it; name one")


def up(
    home: Path,
    template: Path,
    workers: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
    downloads: Progress | None = None,
    *,
    bridge: bool = False,
) -> State:
    """Return the running stack of `home`, started if there is none.

    Without `workers` it gets two at a time for each event source; one that runs keeps those that it has.
    `progress` is told in a sentence what happens; `downloads` shows what the first start fetches. With `bridge` the
    edge and OpenSearch answer on Docker's bridge address too. Raises StackError with the end of the log when it fails.
    """
    home, template = home.absolute(), template.absolute()
    state.check(home)
    running = _join(home)
    if running:
        _check(running, template, progress)
        if workers:
            others = ANEW.format(f"--workers {workers}")
            progress(f"It keeps the workers that it was started with; for others: {others}")
    else:
        try:
            opensearch.assemble(downloads)
        except opensearch.OpenSearchError as error:
            raise StackError(str(error)) from error
        supervisor, said = _start(home, template, workers or WORKERS, progress, bridge=bridge)
        running = _join(home)
        if running is None:
            after = state.read(home)
            problem = after.problem if after and after.supervisor == supervisor else ""
            raise StackError(problem or f"the stack did not start:\n{said}")
    if bridge and not running.bridge:
        raise StackError(NO_BRIDGE)
    return running


def down(home: Path, *, purge: bool = False) -> bool:
    """Stop the stack of `home` and wait until nothing of it is left; tell whether one ran. `purge` purges it."""
    home = home.absolute()
    asked, ran = 0, False
    supervisors: list[psutil.Process] = []
    deadline = time.monotonic() + STOP_LIMIT
    while (pid := state.holder(home)) is not None:
        ran = True
        late = time.monotonic() > deadline
        if pid and (pid != asked or late):
            with contextlib.suppress(psutil.NoSuchProcess):
                supervisors.append(psutil.Process(pid))
                supervisors[-1].send_signal(signal.SIGKILL if late else signal.SIGTERM)
            asked = pid
        time.sleep(LOOK_AGAIN)
    psutil.wait_procs(supervisors, timeout=END_LIMIT)  # they let go of the folder a moment before they are gone
    before = state.read(home)
    if before:
        kill_leftovers(before)
    if purge:
        state.purge(home)
    return ran


def status(home: Path) -> State | None:
    """Return the stack that runs in `home` (its `phase` tells whether it is ready), or None."""
    home = home.absolute()
    pid, current = state.holder(home), state.read(home)
    return current if current and current.supervisor == pid else None


def why_it_ended(home: Path) -> str:
    """Return why the last stack of `home` runs no more, where nobody asked it to stop; else nothing."""
    before = state.read(home.absolute())
    if before is None or before.phase == "stopped" or status(home):
        return ""
    return before.problem or f"its supervisor was killed; see {log_file(home, 'supervisor')}"


def environment(current: State, *, bridge: bool = False) -> dict[str, str]:
    """Return the variables that point AWS clients, and bucketdex itself, at the stack; with `bridge` from a container.

    Beside those of AWS they are what the template gives to its functions.
    """
    variables: dict[str, str] = {}
    for function in current.deployment.functions if current.deployment else ():
        variables |= {name: it for name, it in function.environment.items() if name.startswith("BUCKETDEX_")}
    variables |= {"BUCKETDEX_OPENSEARCH_URL": current.opensearch_url, "BUCKETDEX_OPENSEARCH_AUTH": "none"}
    variables |= {"BUCKETDEX_API_URL": current.api_url}
    variables = aws_environment(current.edge_url) | variables
    if bridge:
        if not current.bridge:
            raise StackError(NO_BRIDGE)
        return {name: it.replace(f"//{LOOPBACK}:", f"//{current.bridge}:") for name, it in variables.items()}
    return variables


def _join(home: Path) -> State | None:
    """Return the stack of whoever has the folder, once it is ready; None when nobody has it, or has it no more."""
    deadline = time.monotonic() + START_LIMIT
    while state.holder(home) is not None:
        current = status(home)
        if current and current.phase == "ready":
            return current
        if time.monotonic() > deadline:
            raise StackError(
                f"the stack in {home} is not ready after {START_LIMIT} s; see {log_file(home, 'supervisor')}"
            )
        time.sleep(LOOK_AGAIN)
    return None


def _check(running: State, template: Path, progress: Callable[[str], None]) -> None:
    """Make sure that a stack which runs already is the one that is meant."""
    if running.template != str(template):
        raise StackError(f"the stack in {running.home} was made of {running.template}; stop it, or use another folder")
    progress(f"The stack in {running.home} runs already.")
    if template.stat().st_mtime > running.started:
        progress(f"{template.name} was changed since it was started: stop it and start it again to see that.")


def _start(
    home: Path, template: Path, workers: int, progress: Callable[[str], None], *, bridge: bool
) -> tuple[int, str]:
    """Start a supervisor and pass on what it says until it is ready, or ends; return its id and the last it said."""
    command = [sys.executable, "-m", "bucketdex.local.supervisor", "--home", str(home), "--template", str(template)]
    command += ["--workers", str(workers), *(["--bridge", bridge_address()] if bridge else [])]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    home.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command,
        cwd=home,
        env=inherited | NO_PROFILES,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C in the terminal is not for a stack that runs in the background
        text=True,
    )
    # It outlives this function, and mostly this process; if not, someone has to take its exit code.
    threading.Thread(target=process.wait, name="supervisor", daemon=True).start()
    said: collections.deque[str] = collections.deque(maxlen=20)
    try:
        with process.stdout or io.StringIO() as lines:
            for line in lines:
                said.append(line.rstrip())
                progress(said[-1])
    except BaseException:  # Ctrl-C: no half of a stack is left behind
        process.terminate()
        process.wait(STOP_LIMIT)
        raise
    return process.pid, "\n".join(said)
