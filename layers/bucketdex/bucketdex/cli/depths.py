"""What is under way in the queues and state machines that the environment names: in AWS, or in a local stack."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from bucketdex.aws.settings import Queue
from bucketdex.cli.here import is_local
from bucketdex.errors import Transient
from bucketdex.health.depths import QueueDepth, depth
from bucketdex.local import depths as local
from bucketdex.local.stack import StackError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

LOOK_AGAIN = 0.25  # seconds between two looks

type Depths = dict[str, QueueDepth]


def look(sqs: "SQSClient", queues: Mapping[str, Queue]) -> Depths:
    """Return how much each of these queues holds, by name; raises `Transient`.

    How old the oldest message is only the emulated AWS tells; in AWS that is a metric of CloudWatch.
    """
    return {name: _with_age(queue, depth(sqs, queue)) for name, queue in queues.items()}


def executions(states: "SFNClient", machines: Mapping[str, str]) -> Depths:
    """Return how many executions of each state machine (name: ARN) run, as in flight; raises `Transient`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return local.running(states, machines)
    except (BotoCoreError, ClientError) as error:
        raise Transient(f"Step Functions does not tell which executions run: {error}") from error


def settled(look: Callable[[], Depths], seconds: float, is_searchable: Callable[[], bool] = lambda: True) -> bool:
    """Look until all was empty twice in a row and all is searchable; False where it was not within this time.

    Twice, so that nothing is on its way from one queue to the next.
    """
    deadline, was_empty = time.monotonic() + seconds, False
    while True:
        is_empty = all(it.is_empty for it in look().values())
        if is_empty and was_empty and is_searchable():
            return True
        if (was_empty or not is_empty) and time.monotonic() >= deadline:
            return False
        was_empty = is_empty
        time.sleep(LOOK_AGAIN)


def _with_age(queue: Queue, depth: QueueDepth) -> QueueDepth:
    oldest = None if depth.is_empty else _oldest_sent(queue)
    age = None if oldest is None else max(0.0, time.time() - oldest)
    return msgspec.structs.replace(depth, oldest_seconds=age)


def _oldest_sent(queue: Queue) -> float | None:
    """Return when the oldest message of a queue of a local stack was sent, where that can be known."""
    if not is_local(queue.url):
        return None
    try:
        told = local.ask(f"http://{urlsplit(queue.url).netloc}")
    except StackError:  # another emulator, which tells no more than SQS does
        return None
    return told[queue.name].oldest_sent if queue.name in told else None
