"""Run a command that never outlives who started it: `python -m bucketdex.local.guard [--limit SECONDS] COMMAND...`.

The guard holds its standard input. When that ends, because whoever holds the other end closed it or died (of `kill -9`
too), or on SIGTERM, SIGINT or SIGHUP, it ends the command's process group. When the command ends by itself, so does the
guard, with the command's exit code.
"""

import argparse
import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

STOP_LIMIT = 20  # seconds from SIGTERM to SIGKILL; OpenSearch needs one or two, a function at most what it has in hand
PR_SET_PDEATHSIG = 1
ASKED_TO_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def start(
    command: list[str], log: Path, env: Mapping[str, str] | None = None, limit: float = STOP_LIMIT
) -> subprocess.Popen[bytes]:
    """Start `command` under a guard, its output appended to `log`, and return the guard's process.

    The command lives as long as the returned process' `stdin` is open: close it (or just die) and the command's whole
    group gets SIGTERM, and SIGKILL after `limit` seconds. `terminate()` does the same. The guard's exit code is the
    command's. `env` is the whole environment, as in `subprocess.Popen`; without it, the caller's. Guard and command
    are in a session of their own, so a Ctrl-C in the terminal reaches the caller alone.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", __spec__.name, "--limit", str(limit), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> int:
    """Close the stdin of what `start` returned, wait until the command and its guard are gone, return the exit code."""
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    return process.wait()


def guard(command: list[str], limit: float = STOP_LIMIT) -> int:
    """Run `command` to its end, or to ours; return its exit code (128 + the signal's number where one ended it)."""
    wakeup, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled)
    for number in (signal.SIGCHLD, *ASKED_TO_STOP):
        signal.signal(number, lambda *_: None)  # a handler, so that the number is written to the pipe
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 (safe here: the guard has one thread)
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be started: {error}\n")
        return 127
    _wait_for_an_end(child.pid, wakeup)
    if not _has_ended(child.pid):
        _signal_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + limit
        while not _has_ended(child.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
    _signal_group(child.pid, signal.SIGKILL)  # the command, or what it left behind
    code = child.wait()
    return 128 - code if code < 0 else code


def _wait_for_an_end(child: int, wakeup: int) -> None:
    """Return once the child has ended, our standard input has, or a signal asks us to stop."""
    with selectors.SelectSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(wakeup, selectors.EVENT_READ)
        while not _has_ended(child):
            for key, _ in selector.select():
                received = os.read(key.fd, 4096)
                if not received if key.fd == 0 else set(received) & set(ASKED_TO_STOP):
                    return


def _has_ended(child: int) -> bool:
    """Tell whether the child has ended, without reaping it: until then nobody else can get the number of its group."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _signal_group(group: int, number: signal.Signals) -> None:
    # macOS answers EPERM, Linux nothing, where only a zombie is left in the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _die_with_parent() -> Callable[[], None] | None:
    """Return what makes the system kill the child when even the guard is killed, or None where it cannot (macOS)."""
    if sys.platform != "linux":
        return None
    libc, guard_id = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard_id:  # killed before we could ask
            os._exit(1)

    return ask


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m bucketdex.local.guard", description=__doc__.partition("\n")[0])
    arguments.add_argument("--limit", type=float, default=STOP_LIMIT, help="seconds from SIGTERM to SIGKILL")
    arguments.add_argument("command", nargs=argparse.REMAINDER)
    given = arguments.parse_args()
    sys.exit(guard(given.command, given.limit) if given.command else arguments.error("which command?"))
