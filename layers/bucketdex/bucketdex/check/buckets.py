"""Checks of whole buckets: compared step by step, and what differs is sent to be looked at.

How far it came is written down, so a check that is broken off goes on there. Each bucket has a share of the time: a
large one, or one that S3 does not let us list, keeps no other from being checked.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bucketdex.changes import ObjectChange
from bucketdex.check.listing import Difference, Indexes, Step, compare, refresh
from bucketdex.control import ControlTable
from bucketdex.control.checks import Check, Checks, Found
from bucketdex.errors import Transient
from bucketdex.index.generations import OBJECTS, PACKAGES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from opensearchpy import OpenSearch

LEAST_SECONDS = 10.0  # that a bucket is given at a time; a step takes a fraction of a second, if all is well
RESERVE_SECONDS = 90.0  # are kept for the step that is under way: S3 and each index may take 20 s to answer


@dataclass(frozen=True)
class Edges:
    """What a check touches; `send` puts changes into the queue of bulk events, `remaining` tells the seconds left."""

    s3: "S3Client"
    opensearch: "OpenSearch"
    control: ControlTable
    send: Callable[[Iterable[ObjectChange]], object]
    remaining: Callable[[], float] = lambda: float("inf")


@dataclass
class Report:
    """What came of checks: the buckets that are done, how many keys were compared, what differed, and what failed."""

    checked: list[str] = field(default_factory=list)
    keys: int = 0
    differing: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Exception] = field(default_factory=dict)


def indexes_of(control: ControlTable) -> Indexes:
    """Return the indexes that are written; raises `Transient`, also where there are none."""
    indexes = {kind: [it.index for it in control.generations(kind)] for kind in (OBJECTS, PACKAGES)}
    if not all(indexes.values()):
        raise Transient("the control table names no index: run `bucketdex bucket add` again")
    return indexes


def steps(edges: Edges, bucket: str, after: str = "") -> Iterator[Step]:
    """Compare the bucket from a key on and send what differs; raises `Transient` and `Permanent`.

    A step is sent before it is given: whoever writes down how far it came has lost nothing.
    """
    indexes = indexes_of(edges.control)
    refresh(edges.opensearch, indexes)
    while True:
        step = compare(edges.s3, edges.opensearch, indexes, bucket, after)
        if step.differences:
            edges.send(hint(bucket, it) for it in step.differences)
        yield step
        if step.last is None:
            return
        after = step.last


def hint(bucket: str, found: Difference) -> ObjectChange:
    """Return what has a key looked at."""
    listed = found.listed
    told = {"size": listed.size, "etag": listed.etag} if listed else {}
    return ObjectChange(bucket, found.key, "bucketdex", "check", **told)  # type: ignore[arg-type]


def check(edges: Edges, checks: Checks, buckets: Sequence[str]) -> Report:
    """Check these buckets, or go on with it, in this order and until time runs out; a failure is its bucket's alone."""
    report = Report()
    waiting = deque(buckets)
    while waiting and (left := edges.remaining()) > RESERVE_SECONDS:
        bucket = waiting.popleft()
        until = left - max(LEAST_SECONDS, (left - RESERVE_SECONDS) / (len(waiting) + 1))
        try:
            again = _go_on(edges, checks, bucket, report, lambda until=until: edges.remaining() <= until)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001, also a bug in here costs no other bucket its check
            report.failures[bucket] = error
            continue
        if again:
            waiting.append(bucket)
    return report


def _go_on(edges: Edges, checks: Checks, bucket: str, report: Report, time_is_up: Callable[[], bool]) -> bool:
    """Go on with the check of a bucket, for one step at least; True if it is not done."""
    under_way: Check | None = checks.begin(checks.state(bucket))
    if under_way is None:
        return False
    for step in steps(edges, bucket, under_way.after or ""):
        report.keys += step.keys
        differing = Counter(it.what for it in step.differences)
        report.differing.update(differing)
        found = Found(step.keys, dict(differing))
        if step.last is None:
            if checks.finish(under_way, found):
                report.checked.append(bucket)
            return False
        under_way = checks.checkpoint(under_way, step.last, found)
        if under_way is None:  # another invocation is at it, or it is not connected any more
            return False
        if time_is_up():
            return True
    return False
