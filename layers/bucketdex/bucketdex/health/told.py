"""How the stack is: queues, what was set aside, how far the index is behind, and what the checks of buckets found."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bucketdex.aws.settings import Queue
from bucketdex.control import Bucket, ControlTable
from bucketdex.errors import Fault
from bucketdex.health.buckets import BucketHealth, bucket_health
from bucketdex.health.lag import Documents, Lag, lag_and_documents
from bucketdex.health.queues import QueueHealth, queue_health
from bucketdex.index.generations import FIRST, KINDS
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from opensearchpy import OpenSearch

log = logging.getLogger(__name__)
AT_ONCE = 8  # requests: a queue takes three, one after the other


class GenerationHealth(msgspec.Struct, frozen=True):
    """A generation of the index: `behind` where its mapping lacks fields that this version of bucketdex writes."""

    kind: str
    index: str
    mapping: int
    read: bool
    behind: bool


class Health(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How the stack is, at a moment. `settled` is whether nothing waits or is being worked on.

    `differing` are the keys that the last checks of all buckets found to differ (the drift). `problems` says which
    part could not be told, and why; it is then left out.
    """

    at: datetime
    settled: bool
    dead_letters: int
    differing: int
    queues: tuple[QueueHealth, ...] = ()
    lag: Lag | None = None
    buckets: tuple[BucketHealth, ...] = ()
    generations: tuple[GenerationHealth, ...] = ()
    problems: tuple[str, ...] = ()


def health(
    opensearch: "OpenSearch",
    control: ControlTable,
    sqs: "SQSClient",
    queues: Sequence[Queue],
    viewer: Viewer,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Health:
    """Return how the stack is. What cannot be told is no error: this is what one looks at when something fails."""
    problems: list[str] = []
    at = now()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        behind = pool.submit(lag_and_documents, opensearch, viewer, at)
        looks = [pool.submit(queue_health, sqs, it, viewer) for it in queues]
        generations = pool.submit(_generations, control)
        lag, documents = _or(behind.result, problems, (None, dict[str, Documents]()))
        looks_of_buckets = [
            pool.submit(bucket_health, control, it, documents.get(it.name, Documents()))
            for it in _or(control.buckets, problems, list[Bucket]())
            if it.name in viewer.buckets
        ]
        found = [queue for look in looks if (queue := _or(look.result, problems, None))]
        buckets = [bucket for look in looks_of_buckets if (bucket := _or(look.result, problems, None))]
        told = _or(generations.result, problems, ())
    return Health(
        at=at,
        settled=len(found) == len(queues) and not any(it.waiting or it.in_flight or it.delayed for it in found),
        dead_letters=sum(it.dead_letters for it in found),
        differing=sum(sum(it.checked.differing.values()) for it in buckets if it.checked),
        queues=tuple(found),
        lag=lag,
        buckets=tuple(buckets),
        generations=told,
        problems=tuple(dict.fromkeys(problems)),
    )


def _generations(control: ControlTable) -> tuple[GenerationHealth, ...]:
    return tuple(
        GenerationHealth(kind, it.index, it.mapping, it.read, it.mapping < FIRST[kind].mapping)
        for kind in KINDS
        for it in control.generations(kind)
    )


def _or[T, U](told: Callable[[], T], problems: list[str], otherwise: U) -> T | U:
    try:
        return told()
    except Fault as fault:
        log.warning("a part of how the stack is cannot be told: %s", fault)
        problems.append(fault.for_asker)
        return otherwise
