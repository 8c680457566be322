"""The trail on the local stack, end to end: what nobody else told is indexed, who wrote it, how often it is read."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from bucketdex.control.checks import Check, Checks
from bucketdex.local import aws, trail
from bucketdex.local.state import log_file
from commands import Stack, it, lab, wait_for  # noqa: F401  fixtures

NEVER = 3600.0  # seconds between log files: each test has its own, when it ends the trail


class Recorded:
    """A stack whose trail is on: everything is told of again when it is switched off."""

    def __init__(self, it: Stack) -> None:  # noqa: F811
        self.it = it
        trail.switch_on(it.state, NEVER)

    def deliver(self) -> None:
        trail.switch_off(self.it.state)
        self.it.settle()

    def indexed(self, bucket: str, key: str) -> dict[str, Any] | None:
        [told] = self.it.show(bucket, key)
        assert told["agrees"], told
        return told["indexed"]

    def metric(self, function: str, name: str) -> float:
        """Return the sum of a metric that a function has told so far."""
        lines = log_file(Path(self.it.state.home), function).read_text(errors="replace").splitlines()
        found = (json.loads(line)[name] for line in lines if line.startswith("{") and f'"{name}":' in line)
        return sum(sum(value) if isinstance(value, list) else value for value in found)

    def reads(self, bucket: str, key: str) -> dict[str, Any]:
        url = f"{self.it.state.api_url}/api/reads"
        answer = requests.get(url, params={"bucket": bucket, "key": key}, timeout=30)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def invoke(self, function: str, event: Any) -> Any:
        client = aws.session().client("lambda", endpoint_url=self.it.state.edge_url)
        name = next(each.name for each in self.it.state.deployment.functions if each.logical_id == function)
        done = client.invoke(FunctionName=name, Payload=json.dumps(event))
        told = json.loads(done["Payload"].read())
        assert "FunctionError" not in done, told
        return told

    def checks(self) -> Checks:
        dynamodb = aws.session().client("dynamodb", endpoint_url=self.it.state.edge_url)
        return Checks(dynamodb, self.it.variables["BUCKETDEX_CONTROL_TABLE"])

    def check(self, bucket: str) -> Check:
        return self.checks().state(bucket)


@pytest.fixture
def recorded(it: Stack):  # noqa: F811
    one = Recorded(it)
    yield one
    trail.switch_off(it.state)
    it.settle()


def without_notifications(it: Stack, bucket: str) -> None:  # noqa: F811
    it.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})


def test_what_no_notification_told_is_indexed_with_its_author(it, lab, recorded):  # noqa: F811
    it.put(lab, "before.csv")
    it.settle()
    without_notifications(it, lab)
    ada = it.as_("ada")
    odd = "red flower+1% %2B ü🧬.csv"
    ada.put_object(Bucket=lab, Key=odd, Body=b"petals")
    ada.delete_object(Bucket=lab, Key="before.csv")
    it.as_("bob").copy_object(Bucket=lab, Key="copy.csv", CopySource={"Bucket": lab, "Key": odd})
    it.settle()
    missed = recorded.metric("IndexObjects", "OnlyTrailKnew")
    assert recorded.indexed(lab, "never") is None
    recorded.deliver()
    assert recorded.indexed(lab, odd)["written_by"] == {"type": "IAMUser", "name": "ada"}
    assert recorded.indexed(lab, "copy.csv")["written_by"]["name"] == "bob"
    assert recorded.indexed(lab, "before.csv") is None
    assert recorded.metric("IndexObjects", "OnlyTrailKnew") == missed + 3


def test_where_notifications_work_only_the_author_is_added(it, lab, recorded):  # noqa: F811
    ada = it.as_("ada")
    for number in range(5):
        ada.put_object(Bucket=lab, Key=f"{number}.csv", Body=b"%d" % number)
    ada.delete_object(Bucket=lab, Key="nothing.csv")  # which makes a delete marker all the same
    it.settle()
    missed = recorded.metric("IndexObjects", "OnlyTrailKnew")
    url = f"{it.state.edge_url}/_bucketdex/requests"
    requests.delete(url, timeout=10)
    recorded.deliver()
    asked = [one for one in requests.get(url, timeout=10).json() if one["path"].startswith(f"/{lab}/")]
    assert asked == []
    assert recorded.metric("IndexObjects", "OnlyTrailKnew") == missed
    for number in range(5):
        assert recorded.indexed(lab, f"{number}.csv")["written_by"]["name"] == "ada"


def test_reads_are_counted_by_object_and_reader_and_ours_are_not(it, lab, recorded):  # noqa: F811
    it.put(lab, "data/a.csv", "data/b.csv")
    it.settle()
    for name, count in (("ada", 3), ("bob", 2)):
        client = it.as_(name)
        for _ in range(count):
            client.get_object(Bucket=lab, Key="data/a.csv")["Body"].read()
        client.head_object(Bucket=lab, Key="data/a.csv")
    recorded.deliver()
    told = recorded.reads(lab, "data/a.csv")
    assert (told["total"], told["readers"]) == (5, 2) and [day["count"] for day in told["days"]] == [5]
    assert recorded.reads(lab, "data/b.csv")["total"] == 0
    document = recorded.indexed(lab, "data/a.csv")
    assert not [name for name in document if "read" in name]
    [shown] = it.json("reads", f"s3://{lab}/data/")
    assert shown["total"] == 5


def test_a_bulk_deletion_that_nobody_told_of_is_found_by_the_check_that_it_wants(it, lab, recorded):  # noqa: F811
    it.put(lab, "a", "b", "c")
    it.settle()
    without_notifications(it, lab)
    it.s3.delete_objects(Bucket=lab, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    recorded.deliver()
    wanted = recorded.check(lab).wanted
    assert wanted is not None
    told = recorded.invoke("CheckBuckets", {"source": "aws.events", "detail-type": "Scheduled Event"})
    assert lab in told["checked"] and told["differing"] == {"gone": 2}
    it.settle()
    assert recorded.indexed(lab, "a") is None and recorded.indexed(lab, "b") is None
    assert recorded.indexed(lab, "c")


def test_a_bucket_that_is_told_of_by_the_trail_alone_is_not_touched(it, recorded):  # noqa: F811
    it.s3.create_bucket(Bucket="not-ours")
    it.put("not-ours", "old.csv")
    [done] = it.json("bucket", "add", "not-ours", "--events", "trail")
    assert done["notification_added"] is done["versioning_enabled"] is False
    it.settle()
    missed = recorded.metric("IndexObjects", "OnlyTrailKnew")
    it.put("not-ours", "new.csv", body=b"1")
    it.put("not-ours", "old.csv", body=b"2")
    it.s3.delete_object(Bucket="not-ours", Key="old.csv")
    recorded.deliver()
    assert recorded.indexed("not-ours", "new.csv") and recorded.indexed("not-ours", "old.csv") is None
    assert it.rules("not-ours") == {} and not it.s3.get_bucket_versioning(Bucket="not-ours").get("Status")
    assert recorded.metric("IndexObjects", "OnlyTrailKnew") == missed


def test_a_trail_whose_own_bucket_is_recorded_and_indexed_makes_no_loop(it, lab, recorded):  # noqa: F811
    it.edges.control.add_bucket(
        msgspec.structs.replace(it.edges.control.buckets()[0], name=trail.BUCKET, events="trail")
    )
    try:
        roles = {one.role_name: one.role for one in it.state.deployment.functions if one.role}
        body = {"bucket": trail.BUCKET, "seconds": 0.5, "roles": roles, "own": True}
        requests.post(f"{it.state.edge_url}/_bucketdex/trail", json=body, timeout=10).raise_for_status()
        it.put(lab, "one.csv")
        it.put(trail.BUCKET, "notes.txt")
        wait_for(lambda: trail.told(it.state).files >= 3)
        recorded.deliver()
        assert recorded.indexed(trail.BUCKET, "notes.txt")
        keys = [found["Key"] for found in it.s3.list_objects_v2(Bucket=trail.BUCKET)["Contents"]]
        logs = [key for key in keys if "/CloudTrail/" in key]
        told = it.run("show", *(f"s3://{trail.BUCKET}/{key}" for key in logs), "--json").stdout.splitlines()
        assert len(told) == len(logs) >= 3
        assert not any(json.loads(line)["indexed"] for line in told)
    finally:
        it.edges.control.remove_bucket(trail.BUCKET)


def test_what_cannot_be_read_is_set_aside_with_its_reason(it, lab, recorded):  # noqa: F811
    folder = f"AWSLogs/{aws.ACCOUNT}/CloudTrail/us-east-1/2026/01/31"
    for name, body in (("cut", b"\x1f\x8b\x08cut"), ("shape", b'{"Events": []}')):
        it.s3.put_object(Bucket=trail.BUCKET, Key=f"{folder}/{name}.json.gz", Body=body)
    it.s3.put_object(Bucket=trail.BUCKET, Key="notes.json.gz", Body=b"none of ours")
    it.settle()
    reasons = [one["reason"] for one in it.json("dead-letters", "list") if one["queue"] == "TrailFiles"]
    assert len(reasons) == 2, reasons
