"""The child: `python -I -S child.py SYS_PATH CPU_SECONDS MEMORY_BYTES`. It limits itself and answers one order.

It is run by its path, with no environment but what the loader of libraries needs, so it has no credentials.
"""

import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from bucketdex.catalog.previews.reading.talk import Job


def main() -> None:
    """Answer one order."""
    sys.path[:] = json.loads(sys.argv[1])
    from bucketdex.catalog.previews import bounds  # noqa: PLC0415, the path is only known now
    from bucketdex.catalog.previews.reading import talk  # noqa: PLC0415

    _limit(int(sys.argv[2]), int(sys.argv[3]), bounds.CHILD_ADDRESSES_BYTES)
    # What a library prints must not get among the frames.
    outgoing: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    incoming: BinaryIO = os.fdopen(0, "rb")
    order = talk.receive(incoming, talk.Order, bounds.RESULT_BYTES)
    source = Asked(incoming, outgoing, order.size)
    try:
        answer: Any = _read(order.job, source, outgoing)
    except ImportError as error:
        answer = talk.Failed(f"{error.name} is not installed", absent=True)
    except MemoryError:
        answer = talk.Failed("reading it takes more memory than a preview may")
    except BaseException as error:  # noqa: BLE001  whatever a reader makes of a broken file
        answer = talk.Failed(source.refused or f"it cannot be read ({type(error).__name__})")
    talk.send(outgoing, answer)
    os._exit(0)  # no destructors of libraries that met a broken file


class Asked:
    """The source as the child has it: it asks the parent."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, size: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self.size = size
        self.refused: str | None = None

    def read(self, offset: int, length: int) -> bytes:
        """Return a range; raises `CannotReadError`."""
        from bucketdex.catalog.previews import bounds  # noqa: PLC0415
        from bucketdex.catalog.previews.errors import CannotReadError  # noqa: PLC0415
        from bucketdex.catalog.previews.reading import talk  # noqa: PLC0415

        if self.refused is not None:  # readers try again and again
            raise CannotReadError(self.refused)
        talk.send(self._outgoing, talk.Wanted(offset, length))
        got = talk.receive(self._incoming, talk.Got, bounds.BUDGET_BYTES + bounds.MB)
        if got.refused is not None:
            self.refused = got.refused
            raise CannotReadError(got.refused)
        return got.content


def _read(job: "Job", source: Asked, outgoing: BinaryIO) -> Any:
    from bucketdex.catalog.previews.files import RangedFile  # noqa: PLC0415
    from bucketdex.catalog.previews.reading import talk  # noqa: PLC0415

    def so_far(tables: talk.ReadTables) -> None:
        talk.send(outgoing, tables)

    # The columns of a Parquet file follow each other: larger blocks are fewer requests.
    file = RangedFile(source, 256 * 1024 if job == "parquet" else 64 * 1024)
    if job == "parquet":
        from bucketdex.catalog.previews.reading.parquet import parquet_read  # noqa: PLC0415

        return parquet_read(file, so_far)
    if job == "excel":
        from bucketdex.catalog.previews.reading.excel import excel_read  # noqa: PLC0415

        return excel_read(file, so_far)
    from bucketdex.catalog.previews.reading.pdf import pdf_read  # noqa: PLC0415

    return pdf_read(file)


def _limit(cpu_seconds: int, data: int, addresses: int) -> None:
    for limit, value in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, data),
        (resource.RLIMIT_AS, addresses),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    main()
