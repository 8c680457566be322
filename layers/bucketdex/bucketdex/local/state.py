"""The folder of a local stack: who runs in it, where its parts answer, what they wrote into their logs."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bucketdex.local.deployment import Deployment

STATE_FILE, LOCK_FILE, LOGS, OPENSEARCH_DATA = "state.json", "supervisor.lock", "logs", "opensearch"

LOCK_ATTEMPTS = 10  # within a fifth of a second: who only asks for the holder has the lock for an instant too


class StackError(Exception):
    """The local stack could not do what was asked; the message says why and what to do."""


class State(msgspec.Struct, frozen=True):
    """What the supervisor tells about its stack. `phase` is starting, ready, stopped or failed."""

    phase: str
    home: str
    template: str
    started: float  # Unix time
    supervisor: int  # process id
    processes: dict[str, int]  # name (opensearch, edge, a function's slot): process id
    edge_url: str = ""
    edge_id: str = ""  # another id means that the emulator's memory, and so every bucket, is gone
    opensearch_url: str = ""
    api_url: str = ""
    bridge: str = ""  # address by which a container reaches edge and OpenSearch on the same ports, if asked for
    deployment: Deployment | None = None
    notes: tuple[str, ...] = ()  # what the user should know about this start
    problem: str = ""  # why it failed or stopped by itself


def default_home(template: Path) -> Path:
    """Return the folder of the stack: `$BUCKETDEX_HOME`, or `.bucketdex` beside the template."""
    home = os.environ.get("BUCKETDEX_HOME")
    return Path(home).absolute() if home else template.absolute().parent / ".bucketdex"


def log_file(home: Path, name: str) -> Path:
    """Return where the part `name` (supervisor, opensearch, edge, http, a function's logical id) writes its log."""
    return home / LOGS / f"{name}.log"


def set_logs_aside(home: Path) -> None:
    """Make room for the logs of a new run; those of the one before are kept in `logs/previous`."""
    previous = home / LOGS / "previous"
    remove(previous)
    previous.mkdir(parents=True)
    for log in (home / LOGS).glob("*.log"):
        log.rename(previous / log.name)


def last_lines(log: Path, count: int = 20) -> list[str]:
    """Return the end of a log."""
    try:
        return log.read_text(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def is_ours(home: Path) -> bool:
    """Tell whether a stack runs, or ran, in this folder."""
    return (home / LOCK_FILE).is_file() or read(home) is not None


def check(home: Path) -> None:
    """Make sure that this can be the folder of a stack; raises `StackError` where somebody else has files in it."""
    if home.exists() and not home.is_dir():
        raise StackError(f"{home} is no folder")
    if home.exists() and any(home.iterdir()) and not is_ours(home):
        raise StackError(f"{home} is not empty, and no stack ever ran there: name another folder in BUCKETDEX_HOME")


def remove(path: Path) -> None:
    """Remove a file, or a folder with all in it, that may be absent; raises `StackError`."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StackError(f"{error.filename or path} cannot be removed: {error.strerror}") from error


def purge(home: Path) -> list[str]:
    """Remove what stacks left in their folder, and the folder if that is all; return the names of what else is there.

    Raises `StackError` where no stack ever ran, or one runs.
    """
    if not home.exists():
        return []
    if not is_ours(home):
        raise StackError(f"no stack ever ran in {home}: nothing of it is removed")
    with locked(home) as ours:
        if not ours:
            raise StackError(f"a stack runs in {home}: nothing of it is removed")
        # The marks by which the folder is known as ours come last, so that this can be done again after a failure.
        for path in (home / LOGS, home / OPENSEARCH_DATA, *home.glob(f"{STATE_FILE}.*"), home / STATE_FILE):
            remove(path)
        others = sorted(path.name for path in home.iterdir() if path.name != LOCK_FILE)
        remove(home / LOCK_FILE)
    if not others:
        try:
            home.rmdir()
        except OSError as error:
            raise StackError(f"{home} cannot be removed: {error.strerror}") from error
    return others


def read(home: Path) -> State | None:
    """Return what was last written about the stack of `home`, which may have ended since."""
    try:
        return msgspec.json.decode((home / STATE_FILE).read_bytes(), type=State)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, msgspec.DecodeError):  # another version's
        return None


def write(home: Path, state: State) -> None:
    """Write the state so that a reader sees the old or the new one, never half."""
    draft = home / f"{STATE_FILE}.{os.getpid()}"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(state), indent=2))
    draft.replace(home / STATE_FILE)


@contextlib.contextmanager
def locked(home: Path) -> Iterator[bool]:
    """Hold the folder for this process; yields False when another one has it. The lock ends with its process."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK_FILE).open("a+") as lock:
        for attempt in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.02 * (attempt + 1 < LOCK_ATTEMPTS))
        else:
            yield False
            return
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield True


def holder(home: Path) -> int | None:
    """Return the process id of the supervisor that holds the folder, or None."""
    with contextlib.suppress(FileNotFoundError), (home / LOCK_FILE).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0)  # 0 for an instant, until it has written its number
    return None
