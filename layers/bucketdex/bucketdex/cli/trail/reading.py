"""Reads log files one after the other, each whole or not at all, and keeps account of them."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import msgspec

from bucketdex.changes.outcome import Tally
from bucketdex.cli.trail.files import LogFile, encodable
from bucketdex.cli.trail.journal import Journal
from bucketdex.errors import Permanent

AHEAD = 8  # files that are fetched while one is read: most of a trail's are small, and waited for
AHEAD_BYTES = 4 * 1024 * 1024  # larger ones are read as they come

type Open = Callable[[LogFile], Iterator[bytes]]
type Reader = Callable[[LogFile, Iterable[bytes], Tally], object]  # reads a file, and counts what there was by name
type Watch = Callable[[int, int, int], object]  # is told how many files, bytes and records are done


class Failed(msgspec.Struct, frozen=True):
    """A file that could not be read, or only `in_part`, and why."""

    file: str
    problem: str
    in_part: bool = False


class Account(msgspec.Struct):
    """What has been read: numbers of files and bytes, what was in them and in those that failed, and what failed."""

    files: int = 0
    bytes: int = 0
    tally: Tally = msgspec.field(default_factory=Tally)
    failed: list[Failed] = []


def read_all(
    files: Iterable[LogFile],
    opened: Open,
    reader: Reader,
    journal: Journal,
    account: Account,
    watch: Watch,
    complain: Callable[[Failed], object],
) -> None:
    """Read the files, each noted when it is done; `account` is kept up to date, whatever ends this.

    A file that cannot be read (`Permanent`) is complained of, and left for another time, however many there are: they
    would be in the way of the others each time. Raises whatever else `reader` does.
    """
    with closing(_ahead(files, opened)) as ready:
        for file, pieces in ready:
            before = account.tally.counts["TrailRecords"]
            try:
                reader(file, _watched(pieces, account, watch), account.tally)
            except Permanent as error:
                in_part = account.tally.counts["TrailRecords"] > before
                account.failed.append(Failed(file.shown, encodable(str(error)), in_part))
                complain(account.failed[-1])
                continue
            journal.note(file)
            account.files += 1
            account.bytes += file.size
            _tell(account, account.bytes, watch)


def _watched(pieces: Iterable[bytes], account: Account, watch: Watch) -> Iterator[bytes]:
    done = account.bytes
    for piece in pieces:
        yield piece
        done += len(piece)
        _tell(account, done, watch)


def _tell(account: Account, done: int, watch: Watch) -> None:
    watch(account.files, done, account.tally.counts["TrailRecords"])


def _ahead(files: Iterable[LogFile], opened: Open) -> Generator[tuple[LogFile, Iterable[bytes]]]:
    """Yield each file with its pieces, of which those of small ones are there already."""
    waiting: deque[tuple[LogFile, Future[list[bytes]] | None]] = deque()
    threads = ThreadPoolExecutor(AHEAD, thread_name_prefix="ahead")
    try:
        for file in files:
            small = file.size <= AHEAD_BYTES
            waiting.append((file, threads.submit(lambda it: list(opened(it)), file) if small else None))
            if len(waiting) > AHEAD:
                yield _turn(waiting, opened)
        while waiting:
            yield _turn(waiting, opened)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _turn(waiting: deque[tuple[LogFile, Future[list[bytes]] | None]], opened: Open) -> tuple[LogFile, Iterable[bytes]]:
    file, fetched = waiting.popleft()
    return file, _pieces(file, fetched, opened)


def _pieces(file: LogFile, fetched: Future[list[bytes]] | None, opened: Open) -> Iterator[bytes]:
    yield from opened(file) if fetched is None else fetched.result()  # what is raised here is of this file
