"""A batch of messages: read, folded to one hint a key, reconciled, and each message judged by its own keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from bucketdex.aws.queues import Delivery, Failure, Settled, settle
from bucketdex.aws.settings import Queue
from bucketdex.changes.change import ObjectChange
from bucketdex.changes.hint import ObjectName, fold
from bucketdex.changes.message import Message, parse_message
from bucketdex.changes.outcome import Outcome, Reconcile, Tally
from bucketdex.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


NOTIFYING = frozenset({"s3", "eventbridge"})  # sources that tell of a change at once, by themselves


@dataclass(frozen=True)
class Queues:
    """The queues whose messages are handled; a message's last permitted receive is number `max_receives`."""

    sqs: "SQSClient"
    known: Sequence[Queue]
    max_receives: int


class Report(msgspec.Struct, frozen=True):
    """What to tell of a batch: the outcome of each key with the messages that spoke of it, and each failed message.

    `live` is, for each connected bucket, when the newest change happened of which a notification told.
    """

    outcomes: dict[ObjectName, Outcome]
    messages_of: dict[ObjectName, list[str]]
    failures: tuple[Failure, ...]
    settled: Settled
    live: dict[str, datetime]
    ignored: int
    event_ages: tuple[float, ...]
    tally: Tally


def handle(
    messages: Sequence[Delivery],
    reconcile: Reconcile,
    queues: Queues,
    now: Callable[[], float],
    parse: Callable[[str], Message] = parse_message,
) -> Report:
    """Process a batch; raises nothing that one message or key could cause.

    `reconcile` makes the index say of each hint's key what S3 says; `parse` reads the body of a message.
    """
    read: dict[str, Message] = {}
    errors: dict[str, BaseException] = {}
    for delivery in messages:
        try:
            read[delivery.id] = parse(delivery.body)
        except Exception as error:  # noqa: BLE001, also a bug in here is this message's alone
            errors[delivery.id] = error
    messages_of: dict[ObjectName, list[str]] = {}
    for identity, message in read.items():
        for change in message.changes:
            of_key = messages_of.setdefault((change.bucket, change.key), [])
            if not of_key or of_key[-1] != identity:
                of_key.append(identity)
    changes = [change for message in read.values() for change in message.changes]
    sent = _sent(messages, messages_of)
    tally = Tally()
    outcomes: dict[ObjectName, Outcome] = {}
    try:
        hints = [replace(hint, sent=sent.get(name)) for name, hint in fold(changes).items()]
        outcomes = reconcile(hints, tally) if hints else {}
    except Exception as error:  # noqa: BLE001, an outage or a bug: every message that tells a change comes back
        outcomes = {name: Outcome("failed", error) for name in messages_of}
    for identity, message in read.items():
        if reason := _error(message, outcomes):
            errors[identity] = reason
    failures = tuple(Failure(delivery, errors[delivery.id]) for delivery in messages if delivery.id in errors)
    return Report(
        outcomes,
        messages_of,
        failures,
        settle(queues.sqs, queues.known, failures, queues.max_receives),
        live=_live(changes, outcomes),
        ignored=sum(len(message.ignored) for message in read.values()),
        event_ages=_ages(messages, read, now()),
        tally=tally,
    )


def _sent(messages: Sequence[Delivery], messages_of: dict[ObjectName, list[str]]) -> dict[ObjectName, float]:
    """Return for each key when the last message that tells of it was sent, if none of them was delivered before."""
    first = {delivery.id: delivery.sent for delivery in messages if delivery.receives == 1 and delivery.sent}
    return {name: max(map(first.__getitem__, ids)) for name, ids in messages_of.items() if first.keys() >= set(ids)}


def _live(changes: Iterable[ObjectChange], outcomes: Mapping[ObjectName, Outcome]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for change in changes:
        connected = outcomes[change.bucket, change.key].state != "not connected"
        if connected and change.source in NOTIFYING and change.time:
            newest[change.bucket] = max(change.time, newest.get(change.bucket, change.time))
    return newest


def _ages(messages: Sequence[Delivery], read: dict[str, Message], now: float) -> tuple[float, ...]:
    """Return for each change the seconds since it happened; since it was sent, where the event does not tell.

    Not for what the trail tells: that is late by nature, held back, and old where old log files are read.
    """
    sent = {delivery.id: delivery.sent for delivery in messages}
    times = [
        change.time.timestamp() if change.time else sent[identity]
        for identity, message in read.items()
        for change in message.changes
        if change.source != "cloudtrail"
    ]
    return tuple(max(0.0, now - time) for time in times)


def _error(message: Message, outcomes: dict[ObjectName, Outcome]) -> BaseException | None:
    """Return why the message is not done: what may still work goes before what never will."""
    found = [outcomes[change.bucket, change.key].error for change in message.changes]
    errors = [error for error in found if error]
    for error in errors:
        if not isinstance(error, Permanent):
            return error
    reasons = [*message.problems, *dict.fromkeys(map(str, errors))]
    return Permanent("; ".join(reasons)) if reasons else None
