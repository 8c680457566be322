"""Is a manifest what its name says: its top hash computed anew, and everything odd in it named by its line."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from bucketdex.manifest.lines import Entry, Header, LineFault, Metadata
from bucketdex.manifest.reader import read
from bucketdex.manifest.top_hash import TopHashError, top_hash

MOST_PROBLEMS = 100  # that are listed; all are counted


class Verification(msgspec.Struct, frozen=True):
    """What a manifest is. `top_hash` is the one computed, None where it has none; sizes are in bytes.

    `verified` tells whether it is complete and free of problems, and has the top hash that was expected, if any was.
    """

    top_hash: str | None
    verified: bool
    entries: int
    total_bytes: int
    directories: int
    problems: list[str]
    problem_count: int
    header: Header | None


class _Survey:
    """What one pass over the manifest meets."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.entries = self.total_bytes = self.directories = self.problem_count = self.unreadable = 0
        self.problems: list[str] = []

    def problem(self, problem: str) -> None:
        """Note a problem."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def entries_of(self, pieces: Iterable[bytes]) -> Iterator[Entry]:
        """Yield the entries of a manifest whose header has been read."""
        for line in read(pieces):
            match line.said:
                case Entry():
                    self.entries += 1
                    size = line.said.size
                    self.total_bytes += size if isinstance(size, int) and size > 0 else 0
                    for fault in faults(line.said):
                        self.problem(f"line {line.number}: {fault}")
                    yield line.said
                case Metadata():
                    self.directories += 1
                case LineFault():
                    self.unreadable += 1
                    self.problem(str(line.said))


def verify(pieces: Callable[[], Iterable[bytes]], expected: str | None = None) -> Verification:
    """Verify a manifest; `pieces` opens it, once more where its entries are not in order.

    `expected` is the top hash that its name says.
    """
    header = next((line.said for line in read(pieces())), None)
    surveys: list[_Survey] = []

    def entries() -> Iterator[Entry]:
        surveys.append(_Survey())  # a second pass counts anew
        return surveys[-1].entries_of(pieces())

    found: str | None = None
    failed = ""
    try:
        found = top_hash(header if isinstance(header, Header) else Header({}), entries)
    except TopHashError as error:
        failed = str(error)
        for _ in entries():  # that ended the pass: count them all
            pass
    survey = surveys[-1]
    if failed:
        survey.problem(failed)
    if survey.unreadable:
        found = None  # of what could not be read
    if found and expected and found != expected:
        survey.problem(f"its top hash is {found}, its name says {expected}")
    return Verification(
        found,
        found is not None and survey.problem_count == 0,
        survey.entries,
        survey.total_bytes,
        survey.directories,
        survey.problems,
        survey.problem_count,
        header if isinstance(header, Header) else None,
    )


def faults(entry: Entry) -> Iterator[str]:
    """Yield what no entry should have, though it can be read."""
    key = entry.logical_key
    if not key or key.startswith("/") or key.endswith("/") or "\0" in key:
        yield f"the logical key {key[:100]!r} is no path of a file"
    elif not {".", "..", ""}.isdisjoint(key.split("/")):
        yield f"the logical key {key[:100]!r} leads out of its folder or nowhere"
    if entry.size is None or entry.size < 0 or not isinstance(entry.size, int):
        yield f"the size of {key[:100]!r} is {entry.size}"
    if entry.hash is None:
        yield f"{key[:100]!r} has no hash"
