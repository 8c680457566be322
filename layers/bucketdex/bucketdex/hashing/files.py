"""Hashes of local files on all cores: `hashlib` lets the other threads run while it digests."""

import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import IO

from bucketdex.hashing.algorithms import CHUNKED, chunk_bytes, combined, digest_of
from bucketdex.hashing.streaming import Digested, digest, nothing, steps

PIECE_BYTES = 1024 * 1024  # read at a time: as fast as larger ones, and memory stays flat
STEP_BYTES = 4 * 1024 * 1024  # of one file that is read ahead
FILES_IN_A_TASK = 32  # small files that one task digests, so that handing out tasks costs nothing
SMALL_BYTES = 8 * 1024 * 1024  # files up to here are read at once; larger ones are split among the cores

Progress = Callable[[int], object]  # is told how many bytes more are done, from any thread


class ChangedError(OSError):
    """A file has another size now than when it was listed."""


def hash_file(path: str | Path, type_: str = CHUNKED, progress: Progress = nothing) -> str:
    """Return the hash of one file. Raises `OSError` where it cannot be read."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123, a third of the cost for many small files
        if os.fstat(file.fileno()).st_size <= SMALL_BYTES:
            data = file.readall()
            progress(len(data))
            return digest_of(type_, data)
        return hash_open(file, (type_,), progress).values[type_]


def hash_open(file: IO[bytes], types: Collection[str], progress: Progress = nothing) -> Digested:
    """Return the hashes of an open file, of all types in one pass.

    While one piece is digested the next ones are read, so the digest alone is what takes time. Raises `OSError` where
    it cannot be read, and `ChangedError` where its size changes meanwhile.
    """
    number = file.fileno()
    size = os.fstat(number).st_size
    cores = os.cpu_count() or 1
    ahead = cores + 2
    step = min(STEP_BYTES, chunk_bytes(size))
    # Memory that was used before is quicker than new memory; a piece is done when the one so many after it is fetched.
    used: list[bytearray | None] = [None] * ahead

    def fetch(start: int, length: int) -> memoryview:
        slot = start // step % ahead
        memory = used[slot] = used[slot] or bytearray(step)
        data = memoryview(memory)[:length]
        done = 0
        while done < length:
            read = os.preadv(number, [data[done:]], start + done)
            if not read:
                raise _changed(file.name, size)
            done += read
        return data

    each = steps(progress)
    found = digest(
        fetch, 0, size, size=size, types=types, threads=cores, ahead=ahead, each=each, piece_bytes=STEP_BYTES
    )
    if os.fstat(number).st_size != size:
        raise _changed(file.name, size)
    return found


def hash_files(
    files: Sequence[tuple[str | Path, int]], threads: int | None = None, progress: Progress = nothing
) -> list[str]:
    """Return the `sha2-256-chunked` of files, given with their sizes, in the order in which they are given.

    Large files are digested by chunks on all cores, so one large file is as quick as many. Raises `OSError` where a
    file cannot be read, and `ChangedError` where its size is another than was given.
    """
    values = [""] * len(files)
    small = [number for number, (_, size) in enumerate(files) if size <= SMALL_BYTES]
    large = [number for number, (_, size) in enumerate(files) if size > SMALL_BYTES]
    stop = threading.Event()

    def digest_small(numbers: Sequence[int]) -> None:
        for number in numbers:
            if stop.is_set():
                return
            path, size = files[number]
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                data = file.readall()
            if len(data) != size:
                raise _changed(path, size)
            values[number] = digest_of(CHUNKED, data)
            progress(size)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as cores:
        try:
            tasks = [cores.submit(digest_small, part) for part in _parts(small, FILES_IN_A_TASK)]
            for number in large:
                path, size = files[number]
                length = chunk_bytes(size)
                starts = range(0, size, length)
                ends = (min(start + length, size) for start in starts)
                digests = cores.map(lambda a, z, path=path: _digest(path, a, z, stop, progress), starts, ends)
                values[number] = combined(digests)
                if Path(path).stat().st_size != size:
                    raise _changed(path, size)
            for task in tasks:
                task.result()
        finally:
            stop.set()
            cores.shutdown(wait=True, cancel_futures=True)
    return values


def _digest(path: str | Path, start: int, end: int, stop: threading.Event, progress: Progress) -> bytes:
    """Return the SHA-256 of a part of a file."""
    current, piece = sha256(), bytearray(PIECE_BYTES)
    view = memoryview(piece)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        file.seek(start)
        while start < end and not stop.is_set():
            read = file.readinto(view[: end - start])
            if not read:
                raise _changed(path, end)
            current.update(view[:read])
            start += read
            progress(read)
    return current.digest()


def _parts(numbers: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    return (numbers[start : start + length] for start in range(0, len(numbers), length))


def _changed(path: str | Path, size: int) -> ChangedError:
    return ChangedError(f"{path} had {size} bytes when it was listed and has others now: list it again")
