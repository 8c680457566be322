"""One conditional write of texts to an item of the control table."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REFUSED = "ConditionalCheckFailedException"
NAME = re.compile(r"#(\w+)")
NOTHING: Mapping[str, str] = MappingProxyType({})


class Items:
    """The items of one kind (`pk`), by `sk`; every method raises `Transient` where the table does not answer."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, kind: str) -> None:
        self._dynamodb, self._table, self._kind = dynamodb, table, kind

    def read(self, sk: str) -> dict[str, str]:
        """Return the texts of an item; none where there is no such item."""
        try:
            told = self._dynamodb.get_item(TableName=self._table, Key=self._key(sk), ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise self._transient(error) from error
        return {name: value["S"] for name, value in told.get("Item", {}).items() if name not in ("pk", "sk")}

    def change(
        self,
        sk: str,
        told: Mapping[str, str],
        condition: str,
        known: Mapping[str, str] = NOTHING,
        gone: Collection[str] = (),
    ) -> bool:
        """Set and remove attributes, where the condition is met; False where it is not.

        In the condition `#name` is an attribute, and `:name` a value that is told, or one of `known`.
        """
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in told)
        expression += f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
        named = {*told, *gone, *NAME.findall(condition)}
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=self._key(sk),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={f"#{name}": name for name in sorted(named)},
                ExpressionAttributeValues={f":{name}": {"S": value} for name, value in {**told, **known}.items()},
            )
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == REFUSED:
                return False
            raise self._transient(error) from error
        return True

    def _key(self, sk: str) -> dict[str, Any]:
        return {"pk": {"S": self._kind}, "sk": {"S": sk}}

    def _transient(self, error: Exception) -> Transient:
        return Transient(f"the control table {self._table} does not answer about {self._kind}s: {error}")


def text(time: datetime) -> str:
    """Return a time so that times compare as texts do: in UTC, with microseconds."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
