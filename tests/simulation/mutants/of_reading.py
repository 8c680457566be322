"""Mutants of what is believed: of facts, of S3, of the control table, and of what became of a message."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from bucketdex.aws import queues
from bucketdex.changes import Fact, batch
from bucketdex.changes.hint import Hint
from bucketdex.control import ControlTable
from bucketdex.objects import observe, preparing, reconcile
from simulation.replacing import replaced


class OfAny(Fact, frozen=True):
    """A fact that counts for every version."""

    def is_about(self, version_id: str | None, etag: str | None) -> bool:
        return True


class OfEtag(Fact, frozen=True):
    """A fact that counts for every version of the same bytes."""

    def is_about(self, version_id: str | None, etag: str | None) -> bool:
        return self.etag == etag


def facts_carried_over_on_etag_alone() -> AbstractContextManager[None]:
    """What the document before knows is taken over by every version of the same bytes."""

    def known(original: Any) -> Any:
        def on_etag(documents: Any) -> list[Fact]:
            return [OfEtag(**msgspec.structs.asdict(fact)) for fact in original(documents)]

        return on_etag

    return replaced(preparing, "known_of", known)


def facts_of_hints_not_checked() -> AbstractContextManager[None]:
    """A fact is taken for one about whatever S3 holds now."""

    def prepare(original: Any) -> Any:
        def unchecked(task: Any, *more: Any) -> Any:
            facts = tuple(OfAny(**msgspec.structs.asdict(fact)) for fact in task.hint.facts)
            return original(replace(task, hint=msgspec.structs.replace(task.hint, facts=facts)), *more)

        return unchecked

    return replaced(reconcile, "prepare", prepare)


def forbidden_taken_for_deleted() -> AbstractContextManager[None]:
    """A 403 makes a tombstone."""

    def refused(original: Any) -> Any:
        def gone(self: Any, hint: Hint, error: ClientError, observed_at: Any) -> Any:
            if error.response["Error"]["Code"] == "AccessDenied":
                return observe.Observation(observed_at, gone=True)
            return original(self, hint, error, observed_at)

        return gone

    return replaced(observe.ObjectReader, "_refused", refused)


def broken_off_body_believed() -> AbstractContextManager[None]:
    """The bytes that came are taken for all that there are."""

    class Padded:
        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def read(self, amount: int) -> bytes:
            got: bytes = self.stream.read(amount)
            return got.ljust(amount, b" ")

        def close(self) -> None:
            self.stream.close()

    def get(original: Any) -> Any:
        def believing(self: Any, hint: Hint, **how: Any) -> Any:
            reader = observe.ObjectReader(_Padding(self._s3, Padded), self._clock, self._remaining)
            return original(reader, hint, **how)

        return believing

    return replaced(observe.ObjectReader, "_get", get)


@dataclass(frozen=True)
class _Padding:
    s3: Any
    padded: Callable[[Any], Any]

    def get_object(self, **request: Any) -> dict[str, Any]:
        answer = self.s3.get_object(**request)
        return answer | {"Body": self.padded(answer["Body"])}


def control_table_cached() -> AbstractContextManager[None]:
    """What the control table said once is believed for ever."""

    def view(original: Any) -> Any:
        def remembered(self: ControlTable, kind: str, buckets: Any) -> Any:
            memory = self._dynamodb.__dict__.setdefault("memory", {})  # lives as long as a world
            asked = (kind, *sorted(buckets))
            if asked not in memory:
                memory[asked] = original(self, kind, buckets)
            return memory[asked]

        return remembered

    return replaced(ControlTable, "view", view)


def acknowledged_when_one_key_is_done() -> AbstractContextManager[None]:
    """A message of which one key failed counts as done if another key was written."""

    def error(original: Any) -> Any:
        def lenient(message: Any, outcomes: Any) -> Any:
            found = [outcomes[change.bucket, change.key].error for change in message.changes]
            return None if None in found else original(message, outcomes)

        return lenient

    return replaced(batch, "_error", error)


def dead_lettering_failure_swallowed() -> AbstractContextManager[None]:
    """A message that could not be set aside is acknowledged all the same."""

    def set_aside(original: Any) -> Any:
        def careless(*arguments: Any) -> list[Any]:
            original(*arguments)
            return []

        return careless

    return replaced(queues, "_set_aside", set_aside)
