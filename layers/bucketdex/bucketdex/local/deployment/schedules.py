"""Rules of EventBridge that invoke a function again and again, as the local stack runs them.

The emulated EventBridge runs no schedules, but knows all other rules: those that send S3's events to a queue are left
to it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bucketdex.local.deployment import Schedule
from bucketdex.local.deployment.answers import Answer, convert, function_of
from bucketdex.local.state import StackError

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
FUNCTION = ":function:"  # of an ARN


class _Target(
    msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True
):  # what would change the event, fails
    arn: str
    id: str = ""
    retry_policy: Any = None
    dead_letter_config: Any = None


class _Rule(msgspec.Struct, frozen=True, rename="pascal"):
    schedule_expression: str
    targets: list[dict[str, Any]]
    state: str = "ENABLED"


def schedules(rules: Mapping[str, Answer], functions: Mapping[str, Answer]) -> Iterator[Schedule]:
    """Yield a schedule for each function that a rule invokes."""
    for logical_id, answer in rules.items():
        if "ScheduleExpression" not in answer.properties:
            continue
        rule = convert(logical_id, answer.properties, _Rule)
        for told in rule.targets:
            if FUNCTION not in told.get("Arn", ""):
                continue
            target = convert(logical_id, told, _Target)
            yield Schedule(
                logical_id=logical_id,
                arn=answer.arn,
                seconds=seconds(logical_id, rule.schedule_expression),
                function=function_of(target.arn, functions, logical_id),
                enabled=rule.state == "ENABLED",
            )


def seconds(logical_id: str, expression: str) -> float:
    """Return how much time is between two events of a rate; raises `StackError` for what else a rule can say."""
    rate = RATE.fullmatch(expression)
    if rate is None:
        raise StackError(f"{logical_id}: the local stack knows schedules like rate(1 hour), not {expression!r}")
    return float(rate[1]) * SECONDS[rate[2]]
