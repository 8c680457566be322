"""What was set aside, with its reason: read it without taking it away, send it to its queue again, only then delete it.

Three ways lead into a dead-letter queue, and the attributes of a message tell them apart: the function set it aside
(`Reason`, see `aws/queues.py`), EventBridge could not deliver it (`ERROR_MESSAGE`), or the queue's own redrive moved it
(neither): then the function crashed or ran out of time at each receive.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.aws.queues import BATCH
from bucketdex.aws.settings import Queue
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

READING_SECONDS = 300  # nobody else sees a message while it is looked at; it is put back when that is over
GLANCING_SECONDS = 5  # the same, of a glance: put back at once, and should that fail, so soon by itself
LONG_POLL_SECONDS = 1
CRASHED = "crashed"
UNDELIVERED = "undelivered"
MOVED_BY_THE_QUEUE = "crashed or timed out: moved by the queue itself after its last receive"


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that was set aside. `sent` and `receives` are those of the message before it was, where known.

    `id` is what the function's logs call it; `kind` is permanent, transient, ours, crashed or undelivered. The receives
    of one that was not set aside by the function count each look at it too.
    """

    id: str
    queue: str
    kind: str
    reason: str
    sent: float  # Unix time
    receives: int
    body: str


class Held(msgspec.Struct, frozen=True):
    """A dead letter that nobody else can receive for the moment; `receipt` is what deletes it."""

    letter: DeadLetter
    queue: Queue
    receipt: str


class Replay(msgspec.Struct, frozen=True):
    """How many were sent to their queue again, and what went wrong with others (those are still set aside)."""

    sent: int = 0
    failed: tuple[str, ...] = ()


class Deletion(msgspec.Struct, frozen=True):
    """Which were deleted, and what went wrong with others (those are still set aside)."""

    deleted: tuple[DeadLetter, ...] = ()
    failed: tuple[str, ...] = ()


@contextlib.contextmanager
def held(sqs: "SQSClient", queues: Mapping[str, Queue]) -> Iterator[list[Held]]:
    """Hold the dead letters of these queues, by name; those that are not deleted are put back in the end.

    Whoever reads them at the same time gets the others. Raises `Transient` when a queue cannot be read.
    """
    letters: list[Held] = []
    try:
        for name, queue in queues.items():
            _receive_all(sqs, name, queue, letters)
        yield letters
    finally:
        for url, group in itertools.groupby(letters, key=lambda it: it.queue.dead_letters_url):
            _put_back(sqs, url, [it.receipt for it in group])


def glance(sqs: "SQSClient", name: str, queue: Queue) -> list[DeadLetter]:
    """Return some dead letters of a queue, at most 10, which others can receive again right away.

    Nothing is taken away: they are put back at once, and come back by themselves within 5 s where that fails. Whoever
    reads in between misses those for a moment, and each look counts as a receive. Raises `Transient`.
    """
    try:
        received = _receive(sqs, queue.dead_letters_url, GLANCING_SECONDS)
    except (BotoCoreError, ClientError) as error:
        told = f"the dead-letter queue {queue.dead_letters_url.rpartition('/')[2]} cannot be read"
        raise Transient(f"{told}: {queue.dead_letters_url}: {error}", told) from error
    _put_back(sqs, queue.dead_letters_url, [it["ReceiptHandle"] for it in received])
    return [dead_letter(name, message) for message in received]


def replay(sqs: "SQSClient", letters: Iterable[Held], progress: Callable[[int], None] = lambda _: None) -> Replay:
    """Send each to its queue again and delete it then: broken off in between it comes twice, and is never lost."""
    sent = 0
    failed: list[str] = []
    for it in letters:
        try:
            sqs.send_message(QueueUrl=it.queue.url, MessageBody=it.letter.body)
        except (BotoCoreError, ClientError) as error:
            failed.append(f"{it.letter.id} could not be sent to {it.letter.queue}: {error}")
            continue
        try:
            sqs.delete_message(QueueUrl=it.queue.dead_letters_url, ReceiptHandle=it.receipt)
        except (BotoCoreError, ClientError) as error:
            failed.append(f"{it.letter.id} was sent to {it.letter.queue}, but is still set aside: {error}")
            continue
        sent += 1
        progress(sent)
    return Replay(sent, tuple(failed))


def delete(sqs: "SQSClient", letters: Iterable[Held]) -> Deletion:
    """Delete each for good; what it told of is not processed."""
    gone: list[DeadLetter] = []
    failed: list[str] = []
    for it in letters:
        try:
            sqs.delete_message(QueueUrl=it.queue.dead_letters_url, ReceiptHandle=it.receipt)
        except (BotoCoreError, ClientError) as error:
            failed.append(f"{it.letter.id} is still set aside: {error}")
            continue
        gone.append(it.letter)
    return Deletion(tuple(gone), tuple(failed))


def _receive_all(sqs: "SQSClient", name: str, queue: Queue, letters: list[Held]) -> None:
    """Append what the dead-letter queue holds; ends when it is empty, or the first ones have come round again."""
    seen: set[str] = set()
    try:
        while received := _receive(sqs, queue.dead_letters_url):
            fresh = [message for message in received if message["MessageId"] not in seen]
            if not fresh:
                return
            seen.update(message["MessageId"] for message in fresh)
            letters += [Held(dead_letter(name, message), queue, message["ReceiptHandle"]) for message in fresh]
    except (BotoCoreError, ClientError) as error:
        raise Transient(f"the dead-letter queue {queue.dead_letters_url} cannot be read: {error}") from error


def _receive(sqs: "SQSClient", url: str, seconds: int = READING_SECONDS) -> "list[MessageTypeDef]":
    """Return some messages. A short poll asks only some of SQS's servers, so before none is believed all are asked."""
    for wait in (0, LONG_POLL_SECONDS):
        if wait and not _visible(sqs, url):
            break
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=seconds,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        if messages := answer.get("Messages"):
            return messages
    return []


def _visible(sqs: "SQSClient", url: str) -> int:
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(told["Attributes"]["ApproximateNumberOfMessages"])


def dead_letter(queue: str, message: "MessageTypeDef") -> DeadLetter:
    """Return what a message of a dead-letter queue tells of itself."""
    attributes = message.get("MessageAttributes", {})
    told = {name: value.get("StringValue", "") for name, value in attributes.items()}
    system = message.get("Attributes", {})
    if "Reason" in told:
        kind, reason = told.get("Kind", "?"), told["Reason"]
    elif "ERROR_MESSAGE" in told:
        kind = UNDELIVERED
        reason = f"EventBridge could not deliver it: {told.get('ERROR_CODE', '')} {told['ERROR_MESSAGE']}"
    else:
        kind, reason = CRASHED, MOVED_BY_THE_QUEUE
    return DeadLetter(
        id=told.get("MessageId") or message["MessageId"],
        queue=queue,
        kind=kind,
        reason=reason,
        sent=_number(told.get("Sent")) or _number(system.get("SentTimestamp")) / 1000,
        receives=int(_number(told.get("Receives") or system.get("ApproximateReceiveCount"))),
        body=message["Body"],
    )


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _put_back(sqs: "SQSClient", url: str, receipts: Iterable[str]) -> None:
    for group in itertools.batched(receipts, BATCH):
        # Those that were deleted are refused one by one; what cannot be put back comes back by itself, later.
        with contextlib.suppress(BotoCoreError, ClientError):
            sqs.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for number, receipt in enumerate(group)
                ],
            )
