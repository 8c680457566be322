"""What the emulated CloudFormation answered about a resource, and how it is read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bucketdex.local.state import StackError


class Answer(msgspec.Struct, frozen=True, rename="pascal"):
    """What `template.prepare` asked about a resource: its resolved properties, what `Ref` gives, its attributes."""

    type: str
    properties: dict[str, Any]
    id: str = ""
    arn: str = ""
    queue_name: str = ""
    name: str = ""


def function_of(reference: str, functions: Mapping[str, Answer], logical_id: str) -> str:
    """Return the logical id of the function that a name or ARN, perhaps with an alias behind it, refers to."""
    for name, it in functions.items():
        if reference in (it.id, it.arn) or reference.startswith((f"{it.id}:", f"{it.arn}:")):
            return name
    raise StackError(f"{logical_id}: {reference} is not a function of this template")


def convert[T](logical_id: str, properties: Mapping[str, Any], kind: type[T]) -> T:
    """Return the properties in their type; raises `StackError` where the local stack cannot do what they say."""
    try:
        return msgspec.convert(properties, kind, strict=False)  # numbers that come from a parameter are strings
    except msgspec.ValidationError as error:
        raise StackError(f"{logical_id}: the local stack cannot do this: {error}") from error
