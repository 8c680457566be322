"""Processes that a stack left behind, or runs: found by their ids, and believed only with our command line."""

import contextlib

import psutil

from bucketdex.local.state import State

END_LIMIT = 10  # seconds for killed processes to be gone


def child_of(pid: int) -> int:
    """Return the process that a guard guards, or the guard itself where it has none (any more)."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(pid).children():
            return int(child.pid)
    return pid


def kill_leftovers(before: State) -> int:
    """Kill what is left of a stack whose supervisor is gone, and wait for that; return how many there were.

    A process id may be somebody else's by now: only a command line with the stack's folder or port is believed.
    """
    marks, ours = (f"{before.home}/", f"--port {before.edge_url.rpartition(':')[2]} "), []
    for pid in before.processes.values():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            command = " ".join([*process.cmdline(), ""])
            if any(mark in command for mark in marks):
                process.kill()
                ours.append(process)
    psutil.wait_procs(ours, timeout=END_LIMIT)
    return len(ours)
