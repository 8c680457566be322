"""bucketdex's own message: keys to look at, with what their sender knows of them.

    {"bucketdex": "changes/1", "changes": [{"bucket": "b", "key": "k", "size": 3, "version_id": "v", "etag": "e",
      "facts": [{"version_id": "v", "etag": "e", "checksums": [{"type": "SHA256", "value": "...",
      "origin": "computed"}]}], "facts_only": true}]}

Only `bucket` and `key` are needed. Backfill, repair, trail and digests all speak this one form; what the trail told
has `"source": "cloudtrail"`, its `time` (ISO 8601), and `"made": true` where the call made `version_id`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from bucketdex.changes.change import Fact, ObjectChange, when
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
    source: Literal["bucketdex", "cloudtrail"] = "bucketdex"
    time: datetime | None = None
    made: bool = False


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
        yield ObjectChange(**msgspec.structs.asdict(change) | {"time": when(change.time)})


def message(changes: Iterable[ObjectChange]) -> str:
    """Return the body of a message that tells these changes; SQS takes 1 MiB, so pass at most some hundred."""
    listed = [
        _Change(
            bucket=change.bucket, key=change.key, event=change.event, size=change.size, version_id=change.version_id,
            etag=change.etag, facts=change.facts, facts_only=change.facts_only, time=change.time, made=change.made,
            source="cloudtrail" if change.source == "cloudtrail" else "bucketdex",
        )
        for change in changes
    ]  # fmt: skip
    text = msgspec.json.encode({"bucketdex": FORM, "changes": listed}).decode()
    # SQS takes what XML 1.0 takes. Control characters are escaped in JSON anyway, these two are not.
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
