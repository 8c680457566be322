"""Mutants of the order of reading, and of writing under the lock."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from bucketdex.changes.hint import Hint
from bucketdex.index import writer
from bucketdex.objects import reconcile
from simulation.replacing import replaced


def _document(write: writer.Write) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(write.document)
    return found


def no_lock() -> AbstractContextManager[None]:
    """Documents are written whatever was there."""

    def action(item: writer.Write) -> bytes:
        return msgspec.json.encode({"index": {"_index": item.index, "_id": item.id}})

    return replaced(writer, "_action", lambda _: action)


@contextmanager
def delete_instead_of_tombstone() -> Iterator[None]:
    """What is gone is deleted from the index, under the lock; where it is not in the index nothing is done."""

    def is_tombstone(item: writer.Write) -> bool:
        return bool(_document(item).get("deleted"))

    def write(original: Any) -> Any:
        def with_deletes(client: Any, writes: Sequence[writer.Write], *more: Any) -> list[writer.Result]:
            sent = [item for item in writes if item.lock or not is_tombstone(item)]
            results = iter(original(client, sent, *more))
            return [next(results) if item in sent else writer.Result(writer.DONE) for item in writes]

        return with_deletes

    def action(original: Any) -> Any:
        def with_deletes(item: writer.Write) -> bytes:
            made: bytes = original(item)
            return made.replace(b'{"index"', b'{"delete"', 1) if is_tombstone(item) else made

        return with_deletes

    with replaced(writer, "write", write), replaced(writer, "_action", action):
        yield


def no_conflict_retry() -> AbstractContextManager[None]:
    """A conflict settles the key: somebody else wrote it, after all."""

    def judge(original: Any) -> Any:
        def settled(passed: Any, task: Any, results: list[writer.Result], tally: Any) -> None:
            original(passed, task, [result for result in results if result.status != writer.CONFLICT], tally)

        return settled

    return replaced(reconcile, "_judge", judge)


def conflict_counted_as_success() -> AbstractContextManager[None]:
    """OpenSearch's 409 is taken for 200."""

    def result(original: Any) -> Any:
        return lambda written: writer.Result(writer.DONE) if written.status == 409 else original(written)

    return replaced(writer, "_result", result)


def s3_read_before_documents() -> AbstractContextManager[None]:
    """S3 is asked first, and the locks are read then."""

    class Known:
        def __init__(self, objects: Any, hints: list[Hint]) -> None:
            self.seen = {(hint.bucket, hint.key): self.ask(objects, hint) for hint in hints}

        def ask(self, objects: Any, hint: Hint) -> Any:
            try:
                return objects.observe(hint)
            except Exception as error:
                return error

        def observe(self, hint: Hint) -> Any:
            seen = self.seen[hint.bucket, hint.key]
            if isinstance(seen, Exception):
                raise seen
            return seen

    def one_round(original: Any) -> Any:
        def s3_first(tasks: list[Any], generations: Any, edges: Any, *more: Any) -> Any:
            known = Known(edges.objects, [task.hint for task in tasks])
            return original(tasks, generations, replace(edges, objects=known), *more)

        return s3_first

    return replaced(reconcile, "_round", one_round)


@contextmanager
def unchanged_documents_not_written() -> Iterator[None]:
    """A document that says what the index says already is not written again."""

    def read(original: Any) -> Any:
        return lambda client, indexes, ids, *more: original(client, indexes, dict.fromkeys(ids, True), *more)

    def prepare(original: Any) -> Any:
        def only_changes(task: Any, indexes: Any, before: list[writer.Stored | None], *more: Any) -> Any:
            made = original(task, indexes, before, *more)
            if not made.writes:
                return made
            changed = [
                write
                for write, stored in zip(made.writes, before, strict=True)
                if stored is None or stored.source | {"observed_at": ""} != _document(write) | {"observed_at": ""}
            ]
            return replace(made, writes=changed)

        return only_changes

    with replaced(writer, "read", read), replaced(reconcile, "prepare", prepare):
        yield


def only_first_generation_written() -> AbstractContextManager[None]:
    """The others are forgotten."""

    def prepare(original: Any) -> Any:
        def first(*arguments: Any) -> Any:
            made = original(*arguments)
            return replace(made, writes=made.writes[:1])

        return first

    return replaced(reconcile, "prepare", prepare)


def done_when_one_generation_is() -> AbstractContextManager[None]:
    """A hint is done as soon as one generation has it."""

    def judge(original: Any) -> Any:
        def any_will_do(passed: Any, task: Any, results: list[writer.Result], tally: Any) -> None:
            done = [result for result in results if result.status == writer.DONE]
            original(passed, task, done or results, tally)

        return any_will_do

    return replaced(reconcile, "_judge", judge)


def refused_parts_left_out_of_later_documents() -> AbstractContextManager[None]:
    """What OpenSearch refused once is left out of whatever S3 holds by the next round."""

    def prepare(original: Any) -> Any:
        return lambda task, *more: original(replace(task, refused=None), *more)

    return replaced(reconcile, "prepare", prepare)
