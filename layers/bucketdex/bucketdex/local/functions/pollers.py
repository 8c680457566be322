"""Event source mappings: a poller for each takes messages from its queue to its function, as Lambda's pollers do.

What the function succeeded with is deleted. What it reports as failed stays, with the visibility that the function gave
it; so does the whole batch when it raised, timed out or answered something else than it should.
"""

import base64
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.local.deployment import EventSource
from bucketdex.local.functions.pool import FunctionError, FunctionPool

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

RECEIVE_LIMIT = 10  # messages, of one ReceiveMessage and of one DeleteMessageBatch
LONG_POLL = 20  # seconds, the longest that SQS allows
LOOK_AGAIN = 0.1  # seconds between looks into the queue while a batch is filled
PAYLOAD_LIMIT = 6_000_000  # bytes of an invocation
PAUSE = 1.0  # seconds after the queue could not be reached

log = logging.getLogger(__name__)

type Receive = Callable[[int, int], Sequence[MessageTypeDef]]  # at most how many messages, how many seconds to wait


class Poller:
    """The pollers of one event source: one thread collects batches, as many as may run at a time are invoked."""

    def __init__(self, source: EventSource, function: FunctionPool, sqs: "SQSClient", concurrency: int) -> None:
        self.source = source
        self._function = function
        self._sqs = sqs
        self._stopping = threading.Event()
        self._free = threading.Semaphore(concurrency)
        self._invokers = ThreadPoolExecutor(concurrency, thread_name_prefix=source.logical_id)
        self._collector = threading.Thread(target=self._run, name=source.logical_id, daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._collector.start()

    def stop(self) -> None:
        """Take no further batch. Batches under way go on; their messages come back if they do not end well."""
        self._stopping.set()
        self._free.release()  # wakes the collector where it waits for an invocation to end
        self._invokers.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._free.acquire()  # before messages are taken: what nobody can work on stays visible
            try:
                batch = collect(self._receive, self.source.batch_size, self.source.window, self._stopping)
            except (BotoCoreError, ClientError) as error:
                log.warning("%s: the queue cannot be read: %s", self.source.logical_id, error)
                batch = []
                self._stopping.wait(PAUSE)
            if not batch or self._stopping.is_set():
                self._free.release()
                continue
            with contextlib.suppress(RuntimeError):  # stopped just now
                self._invokers.submit(self._work, batch).add_done_callback(lambda _: self._free.release())

    def _receive(self, count: int, wait: int) -> "Sequence[MessageTypeDef]":
        answer = self._sqs.receive_message(
            QueueUrl=self.source.queue_url,
            MaxNumberOfMessages=count,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _work(self, batch: "Sequence[MessageTypeDef]") -> None:
        try:
            answer = self._function.invoke(sqs_event(batch, self.source.queue_arn))
            failed = failures(answer, [it["MessageId"] for it in batch]) if self.source.reports_item_failures else set()
            done = [it["ReceiptHandle"] for it in batch if it["MessageId"] not in failed]
            for start in range(0, len(done), RECEIVE_LIMIT):
                entries = enumerate(done[start : start + RECEIVE_LIMIT])
                self._sqs.delete_message_batch(
                    QueueUrl=self.source.queue_url,
                    Entries=[{"Id": str(number), "ReceiptHandle": handle} for number, handle in entries],
                )
        except (FunctionError, BadAnswer) as error:
            log.warning("%s: %d messages stay in the queue: %s", self.source.logical_id, len(batch), error)
        except (BotoCoreError, ClientError) as error:
            log.warning("%s: messages could not be deleted and come again: %s", self.source.logical_id, error)
        except Exception:
            log.exception("%s: a batch was not worked on", self.source.logical_id)


class BadAnswer(Exception):
    """The function did not answer with a list of failed items, so all of the batch counts as failed."""


def collect(receive: Receive, batch_size: int, window: float, stopping: threading.Event) -> "list[MessageTypeDef]":
    """Wait for a message, then gather more until the batch is full or `window` seconds after the first are over."""
    batch = list(receive(min(batch_size, RECEIVE_LIMIT), LONG_POLL))
    ends = time.monotonic() + window
    size = sum(len(it["Body"]) for it in batch)
    while batch and len(batch) < batch_size and size < PAYLOAD_LIMIT:
        more = receive(min(batch_size - len(batch), RECEIVE_LIMIT), 0) if window else []
        batch += more
        size += sum(len(it["Body"]) for it in more)
        left = ends - time.monotonic()
        if left <= 0 or (not more and stopping.wait(min(left, LOOK_AGAIN))):
            break
    return batch


def sqs_event(messages: "Iterable[MessageTypeDef]", queue_arn: str) -> dict[str, Any]:
    """Return the event in which Lambda hands messages of a queue to a function."""
    return {"Records": [_record(it, queue_arn) for it in messages]}


def _record(message: "MessageTypeDef", queue_arn: str) -> dict[str, Any]:
    attributes = message.get("MessageAttributes", {})
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {name: _attribute(it) for name, it in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if attributes:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        told["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        told["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return told


def failures(answer: object, batch: Iterable[str]) -> set[str]:
    """Return the message ids that a `ReportBatchItemFailures` answer names; nothing, null and `{}` name none.

    As with Lambda, a wrong key, an empty id or the id of a message that is not in the batch makes all of it fail.
    """
    match answer:
        case None | "":
            return set()
        case {"batchItemFailures": None}:
            return set()
        case {"batchItemFailures": list(items)}:
            named = {str(it.get("itemIdentifier")) if isinstance(it, dict) else str(it) for it in items}
            unknown = named - set(batch)
            if not unknown:
                return named
            raise BadAnswer(f"these are not ids of messages in the batch: {sorted(unknown)}")
        case dict() if not answer:
            return set()
    raise BadAnswer(f"not an answer with batchItemFailures: {str(answer)[:200]}")
