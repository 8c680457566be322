"""The control table as the trail and the checks use it too: every item, written under conditions."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from bucketdex.control import Generation
from simulation.model_control import ModelDynamoDb
from simulation.model_ledger import ModelLedger
from simulation.schedule import Schedule


class TrailDynamoDb(ModelDynamoDb):
    """The client, and what the table holds: `items` are those that are written by conditions."""

    def __init__(self, schedule: Schedule, faults: float) -> None:
        super().__init__(schedule, faults)
        self.of_other_kinds: dict[str, tuple[Generation, ...]] = {}
        self.by_trail = False  # whether the buckets send no notifications
        self.added: dict[str, datetime] = {}  # when a bucket was connected, where not from the start
        self.items = ModelLedger(schedule, faults)
        self.update_item, self.get_item = self.items.update_item, self.items.get_item

    def get_paginator(self, operation: str) -> "TrailDynamoDb":
        """Only queries have pages here."""
        assert operation == "query"
        return self

    def paginate(self, *, ExpressionAttributeValues: dict[str, Any], ConsistentRead: bool, **_: str) -> Iterator[Any]:  # noqa: N803
        """Yield the connected buckets."""
        assert ConsistentRead
        assert ExpressionAttributeValues == {":pk": {"S": "bucket"}}
        self._schedule.pause("Query")
        keys = [{"pk": {"S": "bucket"}, "sk": {"S": bucket}} for bucket in sorted(self.buckets)]
        yield {"Items": [self._item(key) for key in keys]}

    def _item(self, key: dict[str, Any]) -> dict[str, Any] | None:
        kind, name = key["pk"]["S"], key["sk"]["S"]
        if kind == "generations" and (generations := self.of_other_kinds.get(name)):
            return key | {"generations": {"S": msgspec.json.encode(generations).decode()}}
        item = super()._item(key)
        if item and kind == "bucket" and name in self.added:
            item["added"] = {"S": self.added[name].isoformat()}
        if item and kind == "bucket" and self.by_trail:
            item["events"] = {"S": "trail"}
        return item or self.items.items.get((kind, name))
