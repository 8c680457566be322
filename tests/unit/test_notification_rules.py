"""Rules of ours and of others in one notification configuration: what S3 takes, and what it would refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.buckets.notification import (
    DESTINATIONS,
    EVENTS,
    INDEXING,
    TRAIL,
    Rule,
    has_rule,
    is_right,
    keys_of,
    rule,
    with_rule,
    without_rule,
)
from bucketdex.errors import Permanent

ARN = "arn:aws:sqs:us-east-1:123456789012:TrailFiles"
FAMILIES = ("ObjectCreated", "ObjectRemoved", "ObjectTagging", "Replication")
OF_EACH = ("*", "Put", "Delete")

affixes = st.sampled_from(["", "a", "ab", "abc", "b", "ba", "AWSLogs/", "AWSLogs/1/", ".gz", ".json.gz", "n.gz"])
events = st.lists(
    st.builds("s3:{}:{}".format, st.sampled_from(FAMILIES), st.sampled_from(OF_EACH)), min_size=1, unique=True
).map(tuple)
ours = st.builds(Rule, st.just("bucketdex-trail"), events, affixes, affixes)


@st.composite
def others(draw, clear_of: tuple[str, ...] = ()):
    """Rules of others, as S3 tells them; with `clear_of` only for events of other families."""
    found: dict = {}
    for number in range(draw(st.integers(0, 3))):
        kind, arn = draw(st.sampled_from(sorted(DESTINATIONS.items())))
        named = draw(events)
        if clear_of:
            named = tuple(it for it in named if it.split(":")[1] not in {ours.split(":")[1] for ours in clear_of})
            named = named or ("s3:ReducedRedundancyLostObject",)
        told = {"Id": f"other {number}", arn: f"arn:of:{number}", "Events": list(named)}
        spelling = draw(st.sampled_from([str.lower, str.title]))
        if keys := [
            {"Name": spelling(it), "Value": draw(affixes)} for it in ("prefix", "suffix") if draw(st.booleans())
        ]:
            told["Filter"] = {"Key": {"FilterRules": keys}}
        found.setdefault(kind, []).append(told)
    if draw(st.booleans()):
        found["EventBridgeConfiguration"] = {}
    return found


@st.composite
def a_rule_beside_others(draw):
    mine = draw(ours)
    return mine, draw(others(mine.events))


@given(a_rule_beside_others())
def test_a_rule_of_ours_comes_and_goes_and_others_stay(given_):
    mine, found = given_
    merged = with_rule(found, ARN, mine)
    assert is_right(merged, ARN, mine) and has_rule(merged, ARN, mine)
    assert keys_of(merged, mine) == (mine.prefix, mine.suffix)
    assert without_rule(merged, mine) == without_rule(found, mine) == found
    assert with_rule(merged, ARN, mine) == merged
    assert {kind: len(it) for kind, it in merged.items()} | {"QueueConfigurations": 0} == (
        {kind: len(it) for kind, it in found.items()} | {"QueueConfigurations": 0}
    )


@given(ours, ours)
def test_of_two_rules_for_one_event_the_second_is_refused_just_where_a_key_could_be_of_both(mine, other):
    found = {"QueueConfigurations": [rule("arn:of:etl", Rule("etl", other.events, other.prefix, other.suffix))]}
    keys = {f"{left}{middle}{right}" for left in (mine.prefix, other.prefix) for middle in ("", "x/")
            for right in (mine.suffix, other.suffix)}  # fmt: skip
    both = any(_tells(mine, key) and _tells(other, key) for key in keys)
    events_of_both = any(_names(mine, event) and _names(other, event) for event in _single_events())
    if both and events_of_both:
        with pytest.raises(Permanent, match="'etl'"):
            with_rule(found, ARN, mine)
    else:
        assert is_right(with_rule(found, ARN, mine), ARN, mine)


@given(ours, st.randoms(use_true_random=False))
def test_a_rule_is_known_again_however_s3_tells_it(mine, random):
    told = rule(ARN, mine)
    told["Events"] = random.sample(told["Events"], len(told["Events"]))
    for it in told.get("Filter", {}).get("Key", {}).get("FilterRules", []):
        it["Name"] = it["Name"].title()
    assert is_right({"QueueConfigurations": [told]}, ARN, mine)


@given(ours, ours)
def test_our_rule_for_other_keys_is_put_in_place_of_the_former(mine, former):
    found = {"QueueConfigurations": [rule(ARN, former)]}
    assert with_rule(found, ARN, mine) == {"QueueConfigurations": [rule(ARN, mine)]}
    assert is_right(found, ARN, mine) == (
        (set(mine.events), mine.prefix, mine.suffix) == (set(former.events), former.prefix, former.suffix)
    )


def test_the_rule_of_another_stack_is_not_taken_over():
    for of in (INDEXING, TRAIL):
        with pytest.raises(Permanent, match="another stack of bucketdex"):
            with_rule({"QueueConfigurations": [rule("arn:of:another", of)]}, ARN, of)


def test_a_bucket_has_the_rule_of_a_trail_or_of_the_index_and_never_both():
    assert "s3:ObjectCreated:*" in EVENTS
    for one, other in ((INDEXING, TRAIL), (TRAIL, INDEXING)):
        with pytest.raises(Permanent, match=f"the rule '{one.id}'"):
            with_rule({"QueueConfigurations": [rule(ARN, one)]}, ARN, other)


def _tells(of: Rule, key: str) -> bool:
    return key.startswith(of.prefix) and key.endswith(of.suffix)


def _names(of: Rule, event: str) -> bool:
    return any(event == it or (it.endswith("*") and event.startswith(it[:-1])) for it in of.events)


def _single_events() -> list[str]:
    return [f"s3:{family}:{it}" for family in FAMILIES for it in OF_EACH if it != "*"]
