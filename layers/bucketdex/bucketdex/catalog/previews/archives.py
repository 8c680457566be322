"""What is in an archive: a zip by the directory at its end, a tar by its headers, a packed one within bounds."""

import io
import struct
import tarfile
import zlib
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.decoding import UNSEEN
from bucketdex.catalog.previews.errors import CannotReadError, NotAsNamedError
from bucketdex.catalog.previews.files import RangedFile
from bucketdex.catalog.previews.kinds import Listing, Member
from bucketdex.catalog.previews.sources import Metered

END_BYTES = 66_000  # of a zip: its end record with the longest comment, and what stands before it for large files
END, END64, LOCATOR64, ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
UNKNOWN = 0xFFFFFFFF
BROKEN = (
    tarfile.TarError,
    ValueError,
    ArithmeticError,
    LookupError,
    EOFError,
    OSError,
    RecursionError,
    TypeError,
    struct.error,
)


def zip_preview(source: Metered) -> Listing:
    """Return the members of a zip file, read from the directory at its end; raises `NotAsNamedError`."""
    start = max(0, source.size - END_BYTES)
    tail = source.read(start, END_BYTES)
    end = tail.rfind(END)
    if end < 0 or end + 22 > len(tail):
        raise NotAsNamedError("this zip file is cut: the directory at its end is missing")
    total, length, offset = struct.unpack_from("<HII", tail, end + 10)
    if (locator := tail.rfind(LOCATOR64, 0, end)) >= 0 and UNKNOWN in (length, offset, total | 0xFFFF0000):
        (at64,) = struct.unpack_from("<Q", tail, locator + 8)
        record = source.read(at64, 56)
        if record.startswith(END64) and len(record) == 56:
            total, length, offset = struct.unpack_from("<QQQ", record, 32)
        where = at64
    else:
        where = start + end
    offset = max(0, where - length)  # also right where something stands before the zip, such as a program
    directory = source.read(offset, min(length, bounds.DIRECTORY_BYTES))
    members = _zip_members(directory)
    if not members and total:
        raise NotAsNamedError("the directory of this zip file cannot be read")
    return Listing(format="zip", members=tuple(members), total=total, notes=_first(len(members), total))


def _zip_members(directory: bytes) -> list[Member]:
    members: list[Member] = []
    at = 0
    while len(members) < bounds.MEMBERS and directory[at : at + 4] == ENTRY and at + 46 <= len(directory):
        flags, _, clock, date = struct.unpack_from("<HHHH", directory, at + 8)
        size, name_length, extra_length, comment_length = struct.unpack_from("<IHHH", directory, at + 24)
        name = directory[at + 46 : at + 46 + name_length]
        extra = directory[at + 46 + name_length : at + 46 + name_length + extra_length]
        if size == UNKNOWN:
            size = _size64(extra)
        shown = name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
        members.append(Member(_name(shown), size, _dos_time(date, clock)))
        at += 46 + name_length + extra_length + comment_length
    return members


def _size64(extra: bytes) -> int:
    at = 0
    while at + 4 <= len(extra):
        form, length = struct.unpack_from("<HH", extra, at)
        if form == 1 and length >= 8 and at + 12 <= len(extra):
            return int(struct.unpack_from("<Q", extra, at + 4)[0])
        at += 4 + length
    return 0


def _dos_time(date: int, clock: int) -> str:
    try:
        when = datetime(1980 + (date >> 9), date >> 5 & 15, date & 31, clock >> 11, clock >> 5 & 63, tzinfo=UTC)
    except ValueError:
        return ""
    return when.strftime("%Y-%m-%d %H:%M")


def tar_preview(source: Metered, *, packed: bool) -> Listing:
    """Return the first members of a tar, or of a tar in gzip; raises `NotAsNamedError`."""
    file: Any = Unpacked(source) if packed else RangedFile(source)
    members: list[Member] = []
    stopped = ""
    try:
        with tarfile.open(fileobj=cast("BinaryIO", file), mode="r|" if packed else "r:", errorlevel=0) as tar:
            for member in tar:
                if len(members) == bounds.MEMBERS:
                    stopped = f"the first {bounds.MEMBERS} members"
                    break
                members.append(Member(_name(member.name), max(0, member.size), _unix_time(member.mtime)))
    except CannotReadError:
        stopped = "the members that the bounds of a preview reach"
    except BROKEN as error:
        if not members:
            raise NotAsNamedError("this tar file cannot be read") from error
        stopped = "the members before its first fault"
    note = (f"These are {stopped}: the archive may have more.",) if stopped else ()
    return Listing(
        format="tar.gz" if packed else "tar",
        members=tuple(members),
        total=None if stopped else len(members),
        notes=note,
    )


def _unix_time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M") if seconds > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _name(name: str) -> str:
    return name[: bounds.NAME_CHARACTERS].encode("utf-8", "replace").decode().translate(UNSEEN)


def _first(shown: int, total: int) -> tuple[str, ...]:
    return (f"The first {shown:,} of {total:,} members are shown.",) if shown < total else ()


class Unpacked(io.RawIOBase):
    """The bytes in a gzip file, from its beginning: at most `UNPACKED_BYTES`, whatever a bomb makes of its own."""

    def __init__(self, source: Metered, most: int = bounds.UNPACKED_BYTES) -> None:
        super().__init__()
        self._source = source
        self._inflating = zlib.decompressobj(wbits=31)
        self._at = 0
        self._rest = b""
        self._left = most
        self.ended = False  # all was read

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; raises `CannotReadError` at the bound, OSError where it is broken."""
        wanted = size if size >= 0 else self._left
        pieces: list[bytes] = []
        while wanted > 0:
            piece = self.piece(wanted)
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def piece(self, wanted: int) -> bytes:
        """Return what comes next, at least a byte but at the end; raises as `read` does."""
        while not self.ended:
            if self._left <= 0:
                raise CannotReadError("the bound of what is unpacked")
            packed = self._inflating.unconsumed_tail or self._rest or self._next()
            self._rest = b""
            try:
                piece = self._inflating.decompress(packed, min(wanted, self._left))
            except zlib.error as error:
                raise OSError(f"broken gzip: {error}") from error
            if self._inflating.eof:
                self._go_on()
            elif not packed and not piece:
                raise EOFError("it is cut")
            if piece:
                self._left -= len(piece)
                return piece
        return b""

    def _next(self) -> bytes:
        packed = self._source.read(self._at, 128 * 1024)
        self._at += len(packed)
        return packed

    def _go_on(self) -> None:
        """Gzip files may follow each other, as in BGZF."""
        rest = self._inflating.unused_data or self._next()
        if rest[:2] != b"\x1f\x8b":
            self.ended = True
            return
        self._inflating, self._rest = zlib.decompressobj(wbits=31), rest


def unpacked_head(source: Metered, most: int = bounds.GZIP_TEXT_BYTES) -> tuple[bytes, bool]:
    """Return the first bytes in a gzip file, and whether there are more; raises `NotAsNamedError`."""
    file = Unpacked(source, most)
    pieces: list[bytes] = []
    try:
        while piece := file.piece(64 * 1024):
            pieces.append(piece)
    except CannotReadError:
        return b"".join(pieces), True
    except (OSError, EOFError) as error:
        if not pieces:
            raise NotAsNamedError("this gzip file cannot be unpacked") from error
        return b"".join(pieces), True
    return b"".join(pieces), False
