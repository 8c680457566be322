"""Mutants of what the trail is believed, of counting reads, and of checks."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bucketdex.changes import hint
from bucketdex.check import buckets as checking
from bucketdex.check import due
from bucketdex.control.checks import Checks
from bucketdex.index import known, writer
from bucketdex.objects import facts, preparing, reconcile
from bucketdex.trail import reads, records
from bucketdex.trail.identity import Known
from simulation.replacing import replaced

# What is known already.


def version_of_any_call_taken_for_made() -> AbstractContextManager[None]:
    """Who tags a version is answered with its id, as who makes it is."""

    def claims(original: Any) -> Any:
        def of_any(change: Any, before: Any) -> Any:
            return original(msgspec.structs.replace(change, made=change.version_id is not None), before)

        return of_any

    return replaced(hint, "_claims", claims)


@contextmanager
def modified_instead_of_observed_at() -> Iterator[None]:
    """An object that was modified when the call was made, or later, is thought to be what the call left."""

    def covers(_: Any) -> Any:
        def by_modified(document: dict[str, Any], claims: Any) -> bool:
            modified = document.get("modified")
            return bool(modified) and all(it.time and it.time <= datetime.fromisoformat(modified) for it in claims)

        return by_modified

    with (
        replaced(writer, "SURVIVING_FIELDS", lambda fields: [*fields, "modified"]),
        replaced(preparing, "covers", covers),
    ):
        yield


def clocks_believed() -> AbstractContextManager[None]:
    """A call is thought to be seen as soon as its time lies before the look."""
    return replaced(known, "SKEW", lambda _: timedelta())


def null_taken_for_a_version() -> AbstractContextManager[None]:
    """The version `null` is thought to be made only once."""
    return replaced(hint, "is_unique", lambda _: bool)


def known_when_one_generation_knows() -> AbstractContextManager[None]:
    """A hint is skipped as soon as one generation has seen what it tells of."""

    def prepare(original: Any) -> Any:
        def any_will_do(task: Any, generations: Any, before: Any, *more: Any) -> Any:
            made = original(task, generations, before, *more)
            claims = task.hint.claims
            knows = claims is not None and any(it and preparing._knows(it.source, claims) for it in before)
            return replace(made, writes=[]) if knows and not task.hint.facts else made

        return any_will_do

    return replaced(reconcile, "prepare", prepare)


def only_the_last_claim_looked_at() -> AbstractContextManager[None]:
    """Of all that the trail tells of a key in a batch, the last is thought to say it all."""

    def claims(original: Any) -> Any:
        def last(change: Any, before: Any) -> Any:
            found = original(change, before)
            return found and found[-1:]

        return last

    return replaced(hint, "_claims", claims)


def what_was_begun_taken_for_done() -> AbstractContextManager[None]:
    """Of a hint that comes back nobody is thought to have left anything undone."""
    return replaced(preparing.Task, "begun", lambda _: False)


# Who wrote it.


def older_author_overwrites() -> AbstractContextManager[None]:
    """Who is told of last is thought to have written last."""

    def authorship(_: Any) -> Any:
        def last(told: Any) -> dict[str, Any]:
            of_author = [it for it in told if it.written_by]
            newest = of_author[-1] if of_author else None
            return {"written_by": newest and newest.written_by, "written_at": newest and newest.written_at}

        return last

    return replaced(facts, "_authorship", authorship)


def author_of_any_call() -> AbstractContextManager[None]:
    """Who did anything to a version is thought to have written it."""

    def changes(original: Any) -> Any:
        def making(*told: Any) -> Any:
            for change in original(*told):
                yield msgspec.structs.replace(change, made=change.version_id is not None)

        return making

    return replaced(records, "changes", changes)


# How often it was read.


def reads_incremented() -> AbstractContextManager[None]:
    """A count is raised by what a part tells, instead of computed anew."""

    def merged(original: Any) -> Any:
        def raised(before: Any, name: Any, part: Any, told: Any) -> Any:
            row = original(before, name, part, told)
            return msgspec.structs.replace(row, count=(before.count if before else 0) + told.count)

        return raised

    return replaced(reads, "merged", merged)


def one_part_a_file() -> AbstractContextManager[None]:
    """All segments of a file write the same part."""

    def write(original: Any) -> Any:
        return lambda self, client, indexes, part, *more: original(self, client, indexes, part.split(":")[0], *more)

    return replaced(reads.Reads, "write", write)


def own_reads_counted() -> AbstractContextManager[None]:
    """Our functions are taken for readers."""

    def of(original: Any) -> Any:
        return lambda self, told: msgspec.structs.replace(original(self, told), own=False)

    return replaced(Known, "of", of)


def refused_calls_believed() -> AbstractContextManager[None]:
    """What somebody tried to do is thought to be done."""

    def take(original: Any) -> Any:
        def all_of_them(self: Any, found: Any, *more: Any) -> None:
            for record in found:
                record.error_code = None
            original(self, found, *more)

        return all_of_them

    return replaced(records.Reader, "take", take)


# Checks.


def checks_never_due() -> AbstractContextManager[None]:
    """Nothing is ever compared."""
    return replaced(due, "reason", lambda _: lambda *_: None)


def bulk_deletions_ignored() -> AbstractContextManager[None]:
    """A record that names no keys is passed over."""
    return replaced(Checks, "want", lambda _: lambda *_: False)


def step_written_down_before_it_is_told() -> AbstractContextManager[None]:
    """What differs is sent when the next step is wanted."""

    def steps(original: Any) -> Any:
        def told_late(edges: Any, *more: Any) -> Any:
            differing: list[Any] = []
            for step in original(replace(edges, send=differing.extend), *more):
                found, differing[:] = [*differing], []
                yield step
                if found:
                    edges.send(found)

        return told_late

    return replaced(checking, "steps", steps)
