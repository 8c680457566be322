"""A model of DynamoDB as far as the ledger of digests uses it: writes under a condition, consistent reads."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from simulation.schedule import Schedule

ABSENT = re.compile(r"attribute_not_exists\(([#\w]+)\)")
COMPARED = re.compile(r"(#\w+) ([=<]) (:\w+)")
Item = dict[str, Any]
Key = tuple[str, str]


class ModelLedger:
    """The client, and what the table holds. `lost` counts, for each id, claims that ended without a result."""

    def __init__(self, schedule: Schedule, faults: float) -> None:
        self.items: dict[Key, Item] = {}
        self.lost: Counter[str] = Counter()
        self._schedule, self._faults = schedule, faults

    def update_item(
        self,
        *,
        Key: Item,  # noqa: N803
        UpdateExpression: str,  # noqa: N803
        ConditionExpression: str,  # noqa: N803
        ExpressionAttributeNames: dict[str, str],  # noqa: N803
        ExpressionAttributeValues: Item,  # noqa: N803
        **_: str,
    ) -> dict[str, Any]:
        """Answer as UpdateItem does."""
        self._schedule.pause("UpdateItem", UpdateExpression)
        lost = self._breaks("UpdateItem")
        names, values = ExpressionAttributeNames, ExpressionAttributeValues
        before = self.items.get(_key(Key), {})
        if not _is_met(ConditionExpression, names, values, before):
            raise _refusal("UpdateItem", "ConditionalCheckFailedException")
        changed, _, removed = UpdateExpression.removeprefix("SET ").partition(" REMOVE ")
        item = Key | before
        for assignment in changed.split(", "):
            name, _, value = assignment.partition(" = ")
            item[names[name]] = values[value]
        for name in filter(None, removed.split(", ")):
            item.pop(names[name], None)
        claim = next((name for name in ("owner", "execution") if name in before), None)
        if claim and item.get(claim) != before[claim] and "result" not in item:
            what = next((kind for kind in ("owner", "execution") if kind in item), "")
            told = {"owner": "taken over", "execution": "handed on"}.get(what, "given back")
            self._schedule.counts[f"claims {told}"] += 1
            self.lost[Key["pk"]["S"]] += 1  # who handed on may have found that reading is too slow
        self.items[_key(Key)] = item
        if lost:
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return {"Attributes": dict(item)}

    def put_item(self, *, Item: Item, **_: str) -> dict[str, Any]:  # noqa: N803
        """Answer as PutItem does."""
        self._schedule.pause("PutItem", Item["sk"])
        lost = self._breaks("PutItem")
        self.items[_key(Item)] = dict(Item)
        if lost:
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return {}

    def get_item(self, *, Key: Item, ConsistentRead: bool, **_: str) -> dict[str, Any]:  # noqa: N803
        """Answer as GetItem does."""
        assert ConsistentRead
        self._schedule.pause("GetItem", Key["sk"])
        self._breaks("GetItem")
        found = self.items.get(_key(Key))
        return {"Item": dict(found)} if found else {}

    def get_paginator(self, operation: str) -> "ModelLedger":
        """Only queries have pages here."""
        assert operation == "query"
        return self

    def paginate(
        self,
        *,
        ExpressionAttributeValues: Item,  # noqa: N803
        ConsistentRead: bool,  # noqa: N803
        **_: str,
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of a partition, in one page."""
        assert ConsistentRead
        self._schedule.pause("Query")
        self._breaks("Query")
        pk, sk = (ExpressionAttributeValues[name]["S"] for name in (":pk", ":range"))
        yield {"Items": [item for key, item in sorted(self.items.items()) if key[0] == pk and key[1].startswith(sk)]}

    def _breaks(self, call: str) -> bool:
        """Fail before the request took effect, or say that its answer gets lost."""
        rng = self._schedule.rng
        if not self._faults or rng.random() > self._faults:
            return False
        self._schedule.counts["faults of DynamoDB"] += 1
        if rng.random() < 0.5:
            raise _refusal(call, "ProvisionedThroughputExceededException")
        return True


def _is_met(condition: str, names: dict[str, str], values: Item, item: Item) -> bool:
    """Judge a condition: each of its terms becomes True or False, and what is left is Python's own."""

    def compared(match: re.Match[str]) -> str:
        found = item.get(names[match[1]])
        if found is None:
            return "False"
        [(kind, value)], [(_, wanted)] = found.items(), values[match[3]].items()
        as_is = float if kind == "N" else str
        return str(as_is(value) == as_is(wanted) if match[2] == "=" else as_is(value) < as_is(wanted))

    terms = ABSENT.sub(lambda match: str(names.get(match[1], match[1]) not in item), condition)
    terms = COMPARED.sub(compared, terms).replace(" OR ", " or ").replace(" AND ", " and ")
    return bool(eval(terms))


def _key(item: Item) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _refusal(call: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}, call)  # type: ignore[typeddict-item]
