"""`reconcile`: make the index say of each key what S3 says of it now.

The order is what makes it right with many handlers at once: first the documents are read, then S3, then each document
is written under the lock that was read. A conflict means that somebody wrote in between, and everything is read again.
So of two writes that succeed the later one always saw the later state of S3. What has no digest then is asked for.
See docs/architecture.md.
"""

import itertools
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bucketdex.changes import ObjectChange
from bucketdex.changes.hint import Hint, ObjectName, told_again
from bucketdex.changes.outcome import Map, Outcome, Tally, timed
from bucketdex.control import ControlTable, Generation
from bucketdex.errors import Fault, Permanent, Transient
from bucketdex.index import writer
from bucketdex.index.ids import object_id
from bucketdex.index.requests import REQUEST_SECONDS
from bucketdex.manifest import layout
from bucketdex.objects.observe import ObjectReader
from bucketdex.objects.preparing import Prepared, Task, prepare
from bucketdex.objects.requests import digest_request

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

KIND = "objects"
MISSED = "only the trail told of it"
ONLY_TRAIL_KNEW = "OnlyTrailKnew"  # changes of which a notification should have told: the metric of the alarm
MOST_CONFLICTS = 20  # each means that another handler got through, so one key rarely sees more than two
MOST_BUSY = 3  # an outage is the queue's to wait out, not the invocation's
BUSY_SECONDS = 0.5  # doubled each time
KEYS_AT_ONCE = 100  # bounds what is in memory: as many documents, as many text excerpts
ROUND_SECONDS = 15.0  # with less time left no new round begins
RESERVE_SECONDS = 5.0  # are kept from the requests of a round, to report what became of it
MOST_REFUSALS = 3  # the part that OpenSearch names, another one, all that can go


def _no_span(_name: str) -> AbstractContextManager[Any]:
    return nullcontext()


@dataclass(frozen=True)
class Edges:
    """What reconciling touches outside itself.

    `pass_on` sends keys of pointers and manifests to the function that indexes packages, `ask_for_digests` objects to
    the one that hashes them; both raise `Transient`. `remaining` tells the seconds that the invocation has left.
    """

    control: ControlTable
    opensearch: "OpenSearch"
    objects: ObjectReader
    pass_on: Callable[[list[ObjectChange]], object]
    ask_for_digests: Callable[[list[ObjectChange]], object]
    remaining: Callable[[], float]
    concurrently: Map = map
    sleep: Callable[[float], None] = time.sleep
    span: Callable[[str], AbstractContextManager[Any]] = _no_span


@dataclass(frozen=True)
class _Round:
    """One pass over the open tasks: what is done, and what is to be tried again."""

    done: dict[ObjectName, Outcome] = field(default_factory=dict)
    again: list[Task] = field(default_factory=list)
    without_digest: list[ObjectChange] = field(default_factory=list)


def reconcile(edges: Edges, hints: Iterable[Hint], tally: Tally) -> dict[ObjectName, Outcome]:
    """Bring the document of each hint's key to what S3 holds; raises `Transient` if the control table cannot be read.

    A key's failure is its own: it never keeps another from being written. When time runs out, what is left has failed.
    """
    hints = list(hints)
    view = edges.control.view(KIND, {hint.bucket for hint in hints})
    outcomes = {(hint.bucket, hint.key): Outcome("not connected") for hint in hints if hint.bucket not in view.buckets}
    connected = [hint for hint in hints if hint.bucket in view.buckets]
    of_packages = [hint for hint in connected if layout.parse(hint.key)]
    outcomes |= _pass_on(of_packages, edges) if of_packages else {}
    tasks = [
        Task(it, object_id(it.bucket, it.key), view.buckets[it.bucket])
        for it in connected
        if (it.bucket, it.key) not in outcomes
    ]
    if tasks and not view.generations:
        raise Transient("a bucket is connected, but the control table names no index: run `bucketdex bucket add` again")
    for some in itertools.batched(tasks, KEYS_AT_ONCE):
        outcomes |= _settle(list(some), view.generations, edges, tally)
    return outcomes


def _pass_on(hints: list[Hint], edges: Edges) -> dict[ObjectName, Outcome]:
    """Send the hints of pointers and manifests to `index_packages`: they have no object documents."""
    try:
        edges.pass_on([change for hint in hints for change in _passed_on(hint)])
    except Transient as error:
        return {(hint.bucket, hint.key): Outcome("failed", error) for hint in hints}
    return {(hint.bucket, hint.key): Outcome("passed on") for hint in hints}


def _passed_on(hint: Hint) -> list[ObjectChange]:
    if hint.claims is not None:
        return told_again(hint)
    return [ObjectChange(hint.bucket, hint.key, "bucketdex", "passed on", facts=hint.facts)]


def _settle(
    tasks: list[Task], generations: tuple[Generation, ...], edges: Edges, tally: Tally
) -> dict[ObjectName, Outcome]:
    """Pass over the tasks until each is settled or time runs out."""
    outcomes: dict[ObjectName, Outcome] = {}
    while tasks:
        if edges.remaining() < ROUND_SECONDS:
            late = {_name(task): Transient(f"no time was left: {_trouble(task)}") for task in tasks}
            return outcomes | {name: Outcome("failed", error) for name, error in late.items()}
        passed = _round(tasks, generations, edges, tally)
        outcomes |= passed.done
        tasks = passed.again
        if busy := max((len(task.busy) for task in tasks), default=0):
            edges.sleep(BUSY_SECONDS * 2 ** (busy - 1))
    return outcomes


def _round(tasks: list[Task], generations: tuple[Generation, ...], edges: Edges, tally: Tally) -> _Round:
    passed = _Round()
    indexes = [generation.index for generation in generations]
    try:
        with edges.span("read documents"), timed(tally, "opensearch_seconds"):
            stored = writer.read(
                edges.opensearch, indexes, {task.id: task.whole for task in tasks}, _request_seconds(edges)
            )
    except Transient as error:
        for task in tasks:
            _try_again(passed, replace(task, busy=(*task.busy, str(error))), tally)
        return passed

    def prepared_or_why_not(task: Task) -> Prepared | BaseException:
        before = [stored.get((index, task.id)) for index in indexes]
        try:
            return prepare(task, generations, before, edges.objects)
        except Exception as error:  # noqa: BLE001, also a bug in here is this key's alone
            return error

    with edges.span("read S3"), timed(tally, "s3_seconds"):
        prepared = list(zip(tasks, edges.concurrently(prepared_or_why_not, tasks), strict=True))
    passed.done.update(
        {_name(task): Outcome("failed", got) for task, got in prepared if isinstance(got, BaseException)}
    )
    ready = [got for _, got in prepared if isinstance(got, Prepared)]
    with edges.span("write documents"), timed(tally, "opensearch_seconds"):
        results = iter(
            writer.write(edges.opensearch, [write for got in ready for write in got.writes], _request_seconds(edges))
        )
    for got in ready:
        _judge(passed, got, list(itertools.islice(results, len(got.writes))), tally)
    if passed.without_digest:
        _ask_for_digests(passed, edges)
    return passed


def _ask_for_digests(passed: _Round, edges: Edges) -> None:
    """Send all requests of a round at once; a key whose request may not have been sent comes back and does it again."""
    try:
        edges.ask_for_digests(passed.without_digest)
    except Transient as error:
        passed.done.update({(it.bucket, it.key): Outcome("failed", error) for it in passed.without_digest})


def _request_seconds(edges: Edges) -> float:
    return max(1.0, min(REQUEST_SECONDS, edges.remaining() - RESERVE_SECONDS))


def _judge(passed: _Round, got: Prepared, results: list[writer.Result], tally: Tally) -> None:
    """Settle a task by what became of its writes; it is done when every generation has it."""
    task = got.task
    refused = [result.reason for result in results if result.status == writer.REFUSED]
    busy = [result.reason for result in results if result.status == writer.BUSY]
    if refused:
        again = replace(task, refusals=(*task.refusals, refused[0]), refused=got.document)
        _try_again(passed, again, tally)
    elif busy:
        _try_again(passed, replace(task, busy=(*task.busy, busy[0])), tally)
    elif any(result.status == writer.CONFLICT for result in results):
        tally.conflicts += 1
        _try_again(passed, replace(task, conflicts=task.conflicts + 1), tally)
    elif not got.writes:
        passed.done[_name(task)] = Outcome("known")
    else:
        note = MISSED if got.missed else None
        passed.done[_name(task)] = Outcome("deleted" if got.document.deleted else "indexed", note=note)
        tally.counts[ONLY_TRAIL_KNEW] += got.missed
        if got.hashed and (request := digest_request(got.document)):
            passed.without_digest.append(request)


def _try_again(passed: _Round, task: Task, tally: Tally) -> None:
    error: Fault | None = None
    if len(task.refusals) > MOST_REFUSALS:
        error = Permanent(f"OpenSearch refuses the document of {_uri(task)}, whatever is left out: {task.refusals[-1]}")
    elif len(task.busy) > MOST_BUSY or task.conflicts > MOST_CONFLICTS:
        error = Transient(_trouble(task))
    if error:
        passed.done[_name(task)] = Outcome("failed", error)
    else:
        tally.retries += 1
        passed.again.append(task)


def _trouble(task: Task) -> str:
    said = f": {task.busy[-1]}" if task.busy else ""
    met = f"{task.conflicts} conflicts and {len(task.busy)} errors"
    return f"the document of {_uri(task)} was not written after {met}{said}"


def _name(task: Task) -> ObjectName:
    return task.hint.bucket, task.hint.key


def _uri(task: Task) -> str:
    return f"s3://{task.hint.bucket}/{task.hint.key}"
