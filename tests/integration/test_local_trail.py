"""`bucketdex local trail` on a stack: who writes is known, log files are read, our own reads are told from others'."""

import gzip
import json
from typing import Any

import pytest

from bucketdex.local import stack
from commands import Stack, it, lab, wait_for

__all__ = ["it", "lab"]  # fixtures

LOGS = "bucketdex-trail"


def records(it: Stack) -> list[dict[str, Any]]:
    """Return what was delivered so far."""
    keys = [found["Key"] for found in it.s3.list_objects_v2(Bucket=LOGS).get("Contents", [])]
    bodies = [it.s3.get_object(Bucket=LOGS, Key=key)["Body"].read() for key in keys if "/CloudTrail/" in key]
    return [record for body in bodies for record in json.loads(gzip.decompress(body))["Records"]]


@pytest.fixture
def trail(it: Stack):
    """A trail that delivers often, and is switched off in the end."""
    (told,) = it.json("local", "trail", "on", "--seconds", "0.3")
    assert told["on"] == {"bucket": LOGS, "seconds": 0.3}
    yield
    it.json("local", "trail", "off")
    it.settle()


def test_it_is_off_until_it_is_switched_on_and_can_be_twice(it: Stack):
    assert it.json("local", "trail", "status") == [{"on": None, "waiting": 0, "records": 0, "files": 0}]
    assert "The trail is off." in it.run("local", "trail", "status").stdout
    for _ in range(2):
        assert "every 60 s" in it.run("local", "trail", "on", "--seconds", "60").stdout
    (rule,) = it.rules(LOGS)["QueueConfigurations"]
    (queue,) = (queue for queue in it.state.deployment.queues if queue.logical_id == "TrailFiles")
    assert (rule["QueueArn"], rule["Events"]) == (queue.arn, ["s3:ObjectCreated:*"])
    assert [told["Value"] for told in rule["Filter"]["Key"]["FilterRules"]] == [".json.gz"]
    assert it.json("local", "trail", "off")[0]["on"] is None


def test_who_writes_is_known_also_where_the_notification_was_first(it: Stack, lab: str, trail):
    key = "red flower+1%.csv"
    it.as_("ada").put_object(Bucket=lab, Key=key, Body=b"x")

    def author() -> Any:
        told = it.run("show", f"s3://{lab}/{key}", "--json").stdout  # which may not agree with S3 yet
        return (json.loads(told)["indexed"] or {}).get("written_by")

    assert wait_for(author) == {"type": "IAMUser", "name": "ada"}
    it.as_("grace").put_object(Bucket=lab, Key=key, Body=b"y")
    assert wait_for(lambda: author() == {"type": "IAMUser", "name": "grace"})


def test_requests_of_functions_are_those_of_their_roles(it: Stack, lab: str, trail):
    it.put(lab, "read by a function.txt")
    roles = {function.role for function in it.state.deployment.functions}

    def readers() -> set[str]:
        of_it = (record for record in records(it) if record["requestParameters"]["bucketName"] == lab)
        return {
            record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
            for record in of_it
            if record["eventName"] == "GetObject"
        }

    assert wait_for(lambda: roles & readers())
    assert readers() <= roles
    own = next(it for it in it.state.deployment.functions if it.logical_id == "ReadTrail").environment
    assert roles & readers() <= set(own["BUCKETDEX_OWN_ROLE_ARNS"].split(","))


def test_buckets_are_checked_hourly_and_the_trail_is_not_waited_for_here(it: Stack):
    (schedule,) = it.state.deployment.schedules
    assert (schedule.logical_id, schedule.function, schedule.seconds) == ("CheckBucketsHourly", "CheckBuckets", 3600)
    assert it.variables["BUCKETDEX_TRAIL_DELAY_SECONDS"] == "0"
    assert stack.environment(it.state)["AWS_ACCESS_KEY_ID"] == "local"
