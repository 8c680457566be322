"""A model of SQS: visibility, receive counts, redrive, dead letters; and the client."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from bucketdex.aws.settings import Queue
from simulation.knobs import SECOND
from simulation.schedule import EPOCH, Schedule

MOST_ATTRIBUTES = 10  # of a message
MOST_ENTRIES = 10  # of a batch request
LONGEST_DELAY = 900  # seconds


@dataclass(eq=False, slots=True)
class Message:
    """A message in a queue."""

    id: str
    body: str
    sent: int
    visible_at: int
    receives: int = 0


@dataclass(frozen=True)
class DeadLetter:
    """A message that was set aside; `reason` has its attributes, none where the queue's redrive did it."""

    message_id: str
    body: str
    reason: Mapping[str, str]


@dataclass(eq=False)
class ModelQueue:
    """A queue with its dead letters. `woken_at` is when somebody looks at it next."""

    name: str
    visibility: int
    max_receives: int
    messages: dict[str, Message] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)
    running: int = 0
    woken_at: int | None = None

    @property
    def settings(self) -> Queue:
        """What the function is told of it."""
        return Queue(f"https://sqs/1/{self.name}", f"https://sqs/1/{self.name}DeadLetters")

    def visible(self, now: int) -> list[Message]:
        """Return what could be received now."""
        return [message for message in self.messages.values() if message.visible_at <= now]

    def receive(self, message: Message, now: int) -> dict[str, Any] | None:
        """Return the record that Lambda makes of it; None if it had its last receive and was set aside."""
        if message.receives >= self.max_receives:
            del self.messages[message.id]
            self.dead.append(DeadLetter(message.id, message.body, {}))
            return None
        message.receives += 1
        message.visible_at = now + self.visibility
        return {
            "messageId": message.id,
            "receiptHandle": f"{message.id}/{message.receives}",
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.receives),
                "SentTimestamp": str(int(EPOCH.timestamp() * 1000) + message.sent // 1000),
            },
            "eventSourceARN": f"arn:aws:sqs:us-east-1:1:{self.name}",
        }


class ModelSqs:
    """The client; `dead_letter` is told of each that the code under test sends, `send` puts messages into a queue.

    `second` is what is a second to it, where a world has time scaled down.
    """

    def __init__(
        self,
        schedule: Schedule,
        queues: list[ModelQueue],
        faults: float,
        dead_letter: Callable[[ModelQueue], None],
        send: Callable[[str, str, int], object],
        second: int = SECOND,
    ) -> None:
        self._schedule = schedule
        self._queues = {queue.settings.url: queue for queue in queues}
        self._dead = {queue.settings.dead_letters_url: queue for queue in queues}
        self._faults = faults
        self._dead_letter = dead_letter
        self._send = send
        self._second = second

    def send_message(self, QueueUrl: str, MessageBody: str, MessageAttributes: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Take a dead letter."""
        self._schedule.pause("SendMessage", MessageAttributes)
        lost = self._breaks("SendMessage")
        told = {name: attribute["StringValue"] for name, attribute in MessageAttributes.items()}
        if len(told) > MOST_ATTRIBUTES or not all(told.values()) or not MessageBody:
            raise _refusal("SendMessage", "InvalidParameterValue")
        queue = self._dead[QueueUrl]
        queue.dead.append(DeadLetter(told["MessageId"], MessageBody, told))
        self._dead_letter(queue)
        if lost:
            raise EndpointConnectionError(endpoint_url=QueueUrl)
        return {"MessageId": "dead"}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Take messages, sometimes not all of them."""
        self._schedule.pause("SendMessageBatch", Entries)
        lost = self._breaks("SendMessageBatch")
        if not 0 < len(Entries) <= MOST_ENTRIES or len({entry["Id"] for entry in Entries}) < len(Entries):
            raise _refusal("SendMessageBatch", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
        failed: list[dict[str, str]] = []
        for entry in Entries:
            delay = entry.get("DelaySeconds", 0)
            assert 0 <= delay <= LONGEST_DELAY
            if lost and self._schedule.rng.random() < 0.3:
                failed.append({"Id": entry["Id"], "Code": "InternalError", "Message": "internal error"})
            else:
                self._send(self._queues[QueueUrl].name, entry["MessageBody"], delay * self._second)
        if lost and not failed:
            raise EndpointConnectionError(endpoint_url=QueueUrl)
        return {"Successful": [], "Failed": failed}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Put deliveries off."""
        self._schedule.pause("ChangeMessageVisibilityBatch", Entries)
        lost = self._breaks("ChangeMessageVisibilityBatch")
        if not 0 < len(Entries) <= MOST_ENTRIES or len({entry["Id"] for entry in Entries}) < len(Entries):
            raise _refusal("ChangeMessageVisibilityBatch", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
        for entry in Entries:
            identity, _, receives = entry["ReceiptHandle"].partition("/")
            message = self._queues[QueueUrl].messages.get(identity)
            if message and message.receives == int(receives):
                message.visible_at = self._schedule.now + entry["VisibilityTimeout"] * self._second
        if lost:
            raise EndpointConnectionError(endpoint_url=QueueUrl)
        return {"Successful": []}

    def _breaks(self, call: str) -> bool:
        """Fail before the request took effect, or say that its answer gets lost."""
        rng = self._schedule.rng
        if not self._faults or rng.random() > self._faults:
            return False
        self._schedule.counts["faults of SQS"] += 1
        if rng.random() < 0.5:
            raise _refusal(call, "ServiceUnavailable")
        return True


def _refusal(call: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 503}}, call)  # type: ignore[typeddict-item]
