"""What a batch knows of one key before S3 is asked: all its changes folded into one."""

from collections.abc import Iterable

import msgspec

from bucketdex.changes import Fact, ObjectChange

ObjectName = tuple[str, str]  # bucket, key


class Hint(msgspec.Struct, frozen=True):
    """One key to look at. Size, version id and etag are what the last event said, and only hints.

    `sent` is when its last message was sent, in seconds since 1970; None where a message was delivered before, so that
    somebody may have begun what it asks for, and not ended.
    """

    bucket: str
    key: str
    size: int | None = None
    version_id: str | None = None
    etag: str | None = None
    facts: tuple[Fact, ...] = ()
    facts_only: bool = False
    sent: float | None = None


def fold(changes: Iterable[ObjectChange]) -> dict[ObjectName, Hint]:
    """Return one hint for each key, whatever the number and order of its changes."""
    hints: dict[ObjectName, Hint] = {}
    for change in changes:
        name = (change.bucket, change.key)
        before = hints.get(name)
        hints[name] = Hint(
            change.bucket,
            change.key,
            size=change.size if change.size is not None or before is None else before.size,
            version_id=change.version_id or (before.version_id if before else None),
            etag=change.etag or (before.etag if before else None),
            facts=(before.facts if before else ()) + change.facts,
            facts_only=change.facts_only and (before is None or before.facts_only),
        )
    return hints
