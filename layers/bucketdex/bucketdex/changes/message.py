"""The body of one queue message, whichever way it came, read into changes.

A body that is no event at all raises `Permanent`. One that holds several records, some of them bad, gives the changes
of the good ones and says of each bad one what is wrong.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from bucketdex.changes import backfill, cloudtrail, eventbridge, s3_notification
from bucketdex.changes.change import ObjectChange, fault_of_bucket, fault_of_key
from bucketdex.errors import Permanent

MAX_ENVELOPES = 3  # SNS inside SNS is odd, deeper is no event
SHOWN = 200  # characters of a strange body that the reason quotes


class Message(msgspec.Struct, frozen=True):
    """What a message says: the changes, the records that are understood and tell none, and what could not be read."""

    changes: tuple[ObjectChange, ...] = ()
    ignored: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def parse_message(body: str | bytes) -> Message:
    """Read the body of a message; raises `Permanent` when it is not an event of a known form."""
    return read_event(event_of(body))


def read_event(event: Any) -> Message:
    """Read what `event_of` returned; raises as `parse_message` does."""
    changes: list[ObjectChange] = []
    ignored: list[str] = []
    problems: list[str] = []
    for found in _read(event):
        match found:
            case ObjectChange():
                fault = fault_of_bucket(found.bucket) or fault_of_key(found.key)
                if fault:
                    problems.append(f"{fault} (bucket {found.bucket[:SHOWN]!r}, key {found.key[:SHOWN]!r})")
                else:
                    changes.append(found)
            case Permanent():
                problems.append(str(found))
            case _:
                ignored.append(found)
    return Message(tuple(changes), tuple(ignored), tuple(problems))


def event_of(body: str | bytes) -> Any:
    """Return the event in the body of a message, out of SNS's envelopes; raises `Permanent` where it is not JSON."""
    event = _decode(body)
    for _ in range(MAX_ENVELOPES):
        if not _is_sns(event):
            break
        event = _decode(event["Message"])
    return event


def _read(event: Any) -> Iterator[ObjectChange | Permanent | str]:
    if not isinstance(event, dict):
        raise Permanent(f"the message is JSON, but not an object: {_shown(event)}")
    for form in (backfill, eventbridge, s3_notification, cloudtrail):
        if form.is_one(event):
            yield from form.read(event)
            return
    if event.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        raise Permanent(
            f"this is SNS's {event['Type']} of {event.get('TopicArn')}: confirm the subscription at its SubscribeURL"
        )
    raise Permanent(
        "the message is not an event that bucketdex knows (S3 notification, EventBridge, CloudTrail, SNS, its own): "
        + _shown(event)
    )


def _is_sns(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and event.get("Type") == "Notification"
        and isinstance(event.get("Message"), str)
        and "TopicArn" in event
    )


def _decode(body: str | bytes) -> Any:
    if not body or body.isspace():
        raise Permanent("the message is empty")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Permanent(f"the message is not JSON ({error}): {_shown(body)}") from error


def _shown(body: Any) -> str:
    text = repr(body)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
