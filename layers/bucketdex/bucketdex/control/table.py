"""One DynamoDB table, changed by conditional writes only. It can never be rebuilt from the index, so it is not in it.

| pk | sk | attributes |
|---|---|---|
| `bucket` | its name | `added` (when), `before` (its configuration, JSON), `entries`, `hashing` (JSON), `events` |
| `generations` | the kind (`objects`, `packages`, `reads`) | `generations`: JSON list of `{index, mapping, read}` |

Checks, signs of life and what was read for digests are in it too: see `checks.py`, `live.py`, `digests/ledger.py`.
"""

import itertools
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.control.checks import Checks
from bucketdex.control.live import Live
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 100  # keys that BatchGetItem takes
OF_A_BUCKET = ("check", "live")  # what else is kept of one, by its name
TRIES = 5  # of a change under a condition; others rarely change the same at once, as people do it


Entries = Literal["latest", "all"]
Hash = Literal["read", "kept", "off"]
Events = Literal["notifications", "trail"]


class Hashing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of a bucket gets a digest.

    `read`: what S3 keeps is taken, and the rest is read; `kept`: only what S3 keeps is taken; `off`: S3 is not even
    asked. Of what would be read: only keys that begin with one of `prefixes` (none: all) and with none of `without`,
    up to `largest` bytes, in `storage_classes` (none: those that S3 lets read for no fee).
    """

    mode: Hash = "read"
    prefixes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    largest: int | None = None
    storage_classes: tuple[str, ...] = ()


class Generation(msgspec.Struct, frozen=True):
    """One generation of a kind of document: its index, the version of its mapping, and whether searches read it."""

    index: str
    mapping: int
    read: bool = True


class Bucket(msgspec.Struct, frozen=True, omit_defaults=True):
    """A connected bucket; `before` is the configuration that is put back when it is removed.

    `entries` says which manifests keep their entries searchable: those that a `latest` names, or all. `events` says
    what tells of its changes: its notifications, or the trail alone, where nothing may be changed at the bucket.
    """

    name: str
    added: datetime
    before: dict[str, Any] = {}
    entries: Entries = "latest"
    hashing: Hashing = Hashing()
    events: Events = "notifications"


class View(msgspec.Struct, frozen=True):
    """What a batch needs to know: its buckets that are connected, by name, and where documents are written."""

    buckets: dict[str, Bucket]
    generations: tuple[Generation, ...]


class ControlTable:
    """The table of one stack."""

    def __init__(self, dynamodb: "DynamoDBClient", name: str) -> None:
        self._dynamodb = dynamodb
        self._name = name

    @property
    def checks(self) -> Checks:
        """The checks of its buckets."""
        return Checks(self._dynamodb, self._name)

    @property
    def live(self) -> Live:
        """The signs of life of its buckets."""
        return Live(self._dynamodb, self._name)

    def view(self, kind: str, buckets: Collection[str]) -> View:
        """Return what is true now of these buckets and this kind, for one batch only; raises `Transient`."""
        wanted = [_key("generations", kind), *(_key("bucket", bucket) for bucket in sorted(buckets))]
        found: list[dict[str, Any]] = []
        try:
            for keys in itertools.batched(wanted, BATCH):
                found += self._get(list(keys))
        except (ClientError, BotoCoreError) as error:
            raise self._unread(error) from error
        generations = [item["generations"]["S"] for item in found if item["pk"]["S"] == "generations"]
        return View(
            {item["sk"]["S"]: _bucket(item) for item in found if item["pk"]["S"] == "bucket"},
            msgspec.json.decode(generations[0], type=tuple[Generation, ...]) if generations else (),
        )

    def _get(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in range(TRIES):  # a throttled table answers in parts
            answer = self._dynamodb.batch_get_item(RequestItems={self._name: {"Keys": keys, "ConsistentRead": True}})
            found += answer["Responses"].get(self._name, [])
            unread = answer.get("UnprocessedKeys", {}).get(self._name)
            if not unread:
                return found
            keys = list(unread["Keys"])
        raise Transient(f"the control table {self._name} is throttled", "the control table is throttled")

    def _unread(self, error: Exception) -> Transient:
        return Transient(f"the control table {self._name} cannot be read: {error}", "the control table cannot be read")

    def generations(self, kind: str) -> tuple[Generation, ...]:
        """Return the active generations of a kind; none before the first bucket is connected."""
        return self.view(kind, ()).generations

    def add_generation(self, kind: str, generation: Generation) -> tuple[Generation, ...]:
        """Make this the first generation of a kind, unless it has one; return what is active now."""
        self._put_if_absent(_key("generations", kind) | {"generations": _json([generation])})
        return self.generations(kind)

    def raise_mappings(self, kind: str, version: int) -> tuple[Generation, ...]:
        """Record that the mapping of each active generation is at least of this version; return what is active now.

        Raises `Transient`, also where others change them all the time.
        """
        for _ in range(TRIES):
            active = self.generations(kind)
            raised = tuple(msgspec.structs.replace(it, mapping=max(it.mapping, version)) for it in active)
            values = {":new": _json(raised), ":known": _json(active)}
            if raised == active or self._update(
                _key("generations", kind), "SET generations = :new", "generations = :known", values
            ):
                return raised
        raise Transient(f"the generations of {kind} in {self._name} are being changed by others; try again")

    def buckets(self) -> list[Bucket]:
        """Return the connected buckets, by name; raises `Transient`."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "bucket"}},
            "ConsistentRead": True,
        }
        try:
            pages = self._dynamodb.get_paginator("query").paginate(**request)
            return [_bucket(item) for page in pages for item in page["Items"]]
        except (ClientError, BotoCoreError) as error:
            raise self._unread(error) from error

    def add_bucket(self, bucket: Bucket) -> bool:
        """Connect a bucket; False if it was connected already, which changes nothing."""
        told = {
            "added": {"S": bucket.added.isoformat()},
            "before": _json(bucket.before),
            "entries": {"S": bucket.entries},
            "hashing": _json(bucket.hashing),
            "events": {"S": bucket.events},
        }
        return self._put_if_absent(_key("bucket", bucket.name) | told)

    def set_entries(self, name: str, entries: Entries) -> bool:
        """Say which manifests of the bucket keep their entries searchable; False if it is not connected."""
        return self._update(
            _key("bucket", name), "SET entries = :entries", "attribute_exists(pk)", {":entries": {"S": entries}}
        )

    def set_hashing(self, name: str, known: Hashing, new: Hashing) -> bool:
        """Say what of the bucket gets a digest; False if it is not connected, or its setting is not the known one."""
        absent = " OR attribute_not_exists(hashing)" if known == Hashing() else ""
        return self._update(
            _key("bucket", name),
            "SET hashing = :new",
            f"attribute_exists(pk) AND (hashing = :known{absent})",
            {":new": _json(new), ":known": _json(known)},
        )

    def remove_bucket(self, name: str) -> bool:
        """Disconnect a bucket; False if it was not connected. What is noted of its checks and its events goes too."""
        for kind in OF_A_BUCKET:
            self._dynamodb.delete_item(TableName=self._name, Key=_key(kind, name))
        gone = self._dynamodb.delete_item(TableName=self._name, Key=_key("bucket", name), ReturnValues="ALL_OLD")
        return bool(gone.get("Attributes"))

    def _update(self, key: dict[str, Any], update: str, condition: str, values: dict[str, Any]) -> bool:
        try:
            self._dynamodb.update_item(
                TableName=self._name,
                Key=key,
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _put_if_absent(self, item: dict[str, Any]) -> bool:
        try:
            self._dynamodb.put_item(TableName=self._name, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _json(value: Any) -> dict[str, Any]:
    return {"S": msgspec.json.encode(value).decode()}


def _bucket(item: dict[str, Any]) -> Bucket:
    added = datetime.fromisoformat(item["added"]["S"])
    entries = cast("Entries", item.get("entries", {}).get("S", "latest"))
    hashing = msgspec.json.decode(item.get("hashing", {}).get("S", "{}"), type=Hashing)
    events = cast("Events", item.get("events", {}).get("S", "notifications"))
    return Bucket(item["sk"]["S"], added, msgspec.json.decode(item["before"]["S"]), entries, hashing, events)
