"""The last lines of some logs, and those that come."""

import collections
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

LOOK_AGAIN = 0.2  # seconds


def last_and_next(logs: Mapping[str, Path], count: int, *, follow: bool) -> Iterator[tuple[str, str]]:
    """Yield (log, line) for the last `count` lines of each log and then, to `follow`, for each new one, endlessly."""
    positions: dict[str, int] = {}
    for name, path in logs.items():
        with path.open("rb") as file:
            for line in collections.deque(file, maxlen=count):
                yield name, _text(line)
            positions[name] = file.tell()
    while follow:
        news = [(name, line) for name, path in logs.items() for line in _since(path, name, positions)]
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


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r\n")
