"""The parent of the child process that reads Parquet, Excel and PDF: it hands out ranges and ends it in time."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path
from typing import BinaryIO, cast

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.errors import CannotReadError
from bucketdex.catalog.previews.images import PNG
from bucketdex.catalog.previews.kinds import Nothing, Page, Tables
from bucketdex.catalog.previews.reading.shutting import hide
from bucketdex.catalog.previews.reading.talk import (
    Failed,
    FromChild,
    Got,
    Job,
    Order,
    ReadPage,
    ReadTables,
    Wanted,
    receive,
    send,
)
from bucketdex.catalog.previews.sources import Metered

CHILD = Path(__file__).parent / "reading" / "child.py"
ROOT = str(Path(__file__).parents[3])  # of the package
# All that the child has of our environment: where Lambda's Python finds its libraries. No credentials.
PASSED = ("LD_LIBRARY_PATH",)
FIXED = {"OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
NAMES = {"parquet": "Parquet", "excel": "Excel", "pdf": "PDF"}


def read_in_child(job: Job, source: Metered) -> Tables | Page | Nothing:
    """Return the preview that a reader in a child process makes."""
    answer = _asked(job, source)
    if isinstance(answer, ReadTables):
        return Tables(tables=answer.tables, notes=answer.notes)
    if isinstance(answer, ReadPage):
        if not answer.png.startswith(PNG) or len(answer.png) > bounds.IMAGE_BYTES:
            return Nothing(reason="This PDF cannot be shown.")
        image = f"data:image/png;base64,{b64encode(answer.png).decode()}"
        pages = () if answer.pages == 1 else (f"The first of {answer.pages:,} pages is shown.",)
        return Page(image=image, width=answer.width, height=answer.height, pages=answer.pages, notes=pages)
    if answer.absent:
        return Nothing(reason=f"This installation has no reader for {NAMES[job]} ({answer.reason}).")
    return Nothing(reason=f"There is no preview of this {NAMES[job]} file: {answer.reason}.")


def _asked(job: Job, source: Metered) -> ReadTables | ReadPage | Failed:
    seconds = source.seconds_left
    if seconds <= 0:
        return Failed("no time was left to read it")
    paths = [ROOT, *(path for path in sys.path if path)]
    limits = (str(int(seconds) + 1), str(_memory()))
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(CHILD), json.dumps(paths), *limits]
    hide()  # the child has no credentials, but is of our user: it could read ours
    environment = FIXED | {name: os.environ[name] for name in PASSED if name in os.environ}
    try:
        child = subprocess.Popen(
            command,
            env=environment,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return Failed(f"its reader cannot be started ({error.strerror})", absent=True)
    # A killed child, with whatever it started, closes its pipes: nothing below waits for longer than this.
    timer = threading.Timer(seconds, _end, (child,))
    timer.daemon = True
    timer.start()
    try:
        return _conversation(job, source, cast("BinaryIO", child.stdin), cast("BinaryIO", child.stdout))
    except _BrokenOffError as broken:
        if broken.so_far is not None:
            return broken.so_far
        return Failed("reading it takes too long" if source.seconds_left <= 0 else "its reader gave up on it")
    finally:
        timer.cancel()
        _end(child)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            _close(cast("BinaryIO", pipe))


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.returncode is None:  # else its number may be another's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended; a Mac says so of a zombie
            os.killpg(child.pid, signal.SIGKILL)


def _memory() -> int:
    """Return the bytes that the child may take: in Lambda, what the function itself leaves of its memory."""
    told = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    left = int(told) * bounds.MB - bounds.OWN_MEMORY_BYTES if told.isdecimal() else bounds.CHILD_DATA_BYTES
    return max(bounds.CHILD_LEAST_BYTES, min(left, bounds.CHILD_DATA_BYTES))


class _BrokenOffError(Exception):
    def __init__(self, so_far: ReadTables | None) -> None:
        super().__init__()
        self.so_far = so_far


def _conversation(job: Job, source: Metered, to: BinaryIO, of: BinaryIO) -> ReadTables | ReadPage | Failed:
    so_far: ReadTables | None = None
    try:
        send(to, Order(job, source.size))
        while True:
            said: FromChild = receive(of, FromChild.__value__, bounds.RESULT_BYTES)
            if isinstance(said, Wanted):
                send(to, _got(source, said))
            elif isinstance(said, ReadTables) and said.more:
                so_far = said
            elif isinstance(said, Failed) and so_far is not None:
                return so_far
            else:
                return said
    except (OSError, EOFError, ValueError) as error:  # it was killed, or says what it must not
        raise _BrokenOffError(so_far) from error


def _got(source: Metered, wanted: Wanted) -> Got:
    try:
        return Got(source.read(wanted.offset, wanted.length))
    except CannotReadError as error:
        return Got(refused=str(error))


def _close(pipe: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # what was not sent to a child that is gone
        pipe.close()
