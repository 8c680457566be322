"""Checks of buckets on a real stack: what no event told of is found, exactly that, and indexed."""

import importlib.util
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import packages
from bucketdex.aws import clients, settings
from bucketdex.buckets.connect import connect
from bucketdex.buckets.notification import rule
from bucketdex.changes import ObjectChange
from bucketdex.changes.sending import send
from bucketdex.check import buckets, listing
from bucketdex.check.due import Signs, due
from bucketdex.control.checks import Checks
from bucketdex.control.live import Live
from bucketdex.errors import Permanent
from bucketdex.index.ids import object_id
from bucketdex.local import aws
from bucketdex.manifest.layout import manifest_key
from commands import Stack, it, lab

__all__ = ["it", "lab"]  # fixtures

ROOT = Path(__file__).parents[2]
ODD = ["a b+c%20d?e#f.txt", "🧬/ümlaut.csv", "//twice//", "\uffff", "%2F", " "]


class Here:
    """What a check on this stack needs; `sent` are the keys that it told of."""

    def __init__(self, it: Stack) -> None:
        dynamodb = aws.session().client("dynamodb", endpoint_url=it.state.edge_url)
        table = it.variables["BUCKETDEX_CONTROL_TABLE"]
        self.it, self.checks, self.live = it, Checks(dynamodb, table), Live(dynamodb, table)
        self.sent: list[str] = []
        self.left = 900.0
        self.edges = buckets.Edges(it.edges.s3, it.opensearch, it.edges.control, self.send, lambda: self.left)

    def send(self, changes: Any) -> None:
        told: list[ObjectChange] = list(changes)
        self.sent += [change.key for change in told]
        send(self.it.sqs, self.it.edges.bulk_events_url, told)

    def due(self, now: datetime | None = None) -> list[str]:
        signs = Signs(self.it.s3, self.live, self.it.queue_arn)
        return due(self.it.edges.control.buckets(), self.checks, signs, now or datetime.now(UTC)).buckets


@pytest.fixture
def here(it: Stack) -> Here:
    return Here(it)


def silence(it: Stack, bucket: str) -> None:
    it.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})


def differing(here: Here, bucket: str) -> dict[str, str]:
    return {found.key: found.what for step in buckets.steps(here.edges, bucket) for found in step.differences}


def test_exactly_what_nobody_told_of_is_found_and_then_it_agrees(it, lab, here):
    manifests = [packages.manifest([packages.entry(lab, name)], message=name) for name in ("kept", "gone")]
    for top_hash, content in manifests:
        packages.put(it.s3, lab, top_hash, content)
    (kept, _), (gone, _) = manifests
    pointers = [packages.point(it.s3, lab, "a/b", gone, packages.TIME), packages.point(it.s3, lab, "a/b", kept)]
    it.put(lab, "deleted", "overwritten", "same", "class", "untouched", "tombstone", "deleted/1", *ODD)
    it.settle()
    it.s3.delete_object(Bucket=lab, Key="tombstone")
    it.settle()
    assert differing(here, lab) == {}
    silence(it, lab)
    it.put(lab, "new", ".quilt/plain.txt", "🧬/new")
    it.put(lab, "overwritten", body=b"longer than before")
    it.put(lab, "same", body=b"pengwins")
    doomed = ["deleted", "deleted/1", "🧬/ümlaut.csv", manifest_key(gone), pointers[0]]
    it.s3.delete_objects(Bucket=lab, Delete={"Objects": [{"Key": key} for key in doomed]})
    pointers.append(packages.point(it.s3, lab, "a/b", kept, "1700000001"))
    [objects] = it.edges.control.generations("objects")
    changed = {"doc": {"storage_class": "GLACIER"}}
    it.opensearch.update(index=objects.index, id=object_id(lab, "class"), body=changed)
    done = it.run("bucket", "check", lab)
    assert done.returncode == 1
    new = ["new", ".quilt/plain.txt", "🧬/new", pointers[2]]
    expected = dict.fromkeys(doomed, "gone") | dict.fromkeys(new, "not indexed")
    expected |= {"overwritten": "etag", "same": "etag", "class": "storage class"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("s3://")]
    assert lines == [f"s3://{lab}/{key}: {expected[key]}" for key in sorted(expected)]
    it.settle()
    found = differing(here, lab)
    assert found == {}, found
    assert it.run("bucket", "check", lab).returncode == 0
    shown = it.show(lab, "new", "same", "class", *doomed, *pointers[1:], ".quilt/plain.txt", "tombstone", *ODD)
    assert all(line["agrees"] for line in shown)
    assert [line["deleted"] for line in it.show(lab, *doomed)] == [True] * len(doomed)


def test_an_object_written_anew_with_the_same_bytes_is_looked_at_again(it, lab, here):
    it.put(lab, "k", Metadata={"stage": "raw"})
    it.settle()
    silence(it, lab)
    [objects] = it.edges.control.generations("objects")
    before = (datetime.now(UTC) - timedelta(hours=1)).isoformat()  # as if it had been seen so long ago
    it.opensearch.update(index=objects.index, id=object_id(lab, "k"), body={"doc": {"observed_at": before}})
    it.put(lab, "k", Metadata={"stage": "done"})
    [told] = it.json("bucket", "check", lab, code=1)
    assert told == {"bucket": lab, "keys": 1, "differing": 1, "by": {"modified": 1}}
    it.settle()
    assert it.show(lab, "k")[0]["indexed"]["metadata"] == ["stage=done"]
    assert it.json("bucket", "check", lab) == [{"bucket": lab, "keys": 1, "differing": 0, "by": {}}]


def test_a_check_that_is_broken_off_goes_on_and_finds_the_rest(it, lab, here, monkeypatch):
    silence(it, lab)
    keys = sorted(ODD + [f"{number:03}" for number in range(40)])
    it.put(lab, *keys)
    monkeypatch.setattr(buckets, "compare", partial(listing.compare, page_keys=7, page_documents=5))
    monkeypatch.setattr(buckets, "LEAST_SECONDS", 0.0)
    rounds = 0
    while lab not in (done := _one_step(here, lab)).checked:
        assert not done.failures and here.checks.state(lab).after is not None
        rounds += 1
    assert rounds >= 6 and here.sent == keys
    it.settle()
    it.show(lab, *keys)


def _one_step(here: Here, bucket: str) -> buckets.Report:
    clock = itertools.count(-buckets.RESERVE_SECONDS - 1)  # a second more at each look
    edges = buckets.Edges(here.edges.s3, here.edges.opensearch, here.edges.control, here.send, lambda: -next(clock))
    return buckets.check(edges, here.checks, [bucket])


def test_a_check_is_wanted_until_it_has_run_unless_notifications_are_verified(it, lab, here):
    later = partial(here.due, datetime.now(UTC) + timedelta(minutes=5))
    checked = datetime.now(UTC) - timedelta(seconds=300)
    called = datetime.now(UTC)
    _as_if_connected(it, lab, checked)
    assert lab not in later()
    here.checks.want(lab, called)
    assert lab in later()  # nothing is known of its notifications
    here.live.note({lab: called - timedelta(seconds=100)})
    assert lab not in later() and here.checks.state(lab).settled == here.checks.state(lab).wanted
    silence(it, lab)
    here.checks.want(lab, called + timedelta(milliseconds=1))
    here.live.note({lab: datetime.now(UTC)})
    assert lab in later()
    assert it.edges.control.remove_bucket(lab)
    assert here.checks.state(lab).wanted is None and here.live.latest(lab) is None


def _as_if_connected(it: Stack, bucket: str, when: datetime) -> None:
    dynamodb = aws.session().client("dynamodb", endpoint_url=it.state.edge_url)
    dynamodb.update_item(
        TableName=it.variables["BUCKETDEX_CONTROL_TABLE"],
        Key={"pk": {"S": "bucket"}, "sk": {"S": bucket}},
        UpdateExpression="SET added = :added",
        ExpressionAttributeValues={":added": {"S": when.isoformat()}},
    )


@pytest.fixture
def function(it: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Return the function, called as Lambda calls it."""
    for name, value in {
        **it.variables,
        "POWERTOOLS_METRICS_NAMESPACE": "test",
        "POWERTOOLS_TRACE_DISABLED": "1",
    }.items():
        monkeypatch.setenv(name, value)
    session, url = aws.session(), it.state.edge_url
    for name in ("s3", "sqs", "dynamodb"):
        monkeypatch.setattr(clients, name, partial(session.client, name, endpoint_url=url))
    monkeypatch.setattr(clients, "opensearch", lambda _: it.opensearch)
    assert settings.check_buckets().bulk_events_url == it.edges.bulk_events_url
    spec = importlib.util.spec_from_file_location("check_buckets", ROOT / "functions/check_buckets/app.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = SimpleNamespace(
        function_name="CheckBuckets", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="1",
        get_remaining_time_in_millis=lambda: 900_000,
    )  # fmt: skip

    def call(event: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = module.handler(event, context)
        return told

    return call


SCHEDULED = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def test_the_function_checks_what_is_due_and_one_lost_bucket_costs_no_other_its_check(it, lab, here, function):
    for name in ("lost", lab):
        connect(name, it.edges, lambda: datetime.now(UTC))
        _as_if_connected(it, name, datetime.now(UTC) - timedelta(days=1))
    [reads] = it.edges.control.generations("reads")
    old = {"bucket": lab, "key": "k", "day": "2020-02-29", "count": 1}
    it.opensearch.index(index=reads.index, body=old, params={"refresh": "true"})
    silence(it, lab)
    it.put(lab, "untold")
    it.s3.delete_bucket(Bucket="lost")
    with pytest.raises(Exception, match="1 buckets could not be checked: lost"):
        function(SCHEDULED)
    assert it.opensearch.count(index=reads.index)["count"] == 0
    it.settle()
    it.show(lab, "untold")
    assert here.checks.state(lab).complete and lab not in here.due()
    assert here.checks.state("lost").complete is None
    it.edges.control.remove_bucket("lost")
    it.put(lab, "again")
    assert function(SCHEDULED)["checked"] == []
    assert function({"bucket": lab}) == {"checked": [lab], "keys": 2, "differing": {"not indexed": 1}}
    with pytest.raises(Permanent, match="not connected"):
        function({"bucket": "nobodys"})
    it.settle()
    it.show(lab, "again")


def test_nothing_is_changed_at_a_bucket_whose_events_come_from_the_trail(it):
    done = it.run("bucket", "add", "quiet", "--events", "trail")
    assert done.returncode == 1 and "there is no bucket quiet" in done.stderr
    it.s3.create_bucket(Bucket="quiet")
    it.put("quiet", "there")
    [told] = it.json("bucket", "add", "quiet", "--events", "trail")
    assert (told["events"], told["registered"], told["created"], told["keys_sent"]) == ("trail", True, False, 1)
    assert (told["versioning_enabled"], told["notification_added"]) == (False, False)
    it.settle()
    it.put("quiet", "later")
    assert it.rules("quiet") == {} and "Status" not in it.s3.get_bucket_versioning(Bucket="quiet")
    [listed] = [line for line in it.json("bucket", "list") if line["name"] == "quiet"]
    assert (listed["events"], listed["objects"], listed["before"]) == ("trail", 1, {})
    assert it.json("bucket", "check", "quiet", code=1)[0]["by"] == {"not indexed": 1}
    it.settle()
    it.show("quiet", "there", "later")
    refused = it.run("bucket", "add", "quiet", "--events", "notifications")
    assert refused.returncode == 1 and "its events come from the trail" in refused.stderr
    assert "That deletes its documents" in refused.stderr and "its counts of reads" in refused.stderr
    said = it.run("bucket", "add", "quiet").stdout
    assert "Nothing is heard until a trail records it:" in said and "bucketdex local trail on" in said
    assert "Its versioning is off: authors are known only of versions." in said
    [again] = it.json("bucket", "add", "quiet")
    assert (again["events"], again["registered"], again["keys_sent"]) == ("trail", False, 2)
    assert it.rules("quiet") == {}
    removed = it.run("bucket", "remove", "quiet", "--yes")
    assert removed.returncode == 0 and "versioning" not in removed.stdout
    [told] = it.json("bucket", "add", "quiet")
    assert (told["events"], told["notification_added"]) == ("notifications", True)
    assert it.rules("quiet") == {"QueueConfigurations": [rule(it.queue_arn())]}
    refused = it.run("bucket", "add", "quiet", "--events", "trail")
    assert refused.returncode == 1 and "its events come from its notifications" in refused.stderr


def test_a_bucket_that_is_not_connected_is_not_checked(it):
    done = it.run("bucket", "check", "nobodys")
    assert done.returncode == 1 and "is not connected" in done.stderr
