"""A model of DynamoDB as far as the control table is read by handlers: BatchGetItem, sometimes in parts."""

from typing import Any

import msgspec
from botocore.exceptions import ClientError

from bucketdex.control import Generation
from bucketdex.control.table import Entries
from simulation.schedule import Schedule

TABLE = "control"


class ModelDynamoDb:
    """The client, and what the table holds."""

    def __init__(self, schedule: Schedule, faults: float, kind: str = "objects") -> None:
        self.buckets: set[str] = set()
        self.entries: dict[str, Entries] = {}  # the setting of a bucket, where it has one
        self.generations: tuple[Generation, ...] = ()
        self._schedule = schedule
        self._faults = faults
        self._kind = kind

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Answer as BatchGetItem does, with consistent reads only."""
        wanted = RequestItems[TABLE]
        assert wanted["ConsistentRead"], "a stale read of the control table would lose a generation"
        self._schedule.pause("BatchGetItem", sorted(key["sk"]["S"] for key in wanted["Keys"]))
        rng = self._schedule.rng
        keys = list(wanted["Keys"])
        unread: list[Any] = []
        if self._faults and rng.random() < self._faults:
            self._schedule.counts["faults of DynamoDB"] += 1
            if rng.random() < 0.5:
                error: Any = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}
                raise ClientError(error, "BatchGetItem")
            cut = rng.randrange(len(keys) + 1)
            keys, unread = keys[:cut], keys[cut:]
        found = [item for key in keys if (item := self._item(key))]
        return {"Responses": {TABLE: found}, "UnprocessedKeys": {TABLE: {"Keys": unread}} if unread else {}}

    def _item(self, key: dict[str, Any]) -> dict[str, Any] | None:
        kind, name = key["pk"]["S"], key["sk"]["S"]
        if kind == "bucket" and name in self.buckets:
            told = {"entries": {"S": self.entries[name]}} if name in self.entries else {}
            return key | {"added": {"S": "2026-01-01T00:00:00Z"}, "before": {"S": "{}"}} | told
        if kind == "generations" and name == self._kind and self.generations:
            return key | {"generations": {"S": msgspec.json.encode(self.generations).decode()}}
        return None
