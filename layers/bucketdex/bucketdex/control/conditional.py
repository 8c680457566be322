"""One conditional write to an item of the control table."""

import re
from collections.abc import Collection, Iterable, Mapping
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
        values = {name: {"S": value} for name, value in {**told, **known}.items()}
        try:
            found = update(self._dynamodb, self._table, self._key(sk), told, condition, values, gone)
        except (ClientError, BotoCoreError) as error:
            raise self._transient(error) from error
        return found is not None

    def _key(self, sk: str) -> dict[str, Any]:
        return {"pk": {"S": self._kind}, "sk": {"S": sk}}

    def _transient(self, error: Exception) -> Transient:
        told = f"the control table does not answer about {self._kind}s"
        return Transient(f"{told}: {self._table}: {error}", told)


def update(
    dynamodb: "DynamoDBClient",
    table: str,
    key: dict[str, Any],
    told: Iterable[str],
    condition: str,
    values: Mapping[str, Any],
    gone: Collection[str] = (),
) -> dict[str, Any] | None:
    """Set and remove attributes of an item where the condition is met, and return it; None where it is not met.

    `values` are those of the attributes that are told, and of what else the condition compares with, as DynamoDB has
    them. Raises what boto3 raises.
    """
    told = list(told)
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in told)
    expression += f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
    named = {*told, *gone, *NAME.findall(condition)}
    try:
        done = dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in sorted(named)},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            ReturnValues="ALL_NEW",
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == REFUSED:
            return None
        raise
    return dict(done["Attributes"])


def text(time: datetime) -> str:
    """Return a time so that times compare as texts do: in UTC, with microseconds."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
