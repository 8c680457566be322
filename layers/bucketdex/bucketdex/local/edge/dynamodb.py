"""What moto's DynamoDB does otherwise than AWS, put right: keys are never empty, in whatever request."""

from typing import Any

from moto.dynamodb.exceptions import KeyIsEmptyStringException
from moto.dynamodb.models import DynamoDBBackend

moto_get_item, moto_delete_item = DynamoDBBackend.get_item, DynamoDBBackend.delete_item


def install() -> None:
    """Put the functions of this module into moto's place."""
    for name, function in (("get_item", get_item), ("delete_item", delete_item)):
        setattr(DynamoDBBackend, name, function)


def get_item(self: DynamoDBBackend, table_name: str, keys: dict[str, Any], *arguments: Any, **options: Any) -> Any:
    """AWS: refuses to look for an empty key, in `BatchGetItem` too."""
    refuse_empty(self, table_name, keys)
    return moto_get_item(self, table_name, keys, *arguments, **options)


def delete_item(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *arguments: Any, **options: Any) -> Any:
    """AWS: refuses to delete by an empty key."""
    refuse_empty(self, table_name, key)
    return moto_delete_item(self, table_name, key, *arguments, **options)


def refuse_empty(backend: DynamoDBBackend, table_name: str, item: dict[str, Any]) -> None:
    """Raise what AWS answers where an attribute of the table's key has no characters or bytes."""
    for name in backend.get_table(table_name).attribute_keys:
        value = item.get(name, {})
        if "" in (value.get("S"), value.get("B")):
            raise KeyIsEmptyStringException(name)
