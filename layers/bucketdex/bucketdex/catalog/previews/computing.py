"""A bound on the time of computing: lexers and Markdown parsers are quadratic in some inputs.

`re` and Python's own loops look for signals, so an alarm ends them. Python takes signals in the main thread only, which
is where a function of Lambda runs; elsewhere only the bounds on the input hold.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

AGAIN_SECONDS = 0.1  # what is raised in a destructor is lost, so it is raised again


class OutOfTimeError(Exception):
    """What was computed took longer than it may."""


class _Alarm:
    armed = False
    installed = False


def _ring(_signal: int, _frame: FrameType | None) -> None:
    if _Alarm.armed:
        raise OutOfTimeError


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `OutOfTimeError` in the block after that much computing. For that alone: no reads, no locks.

    It is the processor's time that counts, so that a busy machine shows what an idle one does.
    """
    if threading.current_thread() is not threading.main_thread() or _Alarm.armed:
        yield
        return
    if not _Alarm.installed:
        signal.signal(signal.SIGVTALRM, _ring)  # for good: a late alarm must find it
        _Alarm.installed = True
    _Alarm.armed = True
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AGAIN_SECONDS)
        yield
    finally:
        _Alarm.armed = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
