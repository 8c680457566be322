"""The rules that a bucket's notification configuration gets from us, beside whatever stands there.

A connected bucket has one (`INDEXING`), a bucket that a trail delivers to another (`TRAIL`). S3 replaces the whole
configuration at each change, and refuses one in which two rules name the same event for overlapping keys. So ours is
merged into what is there, and what would be refused is told before anything is changed.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

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


class Rule(msgspec.Struct, frozen=True):
    """A rule of ours: its id, the events that it sends, and of which keys: those that begin and end so."""

    id: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""


INDEXING = Rule(RULE, EVENTS)
TRAIL = Rule("bucketdex-trail", ("s3:ObjectCreated:*",), suffix=".json.gz")

# S3's names for the lists of rules, and for the destination of a rule in each.
DESTINATIONS = {
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}


def configuration(answer: "NotificationConfigurationResponseTypeDef") -> Configuration:
    """Return what S3 answered, as it can be sent back."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def has_rule(found: Configuration, queue_arn: str, of: Rule = INDEXING) -> bool:
    """Whether a rule of ours is there, perhaps of an earlier version or for other keys."""
    return any(it.get("Id") == of.id and it["QueueArn"] == queue_arn for it in found.get("QueueConfigurations", []))


def is_right(found: Configuration, queue_arn: str, of: Rule = INDEXING) -> bool:
    """Whether our rule is there just as it should be."""
    return any(_is(it, queue_arn, of) for it in found.get("QueueConfigurations", []))


def with_rule(found: Configuration, queue_arn: str, of: Rule = INDEXING) -> Configuration:
    """Return the configuration with our rule; raises `Permanent` where S3 would refuse that."""
    others = without_rule(found, of)
    if mine := next((it for it in _rules(found) if it.get("Id") == of.id and _destination(it) != queue_arn), None):
        raise Permanent(
            f"its notification rule {of.id!r} sends to {_destination(mine)}: another stack of bucketdex has it; "
            "remove the bucket there first"
        )
    clashes = [_said(it, common) for it in _rules(others) if (common := _common(it, of))]
    if clashes:
        topic = "send its events to an SNS topic and both queues from there (docs/trail.md), or "
        raise Permanent(
            f"S3 takes no second rule for the same events, and there is {' and '.join(clashes)}; "
            f"{topic if of.id == TRAIL.id else ''}remove or narrow that, then try again"
        )
    return others | {"QueueConfigurations": [*others.get("QueueConfigurations", []), rule(queue_arn, of)]}


def without_rule(found: Configuration, of: Rule = INDEXING) -> Configuration:
    """Return the configuration as it is without our rule."""
    queues = [it for it in found.get("QueueConfigurations", []) if it.get("Id") != of.id]
    rest = {name: value for name, value in found.items() if name != "QueueConfigurations"}
    return rest | ({"QueueConfigurations": queues} if queues else {})


def rule(queue_arn: str, of: Rule = INDEXING) -> dict[str, Any]:
    """Return our rule in S3's shape."""
    told = {"Id": of.id, "QueueArn": queue_arn, "Events": list(of.events)}
    narrowed = [{"Name": name, "Value": it} for name, it in (("prefix", of.prefix), ("suffix", of.suffix)) if it]
    return told | ({"Filter": {"Key": {"FilterRules": narrowed}}} if narrowed else {})


def keys_of(found: Configuration, of: Rule = INDEXING) -> tuple[str, str] | None:
    """Return of which keys our rule tells as it stands there, by prefix and suffix; None where there is none."""
    mine = next((it for it in found.get("QueueConfigurations", []) if it.get("Id") == of.id), None)
    return None if mine is None else _keys(mine)


def _is(found: dict[str, Any], queue_arn: str, of: Rule) -> bool:
    return (
        found.get("Id") == of.id
        and found["QueueArn"] == queue_arn
        and set(found.get("Events", [])) == set(of.events)
        and _keys(found) == (of.prefix, of.suffix)
    )


def _rules(found: Configuration) -> Iterator[dict[str, Any]]:
    for kind in DESTINATIONS:
        yield from found.get(kind, [])


def _destination(found: dict[str, Any]) -> str:
    return next((found[name] for name in DESTINATIONS.values() if name in found), "?")


def _common(found: dict[str, Any], of: Rule) -> list[str]:
    """Return the events of a rule that ours names too, if there can be a key of which both would tell."""
    prefix, suffix = _keys(found)
    prefixes = prefix.startswith(of.prefix) or of.prefix.startswith(prefix)
    suffixes = suffix.endswith(of.suffix) or of.suffix.endswith(suffix)
    if not (prefixes and suffixes):
        return []
    return [event for event in found.get("Events", []) if any(_overlap(event, ours) for ours in of.events)]


def _overlap(one: str, other: str) -> bool:
    return fnmatchcase(one, other) or fnmatchcase(other, one)


def _keys(found: dict[str, Any]) -> tuple[str, str]:
    """Return the prefix and suffix of a rule, empty where it has none; S3 answers with names in capitals."""
    filters = found.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    by_name = {it["Name"].lower(): it.get("Value") or "" for it in filters}
    return by_name.get("prefix", ""), by_name.get("suffix", "")


def _said(found: dict[str, Any], common: list[str]) -> str:
    keys = zip(("prefix", "suffix"), _keys(found), strict=True)
    of_key = [f"{name} {value!r}" for name, value in keys if value]
    narrowed = f" for {' and '.join(of_key)}" if of_key else ""
    return f"the rule {found.get('Id', '?')!r}, which sends {', '.join(common)}{narrowed} to {_destination(found)}"
