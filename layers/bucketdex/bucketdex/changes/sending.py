"""Keys to look at, sent to a queue in bucketdex's own form."""

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.changes.backfill import message
from bucketdex.changes.change import ObjectChange
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# An invocation gets up to 100 messages: with 25 keys each that is what it can read in a quarter of its time, and what
# their texts take fits its memory.
MESSAGE_KEYS = 25
# 125 keys of 1,024 control characters, six bytes each in JSON, still are below the 1 MiB that SQS takes at once.
REQUEST_KEYS = 125
MOST_IN_REQUEST = 10  # messages; SQS takes no more


def send(
    sqs: "SQSClient",
    queue_url: str,
    changes: Iterable[ObjectChange],
    progress: Callable[[int], None] = lambda _: None,
    keys_each: int = MESSAGE_KEYS,
    delay_seconds: int = 0,
) -> int:
    """Send the changes to the queue and return how many there are; `progress` is told each time.

    A message tells of `keys_each` keys, and comes back with all of them if one fails. Raises `Transient`, which says
    how many were sent. Sending a key twice does no harm. Nobody sees them for `delay_seconds`, 900 at most.
    """
    sent = 0
    messages = itertools.batched(changes, keys_each)
    in_request = min(MOST_IN_REQUEST, REQUEST_KEYS // keys_each)
    try:
        for group in itertools.batched(messages, in_request):
            answer = sqs.send_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": message(keys), "DelaySeconds": delay_seconds}
                    for number, keys in enumerate(group)
                ],
            )
            if failed := answer.get("Failed"):
                raise Transient(f"the queue {queue_url} refused keys after {sent}: {failed[0]['Message']}")
            sent += sum(map(len, group))
            progress(sent)
    except (BotoCoreError, ClientError) as error:
        raise Transient(f"the queue {queue_url} does not take keys after {sent}: {error}") from error
    return sent
