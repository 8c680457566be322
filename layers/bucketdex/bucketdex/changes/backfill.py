"""bucketdex's own message: keys to look at, with what their sender knows of them.

    {"bucketdex": "changes/1", "changes": [{"bucket": "b", "key": "k", "size": 3, "version_id": "v", "etag": "e",
      "facts": [{"version_id": "v", "etag": "e", "checksums": [{"type": "SHA256", "value": "...",
      "origin": "computed"}]}], "facts_only": true}]}

Only `bucket` and `key` are needed. Backfill, repair, trail and digests all speak this one form.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bucketdex.changes.change import Fact, ObjectChange
from bucketdex.errors import Permanent

FORM = "changes/1"


class _Change(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    bucket: str
    key: str
    event: str = "backfill"
    size: int | None = None
    version_id: str | None = None
    etag: str | None = None
    facts: tuple[Fact, ...] = ()
    facts_only: bool = False


def is_one(event: dict[str, Any]) -> bool:
    """Whether `event` is a message of bucketdex."""
    return "bucketdex" in event


def read(event: dict[str, Any]) -> Iterator[ObjectChange | Permanent | str]:
    """Yield the changes that the message lists."""
    if event["bucketdex"] != FORM or not isinstance(event.get("changes"), list):
        yield Permanent(f"a message of bucketdex is not of the form {FORM!r} with a list of changes")
        return
    for number, raw in enumerate(event["changes"], 1):
        try:
            change = msgspec.convert(raw, _Change)
        except msgspec.ValidationError as error:
            yield Permanent(f"change {number} of a bucketdex message cannot be read: {error}")
            continue
        yield ObjectChange(source="bucketdex", **msgspec.structs.asdict(change))


def message(changes: Iterable[ObjectChange]) -> str:
    """Return the body of a message that tells these changes; SQS takes 1 MiB, so pass at most some hundred."""
    listed = [
        _Change(
            bucket=change.bucket, key=change.key, event=change.event, size=change.size, version_id=change.version_id,
            etag=change.etag, facts=change.facts, facts_only=change.facts_only,
        )
        for change in changes
    ]  # fmt: skip
    return msgspec.json.encode({"bucketdex": FORM, "changes": listed}).decode()
