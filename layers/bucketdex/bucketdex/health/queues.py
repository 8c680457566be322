"""The queues: what is under way, and what was set aside, about what and why."""

from typing import TYPE_CHECKING, Any

import msgspec

from bucketdex.aws.dead_letters import DeadLetter, glance
from bucketdex.aws.settings import Queue
from bucketdex.changes.message import parse_message
from bucketdex.errors import Permanent
from bucketdex.health.depths import depth
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_REASON = 2_000  # characters
HIDDEN = "it is about a bucket that you may not see"


class SetAside(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A message that could not be processed, and why; `about` is the object that it told of, where that is known.

    `kind` is permanent, transient, ours, crashed or undelivered; `sent` is Unix time; `replay` has it processed again.
    """

    id: str
    kind: str
    reason: str
    sent: float
    receives: int
    replay: str
    bucket: str | None = None
    key: str | None = None


class QueueHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How much a queue holds: waiting, being worked on, to come later; `dead_letters` were set aside.

    `set_aside` are up to ten of those.
    """

    name: str
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int
    set_aside: tuple[SetAside, ...] = ()


def queue_health(sqs: "SQSClient", queue: Queue, viewer: Viewer) -> QueueHealth:
    """Return how a queue is; raises `Transient`."""
    found = depth(sqs, queue)
    name = short_name(queue)
    letters = glance(sqs, name, queue) if found.dead_letters else ()
    return QueueHealth(
        name=name,
        waiting=found.visible,
        in_flight=found.in_flight,
        delayed=found.delayed,
        dead_letters=found.dead_letters,
        set_aside=tuple(_set_aside(it, viewer) for it in letters),
    )


def short_name(queue: Queue) -> str:
    """Return the name that the template gives a queue, which CloudFormation puts between the stack's and a random one.

    A queue that was named otherwise keeps its name.
    """
    parts = queue.name.split("-")
    return parts[-2] if len(parts) > 2 else queue.name


def _set_aside(letter: DeadLetter, viewer: Viewer) -> SetAside:
    objects = subjects(letter.body)
    bucket, key = objects[0] if objects else (None, None)
    hidden = any(named is not None and named not in viewer.buckets for named, _ in objects)
    return SetAside(
        id=letter.id,
        kind=letter.kind,
        reason=HIDDEN if hidden else letter.reason[:LONGEST_REASON],
        sent=letter.sent,
        receives=letter.receives,
        replay=f"bucketdex dead-letters replay {letter.id}",
        bucket=None if hidden else bucket,
        key=None if hidden else key,
    )


def subjects(body: str) -> list[tuple[str | None, str | None]]:
    """Return the buckets and the keys that a message is about, as far as they are told."""
    try:
        changes = parse_message(body).changes
    except Permanent:
        changes = ()
    if changes:
        return [(it.bucket, it.key) for it in changes]
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []
    named = told if isinstance(told, dict) else {}
    bucket, key = named.get("bucket"), named.get("key")
    return [(bucket if isinstance(bucket, str) else None, key if isinstance(key, str) else None)]
