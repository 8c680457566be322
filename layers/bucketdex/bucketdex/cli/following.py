"""The last lines of some logs, and those that come."""

import collections
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

LOOK_AGAIN = 0.2  # seconds


def last_and_next(
    logs: Mapping[str, Path], count: int, *, follow: bool, shown: Callable[[str], str | None] = lambda line: line
) -> Iterator[tuple[str, str]]:
    """Yield (log, line) for the last `count` lines of each log and then, to `follow`, for each new one, endlessly.

    Each line is as `shown` returns it; those of which it returns None are left out, and not counted.
    """
    positions: dict[str, int] = {}
    for name, path in logs.items():
        with path.open("rb") as file:
            for line in collections.deque(_kept(map(_text, file), shown), maxlen=count):
                yield name, line
            positions[name] = file.tell()
    while follow:
        news = [(name, line) for name, path in logs.items() for line in _kept(_since(path, name, positions), shown)]
        yield from news
        if not news:
            time.sleep(LOOK_AGAIN)


def _since(path: Path, name: str, positions: dict[str, int]) -> Iterator[str]:
    """Yield the whole lines after the position, and move it."""
    if not path.exists():
        return
    with path.open("rb") as file:
        if path.stat().st_size < positions[name]:  # written anew
            positions[name] = 0
        file.seek(positions[name])
        for line in file:
            if not line.endswith(b"\n"):  # still being written
                return
            positions[name] += len(line)
            yield _text(line)


def _kept(lines: Iterable[str], shown: Callable[[str], str | None]) -> Iterator[str]:
    return (told for line in lines if (told := shown(line)) is not None)


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r\n")
