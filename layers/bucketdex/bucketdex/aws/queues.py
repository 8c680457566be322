"""The messages of a queue, as Lambda hands them over: what becomes of each that could not be processed.

Lambda deletes what is not reported as failed. A message that may work later is reported, and its next delivery put off,
longer each time. One that never will work, or had its last chance, is sent to the dead-letter queue with its reason as
message attributes, and then not reported. If even that fails it is reported: nothing is lost.
"""

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.aws.settings import Queue
from bucketdex.errors import Permanent, kind_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

FIRST_DELAY_SECONDS = 15  # doubled at each delivery
LONGEST_DELAY_SECONDS = 900  # with 100 receives: a day until the last one
BATCH = 10  # SQS takes ten entries a request
REASON_CHARACTERS = 1_000  # a reason is a sentence, not a trace
MESSAGE_BYTES = 1_048_576  # of body and attributes together
TEXT = "String"


class Delivery(msgspec.Struct, frozen=True):
    """One message as it was delivered: `receives` counts this delivery too; `sent` is in seconds since 1970."""

    id: str
    receipt: str
    body: str
    queue: str
    receives: int = 1
    sent: float = 0.0


class Failure(msgspec.Struct, frozen=True):
    """A message that was not processed, and why."""

    delivery: Delivery
    error: BaseException


class Settled(msgspec.Struct, frozen=True):
    """What became of the failures: ids to report to Lambda, and how many went to a dead-letter queue."""

    reported: tuple[str, ...] = ()
    dead_letters: int = 0


def deliveries(event: dict[str, Any]) -> list[Delivery]:
    """Return the messages of the event that Lambda makes of a batch from SQS."""
    return [
        Delivery(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            body=record["body"],
            queue=record["eventSourceARN"].rsplit(":", 1)[-1],
            receives=int(record["attributes"]["ApproximateReceiveCount"]),
            sent=int(record["attributes"].get("SentTimestamp", 0)) / 1000,
        )
        for record in event["Records"]
    ]


def delay_seconds(receives: int) -> int:
    """Return how long a message waits that has failed so many times."""
    return int(min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(receives - 1, 10)))


def settle(sqs: "SQSClient", queues: Sequence[Queue], failures: Iterable[Failure], max_receives: int) -> Settled:
    """Set aside or put off each failed message; see the module's first lines for which."""
    by_name = {queue.name: queue for queue in queues}
    reported: list[str] = []
    dead = 0
    for name, group in itertools.groupby(sorted(failures, key=_queue), key=_queue):
        queue = by_name.get(name)
        of_queue = list(group)
        if queue is None:  # not a queue of the template: its own redrive has to do
            reported += [failure.delivery.id for failure in of_queue]
            continue
        final = [f for f in of_queue if isinstance(f.error, Permanent) or f.delivery.receives >= max_receives]
        kept = _set_aside(sqs, queue, final)
        dead += len(final) - len(kept)
        later = [failure for failure in of_queue if failure not in final] + kept
        _put_off(sqs, queue, later)
        reported += [failure.delivery.id for failure in later]
    return Settled(tuple(reported), dead)


def _queue(failure: Failure) -> str:
    return failure.delivery.queue


def _set_aside(sqs: "SQSClient", queue: Queue, failures: Sequence[Failure]) -> list[Failure]:
    """Send to the dead-letter queue; return what could not be sent."""
    kept: list[Failure] = []
    for failure in failures:  # one by one: ten of them could be larger together than a request may be
        try:
            set_aside(sqs, queue.dead_letters_url, failure)
        except Exception:  # noqa: BLE001, whatever it was, the message must not be lost
            kept.append(failure)
    return kept


def set_aside(sqs: "SQSClient", dead_letters_url: str, failure: Failure) -> None:
    """Send a message to a dead-letter queue, with its reason; raises what boto3 raises."""
    body = failure.delivery.body
    sqs.send_message(
        QueueUrl=dead_letters_url,
        MessageBody=body,
        MessageAttributes=_fitting(_told(failure), MESSAGE_BYTES - len(body.encode("utf-8", "replace"))),
    )


def _told(failure: Failure) -> dict[str, str]:
    delivery, error = failure.delivery, failure.error
    said = str(error) if kind_of(error) != "ours" else f"{type(error).__name__}: {error}"
    return {
        "Kind": kind_of(error),
        "Reason": _printable(said)[:REASON_CHARACTERS] or type(error).__name__,
        "MessageId": delivery.id,
        "Receives": str(delivery.receives),
        "Sent": f"{delivery.sent:.3f}",
    }


def _fitting(told: dict[str, str], room: int) -> "dict[str, MessageAttributeValueTypeDef]":
    """Return what SQS takes beside the body: it counts names, types and values into the size of a message.

    Better a message without a word than none.
    """
    attributes: dict[str, MessageAttributeValueTypeDef] = {}
    for name, value in told.items():
        room -= len(name) + len(TEXT) + len(value.encode())
        if room >= 0:
            attributes[name] = {"DataType": TEXT, "StringValue": value}
    return attributes


def _printable(text: str) -> str:
    # SQS refuses a message whose attributes hold characters that XML 1.0 has not.
    return "".join(
        c if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) & 0xFFFE != 0xFFFE else "?" for c in text
    )


def _put_off(sqs: "SQSClient", queue: Queue, failures: Sequence[Failure]) -> None:
    for group in itertools.batched(failures, BATCH):
        with contextlib.suppress(Exception):  # it then comes back after the queue's own visibility timeout
            sqs.change_message_visibility_batch(
                QueueUrl=queue.url,
                Entries=[
                    {
                        "Id": str(number),
                        "ReceiptHandle": failure.delivery.receipt,
                        "VisibilityTimeout": delay_seconds(failure.delivery.receives),
                    }
                    for number, failure in enumerate(group)
                ],
            )
