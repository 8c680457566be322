"""Is a manifest what its name says: its top hash computed anew, and everything odd in it named by its line."""

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from bucketdex.manifest.lines import Entry, Header, LineFault, Metadata
from bucketdex.manifest.quick import is_path
from bucketdex.manifest.reader import read, scan
from bucketdex.manifest.top_hash import Part, TopHashError, canonical, digest_of

CANONICAL = b'{"hash":{"type":"%b","value":"%b"},"logical_key":"%b","meta":{},"size":%b}'
BETWEEN_CHECKS = 1_000  # lines
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

    def __init__(self, check: Callable[[], None]) -> None:
        self.check = check
        self.header: Header | None = None
        self.entries = self.total_bytes = self.directories = self.problem_count = self.unreadable = 0
        self.problems: list[str] = []

    def problem(self, problem: str) -> None:
        """Note a problem."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def fault(self, number: int, faults: Iterable[str]) -> None:
        """Note what is wrong with a line."""
        for fault in faults:
            self.problem(f"line {number}: {fault}")

    def parts_of(self, pieces: Iterable[bytes], canonical: Callable[[Entry], bytes]) -> Iterator[Part]:
        """Yield logical key and canonical JSON of the entries of a manifest whose header has been read."""
        for number, _, said in scan(pieces):
            if not number % BETWEEN_CHECKS:
                self.check()
            match said:
                case re.Match():
                    key, size, kind, value = said.group("key", "size", "type", "value")
                    self.entries += 1
                    self.total_bytes += int(size)
                    name = key.decode()
                    if not is_path(key):
                        self.fault(number, faults_of_key(name))
                    yield name, CANONICAL % (kind, value, key, size)
                case Entry():
                    self.entries += 1
                    self.total_bytes += said.size if isinstance(said.size, int) and said.size > 0 else 0
                    self.fault(number, faults(said))
                    try:
                        part = canonical(said)
                    except TopHashError:
                        raise
                    except (
                        ValueError,
                        RecursionError,
                    ) as error:
                        # Such as an integer of 5,000 digits.
                        self.unreadable += 1
                        self.problem(f"line {number}: {error}")
                        continue
                    yield said.logical_key, part
                case Metadata():
                    self.directories += 1
                case LineFault():
                    self.unreadable += 1
                    self.problem(str(said))


def verify(
    pieces: Callable[[], Iterable[bytes]], expected: str | None = None, check: Callable[[], None] = lambda: None
) -> Verification:
    """Verify a manifest; `pieces` opens it, once more where its entries are not in order.

    `expected` is the top hash that its name says. `check` is called now and then, and may raise to end it.
    """
    header = next((line.said for line in read(pieces())), None)
    surveys: list[_Survey] = []

    def parts(canonical: Callable[[Entry], bytes] = canonical) -> Iterator[Part]:
        surveys.append(_Survey(check))  # a second pass counts anew
        return surveys[-1].parts_of(pieces(), canonical)

    found: str | None = None
    failed = ""
    try:
        found = digest_of(header if isinstance(header, Header) else Header({}), parts)
    except TopHashError as error:
        failed = str(error)
        for _ in parts(lambda _: b""):  # that ended the pass: count them all
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


def faults(entry: Entry) -> list[str]:
    """Return what no entry should have, though it can be read."""
    key, size = entry.logical_key, entry.size
    found = list(faults_of_key(key))
    if type(size) is not int or size < 0:
        found.append(f"the size of {key[:100]!r} is {size}")
    if entry.hash is None:
        found.append(f"{key[:100]!r} has no hash")
    return found


def faults_of_key(key: str) -> Iterator[str]:
    """Yield why a logical key is no path of a file."""
    if not key or key.startswith("/") or key.endswith("/") or "\0" in key:
        yield f"the logical key {key[:100]!r} is no path of a file"
    elif not {".", "..", ""}.isdisjoint(key.split("/")):
        yield f"the logical key {key[:100]!r} leads out of its folder or nowhere"
