"""The one rule that a bucket's notification configuration gets from us, beside whatever stands there.

S3 replaces the whole configuration at each change, and refuses one in which two rules name the same event for
overlapping keys. So ours is merged into what is there, and what would be refused is told before anything is changed.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from bucketdex.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import NotificationConfigurationResponseTypeDef

type Configuration = dict[str, Any]  # S3's own shape

RULE = "bucketdex"

# Everything after which the document of an object may no longer be right. A wildcard covers what S3 adds to a family.
EVENTS = (
    "s3:ObjectCreated:*",  # put, post, copy, the end of a multipart upload
    "s3:ObjectRemoved:*",  # deleted for good, or behind a delete marker
    "s3:LifecycleExpiration:*",  # the same by a lifecycle rule, of which CloudTrail tells nothing
    "s3:LifecycleTransition",  # another storage class
    "s3:IntelligentTiering",  # moved into an archive tier
    "s3:ObjectRestore:*",  # begun, done, and the copy's end: readable or not
    "s3:ObjectTagging:*",  # tags are searched
    "s3:ObjectAcl:Put",  # may have given or taken our right to read it
)

# S3's names for the lists of rules, and for the destination of a rule in each.
DESTINATIONS = {
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}


def configuration(answer: "NotificationConfigurationResponseTypeDef") -> Configuration:
    """Return what S3 answered, as it can be sent back."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def has_rule(found: Configuration, queue_arn: str) -> bool:
    """Whether a rule of ours is there, perhaps of an earlier version."""
    return any(it.get("Id") == RULE and it["QueueArn"] == queue_arn for it in found.get("QueueConfigurations", []))


def is_right(found: Configuration, queue_arn: str) -> bool:
    """Whether our rule is there just as it should be."""
    return rule(queue_arn) in [_plain(it) for it in found.get("QueueConfigurations", [])]


def with_rule(found: Configuration, queue_arn: str) -> Configuration:
    """Return the configuration with our rule; raises `Permanent` where S3 would refuse that."""
    others = without_rule(found)
    if mine := next((it for it in _rules(found) if it.get("Id") == RULE and _destination(it) != queue_arn), None):
        raise Permanent(
            f"its notification rule {RULE!r} sends to {_destination(mine)}: another stack of bucketdex has it; "
            "remove the bucket there first"
        )
    clashes = [_said(it, common) for it in _rules(others) if (common := _common(it))]
    if clashes:
        raise Permanent(
            f"S3 takes no second rule for the same events, and there is {' and '.join(clashes)}; "
            "remove or narrow that, then try again"
        )
    return others | {"QueueConfigurations": [*others.get("QueueConfigurations", []), rule(queue_arn)]}


def without_rule(found: Configuration) -> Configuration:
    """Return the configuration as it is without our rule."""
    queues = [it for it in found.get("QueueConfigurations", []) if it.get("Id") != RULE]
    rest = {name: value for name, value in found.items() if name != "QueueConfigurations"}
    return rest | ({"QueueConfigurations": queues} if queues else {})


def rule(queue_arn: str) -> dict[str, Any]:
    """Return our rule: every event of every key."""
    return {"Id": RULE, "QueueArn": queue_arn, "Events": list(EVENTS)}


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Return a rule without an empty filter, and with its events in our order where they are ours."""
    events = found.get("Events", [])
    plain = {name: value for name, value in found.items() if name != "Filter" or _narrowed(found)}
    return plain | ({"Events": list(EVENTS)} if set(events) == set(EVENTS) else {})


def _rules(found: Configuration) -> Iterator[dict[str, Any]]:
    for kind in DESTINATIONS:
        yield from found.get(kind, [])


def _destination(found: dict[str, Any]) -> str:
    return next((found[name] for name in DESTINATIONS.values() if name in found), "?")


def _common(found: dict[str, Any]) -> list[str]:
    """Return the events of a rule that ours names too. Ours has no filter, so any filter overlaps it."""
    return [event for event in found.get("Events", []) if any(_overlap(event, ours) for ours in EVENTS)]


def _overlap(one: str, other: str) -> bool:
    return fnmatchcase(one, other) or fnmatchcase(other, one)


def _narrowed(found: dict[str, Any]) -> list[str]:
    filters = found.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return [f"{it['Name'].lower()} {it['Value']!r}" for it in filters if it.get("Value")]


def _said(found: dict[str, Any], common: list[str]) -> str:
    narrowed = f" for {' and '.join(of_key)}" if (of_key := _narrowed(found)) else ""
    return f"the rule {found.get('Id', '?')!r}, which sends {', '.join(common)}{narrowed} to {_destination(found)}"
