"""What moto's SQS does otherwise than AWS, put right, and how much its queues hold.

moto changes a queue's list of messages without a lock, so that messages sent while others are deleted get lost; walks
through all of them several times for each that is sent or received; and plays Lambda's poller itself, in Docker.
"""

import base64
import re
import time
import uuid
from typing import Any

import msgspec
from moto.sqs.constants import MAXIMUM_MESSAGE_LENGTH
from moto.sqs.exceptions import BatchRequestTooLong, InvalidParameterValue, ReceiptHandleIsInvalid, SQSException
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what AWS takes in no message
LONGEST_DELAY = 900  # seconds, as in AWS
LOOK_AGAIN = 0.25  # seconds after which a long poll looks for messages whose delay or visibility timeout is over

moto_send, moto_send_batch = SQSBackend.send_message, SQSBackend.send_message_batch
moto_receive = SQSBackend.receive_message
moto_change_visibility, moto_purge = SQSBackend.change_message_visibility, SQSBackend.purge_queue


class Depth(msgspec.Struct, frozen=True):
    """How much a queue holds, and when its oldest message was sent (Unix time)."""

    visible: int
    in_flight: int
    delayed: int
    oldest_sent: float | None


class InvalidMessageContentsError(SQSException):
    """AWS: a message is text that XML 1.0 can hold."""

    def __init__(self) -> None:
        super().__init__("InvalidMessageContents", "The message contains characters outside the allowed set.")


def install() -> None:
    """Put the functions of this module into moto's place."""
    for owner, name, function in (
        (SQSBackend, "send_message", send_message),
        (SQSBackend, "send_message_batch", send_message_batch),
        (SQSBackend, "receive_message", receive_message),
        (SQSBackend, "change_message_visibility", change_message_visibility),
        (SQSBackend, "purge_queue", purge_queue),
        (SQSBackend, "is_message_valid_based_on_retention_period", is_kept),
        (Queue, "delete_message", delete_message),
        (Queue, "messages", property(visible_messages)),
        (Queue, "approximate_number_of_messages_delayed", property(lambda queue: depth(queue).delayed)),
        (Queue, "approximate_number_of_messages_not_visible", property(lambda queue: depth(queue).in_flight)),
        # AWS: it is Lambda that polls. Here the stack's pollers do, and nobody is told of event source mappings.
        (Queue, "lambda_event_source_mappings", property(lambda _: {}, lambda _queue, _mappings: None)),
    ):
        setattr(owner, name, function)


def depths() -> dict[str, Depth]:
    """Return what every queue holds, by its name."""
    backends = [backend for account in list(sqs_backends.values()) for backend in list(account.values())]
    return {queue.name: depth(queue) for backend in backends for queue in list(backend.queues.values())}


def depth(queue: Queue) -> Depth:
    """Return what a queue holds."""
    now = time.time() * 1000
    with queue._messages_lock:
        in_flight = sum(now <= message.visible_at for message in queue._messages)
        delayed = sum(now < message.delayed_until for message in queue._messages)
        oldest = min((sent_at(message) for message in queue._messages), default=None)
        visible = len(queue._messages) - in_flight - delayed
    return Depth(visible, in_flight, delayed, oldest)


def visible_messages(queue: Queue) -> list[Message]:
    """Return the messages that can be received, with one look at the clock."""
    now = time.time() * 1000
    with queue._messages_lock:
        return [one for one in queue._messages if now > one.visible_at and now >= one.delayed_until]


def send_message(self: SQSBackend, queue_name: str, message_body: str, **options: Any) -> Message:
    """Send as moto does, but without counting the queue each time (moto's own still does so for FIFO queues)."""
    queue: Any = self.get_queue(queue_name)
    if queue.fifo_queue:
        return moto_send(self, queue_name, message_body, **options)
    asked, group_id = options.get("delay_seconds"), options.get("group_id")
    delay = int(queue.delay_seconds if asked is None else asked)
    if not 0 <= delay <= LONGEST_DELAY:
        raise InvalidParameterValue(
            f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        )
    self._validate_message(queue, message_body, delay, group_id=group_id)
    if NOT_XML.search(message_body):
        raise InvalidMessageContentsError
    limit = queue.maximum_message_size
    if size(message_body, options.get("message_attributes")) > limit:
        raise InvalidParameterValue(
            f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        )
    message = Message(str(uuid.uuid4()), message_body, options.get("system_attributes"))
    message.message_attributes, message.group_id = options.get("message_attributes") or {}, group_id
    message.mark_sent(delay_seconds=delay)
    queue.add_message(message)
    return message


def send_message_batch(self: SQSBackend, queue_name: str, entries: dict[str, dict[str, Any]]) -> Any:
    """AWS: all that is sent at once is limited as one message is, attributes included."""
    total = sum(size(entry["MessageBody"], entry.get("MessageAttributes")) for entry in entries.values())
    if total > MAXIMUM_MESSAGE_LENGTH:
        raise BatchRequestTooLong(total)
    return moto_send_batch(self, queue_name, entries)


def size(body: str, attributes: dict[str, dict[str, Any]] | None) -> int:
    """Return the bytes that AWS counts of a message: its body, and names, types and values of its attributes."""
    total = len(body.encode())
    for name, attribute in (attributes or {}).items():
        binary, text = attribute.get("BinaryValue") or b"", attribute.get("StringValue") or ""
        total += len(name.encode()) + len(attribute.get("DataType", "").encode()) + len(text.encode())
        total += len(binary) if isinstance(binary, bytes) else len(base64.b64decode(binary))
    return total


def receive_message(
    self: SQSBackend,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Message]:
    """AWS: no message is given to two receivers at once; a long poll answers as soon as there is one."""
    arrival = self.get_queue(queue_name)._messages_lock
    deadline = time.monotonic() + wait_seconds_timeout
    while True:
        with arrival:
            received = moto_receive(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
            remaining = deadline - time.monotonic()
            if received or remaining <= 0:
                return received
            arrival.wait(min(remaining, LOOK_AGAIN))


def change_message_visibility(self: SQSBackend, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
    """AWS: nothing else happens to the queue meanwhile."""
    with self.get_queue(queue_name)._messages_lock:
        moto_change_visibility(self, queue_name, receipt_handle, visibility_timeout)


def purge_queue(self: SQSBackend, queue_name: str) -> None:
    """AWS: nothing else happens to the queue meanwhile."""
    with self.get_queue(queue_name)._messages_lock:
        moto_purge(self, queue_name)


def delete_message(self: Queue, receipt_handle: str) -> None:
    """AWS: what is sent meanwhile stays. A deleted message is near the front, so it is looked for from there."""
    with self._messages_lock:
        if receipt_handle in self.deleted_messages:
            return
        for position, message in enumerate(self._messages):
            if message.receipt_handle == receipt_handle or receipt_handle in message._old_receipt_handles:
                del self._messages[position]
                self.pending_messages.discard(message)
                self.deleted_messages.update(handle for handle in message.all_receipt_handles if handle)
                return
    raise ReceiptHandleIsInvalid


def is_kept(self: SQSBackend, queue_name: str, message: Message) -> bool:
    """Tell whether a message is within its queue's retention period, without counting the queue."""
    queue: Any = self.get_queue(queue_name)
    return bool(queue.message_retention_period + sent_at(message) > time.time())


def sent_at(message: Message) -> float:
    """Return when a message was sent (Unix time)."""
    return (message.sent_timestamp or 0) / 1000
