"""Which log files have been read already, so that an import that was broken off goes on where it was.

A line for each file, appended when all that it told has been sent and counted. So whatever ends the process, no file is
taken for read that was not; one that was and is not noted is read twice, which changes nothing.
"""

import os
import uuid
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import msgspec

from bucketdex.cli.trail.files import LogFile

NAME_BYTES = 16  # of a digest that stands for a file in memory: a million take some 80 MB

_encode = msgspec.json.Encoder().encode


class Line(msgspec.Struct, frozen=True):
    """A file that has been read, in the state that it had then."""

    file: str
    size: int
    state: str


class Journal:
    """The journal in a file, which is made when the first line is noted; `close` lets go of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = {_name(line) for line in _lines(path)}
        self._file = -1

    def knows(self, file: LogFile) -> bool:
        """Whether the file has been read as it is."""
        return _name(_line(file)) in self._known

    def note(self, file: LogFile) -> None:
        """Note that the file has been read."""
        if self._file < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file = os.open(self._path, how, 0o600)
        # With a line's end before it: what broke off there, as the disk was full, spoils no further line.
        os.write(self._file, b"\n" + _encode(_line(file)) + b"\n")
        self._known.add(_name(_line(file)))

    def forget(self, files: Iterable[LogFile]) -> None:
        """Forget that these files have been read."""
        gone = {_name(_line(file)) for file in files} & self._known
        if not gone:
            return
        self.close()
        fresh = self._path.with_suffix(f".{uuid.uuid4().hex}")
        try:
            with fresh.open("wb") as file:
                file.writelines(_encode(line) + b"\n" for line in _lines(self._path) if _name(line) not in gone)
            fresh.replace(self._path)
        finally:
            fresh.unlink(missing_ok=True)
        self._known -= gone

    def close(self) -> None:
        """Let go of the file; the journal stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _line(file: LogFile) -> Line:
    return Line(file.shown, file.size, file.state)


def _name(line: Line) -> bytes:
    about = f"{line.size} {line.state} {line.file}"
    return blake2b(about.encode(), digest_size=NAME_BYTES).digest()


def _lines(path: Path) -> Iterable[Line]:
    decode = msgspec.json.Decoder(Line).decode
    try:
        with path.open("rb") as file:
            for raw in file:
                try:
                    yield decode(raw)
                except (msgspec.DecodeError, UnicodeError):
                    continue  # broke off, or is empty
    except FileNotFoundError:
        return
