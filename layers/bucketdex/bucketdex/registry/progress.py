"""How far a transfer has come, told a few times a second."""

import threading
import time
from collections.abc import Callable

import msgspec

TOLD_SECONDS = 0.1  # apart; a bar need not move more often


class Progress(msgspec.Struct, frozen=True):
    """`doing` is what is done (`upload`, `copy`, `hash`, `download`); of how many files and bytes how many are done."""

    doing: str
    files: int
    of_files: int
    bytes: int
    of_bytes: int


Watch = Callable[[Progress], object]  # called from any thread, one call at a time


def unwatched(_: Progress) -> None:
    """Watch nothing."""


class Meter:
    """Counts what is done of one step and tells who watches."""

    def __init__(self, watch: Watch, doing: str, files: int, total: int) -> None:
        self._watch, self._doing, self._of_files, self._of_bytes = watch, doing, files, total
        self._files = self._bytes = 0
        self._lock = threading.Lock()
        self._next = 0.0

    def add(self, size: int, files: int = 0) -> None:
        """Count bytes and files that are done."""
        with self._lock:
            self._files += files
            self._bytes += size
            now = time.monotonic()
            if now >= self._next or self._files == self._of_files:
                self._next = now + TOLD_SECONDS
                self._watch(Progress(self._doing, self._files, self._of_files, self._bytes, self._of_bytes))
