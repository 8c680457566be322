"""What a batch knows of one key before S3 is asked: all its changes folded into one."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from bucketdex.changes import Fact, ObjectChange
from bucketdex.changes.change import is_unique

ObjectName = tuple[str, str]  # bucket, key


class Claim(msgspec.Struct, frozen=True):
    """What the trail says happened to a key: by which call, when, and the version id that it alone made, if any."""

    event: str
    time: datetime | None
    version_id: str | None = None


class Hint(msgspec.Struct, frozen=True):
    """One key to look at. Size, version id and etag are what the last event said, and only hints.

    `sent` is when its last message was sent, in seconds since 1970; None where a message was delivered before, so that
    somebody may have begun what it asks for, and not ended. `claims` are all that happened, where nobody but the trail
    told of it and a document may show it already; else None.
    """

    bucket: str
    key: str
    size: int | None = None
    version_id: str | None = None
    etag: str | None = None
    facts: tuple[Fact, ...] = ()
    facts_only: bool = False
    sent: float | None = None
    claims: tuple[Claim, ...] | None = None


def fold(changes: Iterable[ObjectChange]) -> dict[ObjectName, Hint]:
    """Return one hint for each key, whatever the number and order of its changes."""
    hints: dict[ObjectName, Hint] = {}
    for change in changes:
        name = (change.bucket, change.key)
        before = hints.get(name)
        # What two changes say of a version is never mixed.
        said = before if before and not _says_more(change, before) else change
        hints[name] = Hint(
            change.bucket,
            change.key,
            size=said.size,
            version_id=said.version_id,
            etag=said.etag,
            facts=(before.facts if before else ()) + change.facts,
            facts_only=change.facts_only and (before is None or before.facts_only),
            claims=_claims(change, before),
        )
    return hints


def _says_more(change: ObjectChange, before: Hint) -> bool:
    """Whether what a change says of a version takes the place of what was said before."""
    if change.source == "cloudtrail":  # in any order, and of the version that a call was about
        return change.made and before.etag is None
    return bool(change.version_id or change.etag or change.size is not None)


def told_again(hint: Hint) -> list[ObjectChange]:
    """Return what to pass on of a hint that the trail alone told: what it claims, and the facts once."""
    changes = [
        ObjectChange(
            hint.bucket, hint.key, "cloudtrail", it.event, time=it.time, version_id=it.version_id,
            made=it.version_id is not None,
        )
        for it in hint.claims or ()
    ]  # fmt: skip
    return [msgspec.structs.replace(changes[0], facts=hint.facts), *changes[1:]] if changes else []


def _claims(change: ObjectChange, before: Hint | None) -> tuple[Claim, ...] | None:
    known = () if before is None or before.facts_only else before.claims
    if change.facts_only:
        return None if before is None else before.claims
    if change.source != "cloudtrail" or known is None:
        return None
    made = change.version_id if change.made and is_unique(change.version_id) else None
    return (*known, Claim(change.event, change.time, made))
