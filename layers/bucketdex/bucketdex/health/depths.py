"""How much a queue holds, as SQS tells it."""

from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.aws.settings import Queue
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

VISIBLE: "QueueAttributeNameType" = "ApproximateNumberOfMessages"
IN_FLIGHT: "QueueAttributeNameType" = "ApproximateNumberOfMessagesNotVisible"
DELAYED: "QueueAttributeNameType" = "ApproximateNumberOfMessagesDelayed"


class QueueDepth(msgspec.Struct, frozen=True):
    """How much waits in a queue, is being worked on, and was set aside."""

    visible: int
    in_flight: int
    delayed: int
    dead_letters: int  # all messages of its dead-letter queue
    oldest_seconds: float | None = None  # age of the oldest message, None when there is none or nobody tells

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to do; dead letters are not counted."""
        return not (self.visible or self.in_flight or self.delayed)


def depth(sqs: "SQSClient", queue: Queue) -> QueueDepth:
    """Return how much a queue holds; raises `Transient`. How old the oldest message is, SQS does not tell."""
    visible, in_flight, delayed = _counts(sqs, queue.url)
    return QueueDepth(visible, in_flight, delayed, dead_letters=sum(_counts(sqs, queue.dead_letters_url)))


def _counts(sqs: "SQSClient", url: str) -> tuple[int, int, int]:
    try:
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[VISIBLE, IN_FLIGHT, DELAYED])["Attributes"]
    except (BotoCoreError, ClientError) as error:
        silent = f"the queue {url.rpartition('/')[2]} does not tell what it holds"
        raise Transient(f"{silent}: {url}: {error}", silent) from error
    return int(told[VISIBLE]), int(told[IN_FLIGHT]), int(told[DELAYED])
