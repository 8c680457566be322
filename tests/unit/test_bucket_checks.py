"""Which buckets are due for a check, and how a listing is compared with what the index says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.buckets.notification import rule
from bucketdex.check.buckets import Edges, check, hint
from bucketdex.check.due import Due, Signs, due, reason
from bucketdex.check.listing import Listed, Step, compare, differs
from bucketdex.control import Bucket, Generation
from bucketdex.control.checks import Check, Checks, Found
from bucketdex.control.conditional import text
from bucketdex.control.live import Live
from bucketdex.errors import Permanent, Transient
from bucketdex.manifest.layout import manifest_key, pointer_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ARN = "arn:aws:sqs:us-east-1:123456789012:ObjectEvents"
LAB = Bucket("lab", NOW - timedelta(days=9))


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


class Table:
    """DynamoDB as far as checks use it: one item at a time, written under a condition."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, str]] = {}
        self.broken, self.writes = False, 0

    def get_item(self, *, Key: Any, ConsistentRead: bool, **_: Any) -> Any:  # noqa: N803
        assert ConsistentRead
        self._fail()
        found = self.items.get((Key["pk"]["S"], Key["sk"]["S"]))
        return {"Item": Key | {name: {"S": value} for name, value in found.items()}} if found else {}

    def update_item(self, **wanted: Any) -> dict[str, Any]:
        self._fail()
        self.writes += 1
        names, values = wanted["ExpressionAttributeNames"], wanted["ExpressionAttributeValues"]
        assert set(values) == {it for it in wanted["UpdateExpression"].replace(",", " ").split() if it[0] == ":"} | {
            it for it in wanted["ConditionExpression"].replace(")", " ").split() if it[0] == ":"
        }, "DynamoDB refuses values that no expression names"
        key = (wanted["Key"]["pk"]["S"], wanted["Key"]["sk"]["S"])
        before = self.items.get(key, {})

        def met(condition: str) -> bool:
            if condition.startswith("attribute_not_exists("):
                return names[condition[21:-1]] not in before
            name, operator, value = condition.split()
            found, told = before.get(names[name]), values[value]["S"]
            return found is not None and (found == told if operator == "=" else found < told)

        one_of = wanted["ConditionExpression"].split(" OR ")
        if not any(all(met(part) for part in it.split(" AND ")) for it in one_of):
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
        sets, _, gone = wanted["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        after = dict(before)
        for assignment in sets.split(", "):
            name, _, value = assignment.partition(" = ")
            after[names[name]] = values[value]["S"]
        for name in filter(None, gone.split(", ")):
            after.pop(names[name], None)
        self.items[key] = after
        return {"Attributes": wanted["Key"] | {name: {"S": value} for name, value in after.items()}}

    def _fail(self) -> None:
        if self.broken:
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "UpdateItem")


class S3:
    """Buckets: their keys in pages, and their notification rules."""

    def __init__(self, buckets: dict[str, dict[str, Listed]], rules: list[Any] | None = None) -> None:
        self.buckets, self.rules, self.sorted = buckets, [rule(ARN)] if rules is None else rules, True

    def list_objects_v2(self, *, Bucket: str, StartAfter: str, MaxKeys: int) -> Any:  # noqa: N803
        if Bucket not in self.buckets:
            raise ClientError(
                {"Error": {"Code": "NoSuchBucket"}, "ResponseMetadata": {"HTTPStatusCode": 404}},  # type: ignore[typeddict-item]
                "ListObjectsV2",
            )
        keys = sorted((key for key in self.buckets[Bucket] if key.encode() > StartAfter.encode()), key=str.encode)
        page = [self.buckets[Bucket][key] for key in keys[:MaxKeys]]
        told = [
            {"Key": it.key, "Size": it.size, "ETag": f'"{it.etag}"', "LastModified": it.modified,
             "StorageClass": it.storage_class}
            for it in (page if self.sorted else page[::-1])
        ]  # fmt: skip
        return {"IsTruncated": len(keys) > MaxKeys} | ({"Contents": told} if told else {})

    def get_bucket_notification_configuration(self, Bucket: str) -> Any:  # noqa: N803
        if self.rules == ["refused"]:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetBucketNotificationConfiguration")
        return {"QueueConfigurations": self.rules}


class Index:
    """OpenSearch: each index a list of documents; keys are sorted by their bytes."""

    def __init__(self, **documents: list[dict[str, Any]]) -> None:
        self.documents, self.transport = documents, self

    def perform_request(self, _method: str, path: str, *, body: bytes, params: dict[str, Any]) -> Any:
        if path.endswith("_refresh"):
            return {}
        body = msgspec.json.decode(body)
        term, keys, _ = body["query"]["bool"]["filter"]
        bounds = keys["range"]["key"]
        last = bounds.get("lte")
        found = [
            it
            for it in self.documents[path.split("/")[1]]
            if it["bucket"] == term["term"]["bucket"]
            and not it.get("deleted")
            and it["key"].encode() > bounds["gt"].encode()
            and (last is None or it["key"].encode() <= last.encode())
        ]
        found.sort(key=lambda it: it["key"].encode())
        shown = [{name: it[name] for name in body["_source"] if name in it} for it in found[: body["size"]]]
        return {"hits": {"hits": [{"_source": it} for it in shown]}}


def listed(key: str, **more: Any) -> Listed:
    return msgspec.structs.replace(Listed(key, 3, "e", ago(days=3)), **more)


def document(of: Listed, **more: Any) -> dict[str, Any]:
    told = {"bucket": "lab", "key": of.key, "size": of.size, "etag": of.etag, "storage_class": of.storage_class}
    return told | {"modified": of.modified.isoformat(), "observed_at": ago(days=2).isoformat()} | more


def table(state: Check | None = None) -> tuple[Table, Checks]:
    found = Table()
    if state:
        told = {name: text(it) for name, it in msgspec.structs.asdict(state).items() if isinstance(it, datetime)}
        found.items["check", "lab"] = told | ({} if state.after is None else {"after": state.after})
    return found, Checks(found, "t", lambda: NOW)  # type: ignore[arg-type]


# Which are due


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (Check("lab"), "daily"),
        (Check("lab", complete=ago(hours=22)), "daily"),
        (Check("lab", complete=ago(hours=21)), None),
        (Check("lab", complete=ago(hours=1), begun=ago(hours=1), after=""), "unfinished"),
        (Check("lab", complete=ago(hours=21), begun=ago(hours=1), after="x"), "unfinished"),
        (Check("lab", complete=ago(hours=3), begun=ago(hours=3), wanted=ago(hours=2)), "wanted"),
        (Check("lab", complete=ago(hours=2), begun=ago(hours=2), wanted=ago(hours=3)), None),
        (Check("lab", complete=ago(hours=3), begun=ago(hours=3), wanted=ago(hours=2), settled=ago(hours=2)), None),
        (Check("lab", complete=ago(hours=3), begun=ago(hours=3), wanted=ago(hours=1), settled=ago(hours=2)), "wanted"),
        # What a call deleted a moment later than its record tells was not missing yet when the check began.
        (Check("lab", complete=ago(minutes=9), begun=ago(minutes=9), wanted=ago(minutes=9.5)), "wanted"),
    ],
)
def test_a_bucket_is_due_each_day_or_when_it_is_wanted_or_when_a_check_was_broken_off(state, expected):
    assert reason(LAB, state, NOW) == expected


def test_connecting_a_bucket_counts_as_checking_it():
    young = Bucket("lab", ago(hours=21))
    assert reason(young, Check("lab", wanted=ago(hours=22)), NOW) is None
    assert reason(young, Check("lab", wanted=ago(hours=20)), NOW) == "wanted"
    assert reason(Bucket("lab", ago(hours=22)), Check("lab"), NOW) == "daily"


@pytest.mark.parametrize(
    ("seen", "events", "rules", "verified"),
    [
        (ago(hours=2), "notifications", None, True),
        (ago(hours=2, seconds=119), "notifications", None, True),
        (ago(hours=2, seconds=121), "notifications", None, False),
        (None, "notifications", None, False),
        (ago(hours=1), "notifications", [], False),
        (ago(hours=1), "notifications", [rule(ARN) | {"Events": ["s3:ObjectCreated:*"]}], False),
        (ago(hours=1), "notifications", [rule("arn:another")], False),
        (ago(hours=1), "notifications", ["refused"], False),
        (ago(hours=1), "trail", None, False),
    ],
)
def test_what_is_wanted_is_settled_without_a_check_only_where_notifications_are_verified(seen, events, rules, verified):
    items, checks = table(Check("lab", complete=ago(hours=3), begun=ago(hours=3), wanted=ago(hours=2)))
    live = Live(items, "t", lambda: NOW)  # type: ignore[arg-type]
    if seen:
        live.note({"lab": seen})
    signs = Signs(S3({}, rules), live, lambda: ARN)  # type: ignore[arg-type]
    found = due([msgspec.structs.replace(LAB, events=events)], checks, signs, NOW)
    assert (found.buckets, found.verified) == (([], ["lab"]) if verified else (["lab"], []))
    assert checks.state("lab").settled == (ago(hours=2) if verified else None)
    checks.want("lab", ago(hours=1))
    assert due([LAB], checks, Signs(S3({}, []), live, lambda: ARN), NOW).buckets == ["lab"]  # type: ignore[arg-type]


def test_those_that_wait_for_the_longest_are_first_and_one_that_cannot_be_told_of_is_named():
    items, checks = table()
    for name, hours in (("a", 30), ("b", 50), ("c", 40)):
        items.items["check", name] = {"touched": ago(hours=hours).isoformat()}
    items.items["check", "d"] = {"complete": "nonsense"}
    buckets = [Bucket(name, ago(days=9)) for name in "abcde"]
    found = due(buckets, checks, Signs(S3({}), Live(items, "t"), lambda: ARN), NOW)  # type: ignore[arg-type]
    assert found.buckets == ["e", "b", "c", "a"] and list(found.failures) == ["d"]
    assert isinstance(found, Due)


# The table


def test_what_is_wanted_is_only_ever_raised_and_never_in_the_time_to_come():
    _, checks = table()
    assert checks.want("lab", ago(hours=2)) and not checks.want("lab", ago(hours=3))
    assert not checks.want("lab", ago(hours=2)) and checks.state("lab").wanted == ago(hours=2)
    assert checks.want("lab", NOW + timedelta(days=900)) and checks.state("lab").wanted == NOW


def test_of_two_that_check_one_bucket_one_goes_on():
    _, checks = table()
    one, other = checks.begin(checks.state("lab")), None
    assert one
    assert checks.begin(Check("lab")) is None  # who read the item before that
    other = checks.begin(checks.state("lab"))
    assert other == one
    assert checks.checkpoint(other, "k") and checks.checkpoint(one, "j") is None and checks.finish(one) is None
    assert checks.state("lab").after == "k"
    assert checks.finish(checks.state("lab"))
    assert checks.state("lab").complete == NOW and checks.state("lab").after is None


def test_what_a_check_finds_is_summed_over_its_steps_and_kept_until_the_next_is_complete():
    _, checks = table()
    one = checks.begin(checks.state("lab"))
    assert one and (one := checks.checkpoint(one, "k", Found(1000, {"etag": 2})))
    assert checks.state("lab").counted == Found(1000, {"etag": 2}) and checks.state("lab").found is None
    assert checks.finish(checks.state("lab"), Found(5, {"etag": 1, "gone": 1}))
    complete = Found(1005, {"etag": 3, "gone": 1})
    assert checks.state("lab").found == complete and checks.state("lab").counted == Found()
    again = checks.begin(checks.state("lab"))
    assert again and checks.checkpoint(again, "a", Found(7)) and checks.state("lab").found == complete


def test_signs_of_life_are_noted_seldom_and_only_raised():
    items = Table()
    live, other = (Live(items, "t", lambda: NOW) for _ in range(2))  # type: ignore[arg-type]
    live.note({"lab": ago(hours=1)})
    for seconds in range(0, 120, 10):
        live.note({"lab": ago(hours=1) + timedelta(seconds=seconds)})
    assert items.writes == 1
    other.note({"lab": ago(hours=2), "new": NOW + timedelta(days=9)})
    assert (live.latest("lab"), live.latest("new"), live.latest("none")) == (ago(hours=1), NOW, None)
    live.note({"lab": ago(minutes=1)})
    assert live.latest("lab") == ago(minutes=1)


def test_a_table_that_does_not_answer_is_told_and_noted_again_later():
    items = Table()
    live = Live(items, "t", lambda: NOW)  # type: ignore[arg-type]
    items.broken = True
    for ask in (lambda: live.note({"lab": NOW}), lambda: live.latest("lab"), lambda: Checks(items, "t").state("lab")):  # type: ignore[arg-type]
        with pytest.raises(Transient):
            ask()
    items.broken = False
    live.note({"lab": NOW})
    assert live.latest("lab") == NOW


# Comparing


@pytest.mark.parametrize(
    ("object_", "document_", "expected"),
    [
        (listed("k"), document(listed("k")), None),
        (listed("k"), None, "not indexed"),
        (None, document(listed("k")), "gone"),
        (None, None, None),
        (listed("k", etag="f"), document(listed("k")), "etag"),
        (listed("k", size=4), document(listed("k")), "size"),
        (listed("k", storage_class="GLACIER"), document(listed("k")), "storage class"),
        (listed("k"), document(listed("k"), storage_class=None), None),
        (listed("k", modified=ago(days=1)), document(listed("k")), "modified"),
        (listed("k", modified=ago(days=2)), document(listed("k")), None),
        # S3 refused to tell of it: there is no more to be known, until it changes.
        (listed("k"), {"observed_at": ago(days=2).isoformat(), "problem": "403"}, None),
        (listed("k"), {"observed_at": ago(days=2).isoformat(), "problem": "403", "etag": "e", "size": 3}, None),
        (listed("k"), {"observed_at": ago(days=2).isoformat(), "problem": "403", "etag": "d", "size": 3}, "etag"),
        (listed("k", modified=ago(days=1)), {"observed_at": ago(days=2).isoformat(), "problem": "403"}, "modified"),
        (listed("k"), {"observed_at": ago(days=2).isoformat(), "modified": "then", "problem": "no text"}, "etag"),
        (listed(pointer_key("a/b"), storage_class="GLACIER"), document(listed(pointer_key("a/b"))), None),
    ],
)
def test_what_is_compared_of_a_key(object_, document_, expected):
    assert differs(object_, document_) == expected


def test_a_hint_says_what_the_listing_told():
    step = compare_all({"k": listed("k", etag="new", size=9)}, [document(listed("gone"))])
    one, other = (hint("lab", it) for it in step)
    assert (one.key, one.event, one.source, one.size, one.etag) == ("gone", "check", "bucketdex", None, None)
    assert (other.key, other.size, other.etag) == ("k", 9, "new")


def compare_all(bucket: dict[str, Listed], *indexes: list[dict[str, Any]], **pages: int) -> list[Any]:
    """Return all differences, step by step; the last index is that of packages where there are several."""
    named = {str(number): documents for number, documents in enumerate(indexes)}
    objects = [name for name, _ in zip(named, indexes[:-1] or indexes, strict=False)]
    kinds = {"objects": objects, "packages": [name for name in named if name not in objects]}
    s3, index = S3({"lab": bucket}), Index(**named)
    found: list[Any] = []
    after: str | None = ""
    keys = 0
    while after is not None:
        step: Step = compare(s3, index, kinds, "lab", after, **pages)  # type: ignore[arg-type]
        assert step.last is None or step.last > after
        after, keys = step.last, keys + step.keys
        found += step.differences
    assert keys == len(bucket)
    return found


KEYS = st.one_of(
    st.text("ab/.0é🧬\uffff\x01", min_size=1, max_size=4),
    st.sampled_from([manifest_key("0" * 64), pointer_key("a/b"), ".quilt/x", ".quilt", ".quilt0", ".quilt/packages/"]),
)


def theirs(draw: st.DrawFn, of: Listed, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the document of a key, in the index of its own kind, or of the other, where it is no document at all."""
    is_package = of.key in (manifest_key("0" * 64), pointer_key("a/b"))
    if (kind == "packages") == is_package:
        change = draw(st.sampled_from([{}, {}, {"etag": "old"}, {"deleted": True}, None]))
        if change is not None:
            yield document(of, **change)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, Listed], list[list[dict[str, Any]]]]:
    keys = draw(st.sets(KEYS, max_size=14))
    bucket = {key: listed(key) for key in keys if draw(st.booleans())}
    kinds = draw(st.sampled_from([["objects", "packages"], ["objects", "objects", "packages"]]))
    return bucket, [[it for key in keys for it in theirs(draw, listed(key), kind)] for kind in kinds]


@given(worlds(), st.integers(1, 4), st.integers(1, 5))
def test_steps_of_any_length_find_exactly_what_differs_in_any_index(world, page_keys, page_documents):
    bucket, indexes = world
    expected = set()
    for number, documents in enumerate(indexes):
        by_key = {it["key"]: it for it in documents if not it.get("deleted")}
        packages = {manifest_key("0" * 64), pointer_key("a/b")}
        for key in bucket.keys() | by_key.keys():
            if (number == len(indexes) - 1) == (key in packages) and differs(bucket.get(key), by_key.get(key)):
                expected.add(key)
    found = compare_all(bucket, *indexes, page_keys=page_keys, page_documents=page_documents)
    assert [it.key for it in found] == sorted(expected, key=str.encode)


def test_a_bucket_that_lists_its_keys_in_another_order_is_not_compared():
    s3 = S3({"lab": {key: listed(key) for key in "abc"}})
    s3.sorted = False
    with pytest.raises(Permanent, match="in the order of its keys"):
        compare(s3, Index(i=[]), {"objects": ["i"]}, "lab", "")  # type: ignore[arg-type]


# Whole buckets


class World:
    """Buckets, none of which is indexed, and a clock that each page moves by a second."""

    def __init__(self, **sizes: int) -> None:
        keys = {name: [f"{number:05}" for number in range(size)] for name, size in sizes.items()}
        self.s3 = S3({name: {key: listed(key) for key in all_} for name, all_ in keys.items()})
        self.sent: list[tuple[str, str]] = []
        self.left, self.refuse = 1_000.0, False
        self.table, self.checks = table()
        control = type("Control", (), {"generations": lambda _, kind: (Generation(kind, 1),)})()
        self.edges = Edges(self.s3, Index(objects=[], packages=[]), control, self.send, lambda: self.left)  # type: ignore[arg-type]

    def send(self, changes: Any) -> None:
        self.left -= 1
        if self.refuse:
            raise Transient("the queue does not answer")
        self.sent += [(it.bucket, it.key) for it in changes]

    def check(self, *buckets: str) -> Any:
        return check(self.edges, self.checks, buckets)


def test_a_check_that_is_broken_off_goes_on_where_it_was():
    it = World(lab=13_500)
    it.left = 92
    report = it.check("lab")
    assert (report.checked, report.keys, len(it.sent)) == ([], 10_000, 10_000)
    assert it.checks.state("lab").after == "09999" and reason(LAB, it.checks.state("lab"), NOW) == "unfinished"
    it.left = 1_000
    report = it.check("lab")
    assert (report.checked, report.keys, report.differing) == (["lab"], 3_500, {"not indexed": 3_500})
    assert len(it.sent) == len(set(it.sent)) == 13_500
    state = it.checks.state("lab")
    assert state.after is None and state.complete == state.begun == NOW


def test_what_could_not_be_sent_is_compared_again():
    it = World(lab=1_500)
    it.refuse = True
    assert isinstance(it.check("lab").failures["lab"], Transient)
    it.refuse = False
    assert it.check("lab").checked == ["lab"] and len(it.sent) == 1_500


def test_neither_a_large_bucket_nor_one_that_cannot_be_listed_keeps_others_from_being_checked():
    it = World(huge=400_000, small=10, other=10)
    it.left = 120
    report = it.check("huge", "gone", "small", "other")
    assert report.checked == ["small", "other"] and isinstance(report.failures["gone"], Permanent)
    assert it.checks.state("huge").after and report.keys >= 20_000


def test_a_bucket_that_is_disconnected_meanwhile_is_left_alone():
    it = World(lab=3_000)
    send = it.edges.send

    def disconnect(changes: Any) -> None:
        send(changes)
        it.table.items.clear()

    object.__setattr__(it.edges, "send", disconnect)
    report = it.check("lab")
    assert report.checked == [] and report.keys == 1_000 and not report.failures and not it.table.items
