"""The commands against a real local stack, as scripts use them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.buckets.connect import Edges, connect
from bucketdex.buckets.notification import rule
from bucketdex.control import ControlTable
from bucketdex.errors import Permanent
from bucketdex.index.ids import object_id
from bucketdex.local import aws, stack
from bucketdex.local.stack import State

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
COMMAND = Path(sys.executable).with_name("bucketdex")
ODD_KEYS = ["a b+c%20d?e#f.txt", "emoji 🧬/ümlaut.csv", "//twice//", "[bold]'\"<b>.txt", "100%", "%2F%zz", " "]


class Stack:
    """A running stack, the command, and clients."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.variables = stack.environment(state)
        self.env = {name: it for name, it in os.environ.items() if not name.startswith(("AWS_", "BUCKETDEX_"))}
        self.env |= {"BUCKETDEX_HOME": state.home, "COLUMNS": "200"}
        session, url = aws.session(), state.edge_url
        self.s3, self.sqs = session.client("s3", endpoint_url=url), session.client("sqs", endpoint_url=url)
        self.opensearch = clients.opensearch(OpenSearchSettings(state.opensearch_url, "none"))
        table = ControlTable(session.client("dynamodb", endpoint_url=url), self.variables["BUCKETDEX_CONTROL_TABLE"])
        self.edges = Edges(
            self.s3, self.sqs, self.opensearch, table,
            self.variables["BUCKETDEX_OBJECT_EVENTS_URL"], self.variables["BUCKETDEX_BULK_EVENTS_URL"],
        )  # fmt: skip

    def run(self, *arguments: str, given: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        command = [COMMAND, *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, input=given, env=self.env | env, timeout=120
        )

    def json(self, *arguments: str, code: int = 0, given: str | None = None) -> list[dict[str, Any]]:
        done = self.run(*arguments, "--json", given=given)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def put(self, bucket: str, *keys: str, body: bytes = b"penguins", **more: Any) -> None:
        for key in keys:
            self.s3.put_object(Bucket=bucket, Key=key, Body=body, **more)

    def settle(self) -> None:
        assert self.run("status", "--wait", "90").returncode == 0

    def show(self, bucket: str, *keys: str, code: int = 0) -> list[dict[str, Any]]:
        return self.json("show", *(f"s3://{bucket}/{key}" for key in keys), code=code)

    def rules(self, bucket: str) -> dict[str, Any]:
        answer = self.s3.get_bucket_notification_configuration(Bucket=bucket)
        return {name: it for name, it in answer.items() if name != "ResponseMetadata"}

    def queue_arn(self) -> str:
        url = self.variables["BUCKETDEX_OBJECT_EVENTS_URL"]
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("cli")
    yield Stack(stack.up(home, TEMPLATE))
    stack.down(home, purge=True)


@pytest.fixture
def lab(it: Stack, request: pytest.FixtureRequest) -> Iterator[str]:
    """A connected bucket of the test's own."""
    name = f"lab-{abs(hash(request.node.name)) % 10**8}"
    it.json("bucket", "add", name)
    yield name
    it.run("bucket", "remove", name, "--yes")


def wait_for[T](question: Callable[[], T], seconds: float = 30) -> T:
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return answer


# ---- connecting ------------------------------------------------------------------------------------------------------


def test_a_bucket_that_held_objects_before_is_found_and_shown(it):
    it.s3.create_bucket(Bucket="old-data")
    it.put("old-data", *ODD_KEYS, Metadata={"project": "antarctica"}, Tagging="team=birds&stage=raw")
    it.put("old-data", *(f"many/{number:03}.txt" for number in range(130)), body=b"number")
    [done] = it.json("bucket", "add", "old-data")
    assert (done["created"], done["registered"], done["versioning_enabled"]) == (False, True, True)
    assert done["keys_sent"] == 137
    it.settle()
    shown = it.show("old-data", *ODD_KEYS)
    assert [line["key"] for line in shown] == ODD_KEYS
    for line in shown:
        assert list(line)[:5] == ["bucket", "key", "indexed", "deleted", "agrees"]
        assert line["agrees"] and not line["deleted"] and line["differs"] == []
        assert line["indexed"]["tags"] == ["stage=raw", "team=birds"]
    [answer] = it.json("search", "penguins", "--size", "100", "--bucket", "old-data")
    assert sorted(hit["key"] for hit in answer["hits"]) == sorted(ODD_KEYS) and answer["total"] == 7
    assert answer["hits"][0]["highlights"]["content"] == ["<mark>penguins</mark>"]
    assert [(b["name"], b["objects"]) for b in it.json("bucket", "list")] == [("old-data", 137)]


def test_what_is_written_overwritten_and_deleted_later_is_followed(it, lab):
    it.put(lab, "a.txt", "b.txt", "c.txt")
    it.settle()
    [first] = it.show(lab, "a.txt")
    it.put(lab, "a.txt", body=b"seals now")
    it.s3.delete_object(Bucket=lab, Key="b.txt")
    it.s3.put_object_tagging(Bucket=lab, Key="c.txt", Tagging={"TagSet": [{"Key": "x", "Value": "1"}]})
    it.settle()
    a, b, c = it.show(lab, "a.txt", "b.txt", "c.txt")
    assert a["indexed"]["content"] == "seals now" and a["indexed"]["version_id"] != first["indexed"]["version_id"]
    assert (b["indexed"], b["deleted"], b["agrees"]) == (None, True, True)
    assert c["indexed"]["tags"] == ["x=1"]


def test_nothing_that_is_written_while_a_bucket_is_connected_is_missed(it):
    it.s3.create_bucket(Bucket="busy")
    written: list[str] = []

    def write(step: str, _keys: int) -> None:
        written.append(f"{len(written):03}-{step}")
        it.put("busy", written[-1])

    write("before", 0)
    connect("busy", it.edges, lambda: datetime.now(UTC), write)
    write("after", 0)
    it.settle()
    assert len(written) >= 6
    assert all(line["agrees"] and line["indexed"] for line in it.show("busy", *written))


def test_two_may_connect_one_bucket_at_once(it):
    it.s3.create_bucket(Bucket="twice")
    keys = [f"{number:02}" for number in range(30)]
    it.put("twice", *keys)
    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(lambda _: it.json("bucket", "add", "twice")[0], range(3)))
    assert sum(run["registered"] for run in done) == 1
    assert it.rules("twice") == {"QueueConfigurations": [rule(it.queue_arn())]}
    it.settle()
    assert all(line["agrees"] and line["indexed"] for line in it.show("twice", *keys))
    [entry] = [b for b in it.json("bucket", "list") if b["name"] == "twice"]
    assert entry["before"] == {"versioning": "", "notifications": {}} and entry["objects"] == 30


def test_connecting_again_repairs_what_was_missed(it, lab):
    it.s3.put_bucket_notification_configuration(Bucket=lab, NotificationConfiguration={})
    it.put(lab, "untold.txt")
    assert it.show(lab, "untold.txt", code=1)[0]["differs"] == ["presence"]
    [done] = it.json("bucket", "add", lab)
    assert (done["registered"], done["notification_added"], done["keys_sent"]) == (False, True, 1)
    it.settle()
    it.show(lab, "untold.txt")


def test_a_bucket_whose_rules_overlap_is_left_as_it_is(it):
    it.s3.create_bucket(Bucket="clash")
    rules = {
        "TopicConfigurations": [{
            "Id": "etl", "TopicArn": "arn:aws:sns:us-east-1:123456789012:etl", "Events": ["s3:ObjectCreated:Put"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
        }]
    }  # fmt: skip
    it.s3.put_bucket_notification_configuration(Bucket="clash", NotificationConfiguration=rules)
    done = it.run("bucket", "add", "clash")
    assert done.returncode == 1 and done.stdout == ""
    assert "the rule 'etl', which sends s3:ObjectCreated:Put for prefix 'in/'" in done.stderr
    assert "Status" not in it.s3.get_bucket_versioning(Bucket="clash")
    assert it.rules("clash") == rules
    assert "clash" not in {bucket["name"] for bucket in it.json("bucket", "list")}


def test_names_that_s3_would_refuse_are_refused(it):
    for name in ("Upper-Case", "ab", "under_score", "a..b", "-ab"):
        done = it.run("bucket", "add", "--", name)
        assert done.returncode == 1 and "is no name of a bucket" in done.stderr


def test_removing_leaves_the_bucket_and_others_rules_and_nothing_of_ours(it):
    other = {"Id": "r", "TopicArn": "arn:aws:sns:us-east-1:123456789012:r", "Events": ["s3:Replication:*"]}
    it.s3.create_bucket(Bucket="leaving")
    before = {"TopicConfigurations": [other]}
    it.s3.put_bucket_notification_configuration(Bucket="leaving", NotificationConfiguration=before)
    it.put("leaving", "stays.txt", "goes.txt")
    it.json("bucket", "add", "leaving")
    it.settle()
    it.s3.delete_object(Bucket="leaving", Key="goes.txt")
    it.settle()
    assert it.run("bucket", "remove", "leaving", given="n\n").returncode == 1
    assert it.show("leaving", "stays.txt")[0]["indexed"]
    done = it.run("bucket", "remove", "leaving", given="y\n")
    assert done.returncode == 0
    assert "2 documents of it are deleted" in done.stdout and "which was off before, is left on" in done.stdout
    assert it.rules("leaving") == before
    assert it.s3.get_bucket_versioning(Bucket="leaving")["Status"] == "Enabled"
    assert it.s3.head_object(Bucket="leaving", Key="stays.txt")
    [line] = it.show("leaving", "stays.txt", code=1)
    assert (line["indexed"], line["deleted"]) == (None, False)
    again = it.run("bucket", "remove", "leaving", "--yes")
    assert again.returncode == 1 and "is not connected" in again.stderr


def test_what_a_former_connection_left_is_gone_when_a_bucket_is_connected_again(it, lab):
    it.put(lab, "here.txt")
    it.json("bucket", "remove", lab, "--yes")
    [generation] = it.edges.control.generations("objects")
    stale = {"bucket": lab, "key": "ghost.txt", "size": 1, "observed_at": datetime.now(UTC).isoformat()}
    it.opensearch.index(index=generation.index, id=object_id(lab, "ghost.txt"), body=stale)
    [line] = it.show(lab, "ghost.txt", code=1)
    assert line["indexed"] == stale and line["differs"] == ["presence"]
    assert it.json("bucket", "add", lab)[0]["documents_deleted"] >= 1
    it.settle()
    ghost, here = it.show(lab, "ghost.txt", "here.txt")
    assert ghost["indexed"] is None and here["indexed"]


def test_what_stood_there_before_is_kept_in_the_control_table(it):
    it.s3.create_bucket(Bucket="kept")
    it.s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Suspended"})
    it.json("bucket", "add", "kept")
    it.json("bucket", "add", "kept")
    [entry] = [b for b in it.json("bucket", "list") if b["name"] == "kept"]
    assert entry["before"] == {"versioning": "Suspended", "notifications": {}}
    it.s3.put_bucket_notification_configuration(
        Bucket="kept", NotificationConfiguration={"QueueConfigurations": [rule(it.queue_arn() + "2")]}
    )
    with pytest.raises(Permanent, match="another stack"):
        connect("kept", it.edges, lambda: datetime.now(UTC))


# ---- show ------------------------------------------------------------------------------------------------------------


def test_show_reads_a_list_and_answers_a_line_each_in_its_order(it, lab):
    keys = [f"{number:03}" for number in range(250)]
    it.put(lab, *keys[:3])
    it.settle()
    lines = it.json("show", "-", given="".join(f"s3://{lab}/{key}\n" for key in reversed(keys)))
    assert [line["key"] for line in lines] == keys[::-1]
    assert [line["key"] for line in lines if line["indexed"]] == keys[2::-1]
    assert all(line["agrees"] for line in lines)


def test_show_tells_in_what_they_differ(it, lab):
    it.put(lab, "a.txt", Tagging="stage=raw")
    it.settle()
    [generation] = it.edges.control.generations("objects")
    wrong = {"doc": {"etag": "0", "size": 99, "version_id": "other", "tags": ["stage=done"]}}
    it.opensearch.update(index=generation.index, id=object_id(lab, "a.txt"), body=wrong)
    [line] = it.show(lab, "a.txt", code=1)
    assert not line["agrees"] and line["differs"] == ["version_id", "etag", "size", "tags"]
    shown = it.run("show", f"s3://{lab}/a.txt")
    assert shown.returncode == 1 and "S3 does not agree in version_id, etag, size and tags." in shown.stdout


def test_show_of_a_bucket_that_is_not_connected_says_so(it):
    it.s3.create_bucket(Bucket="stranger")
    it.put("stranger", "a.txt")
    shown = it.run("show", "s3://stranger/a.txt")
    assert shown.returncode == 1
    assert "Not indexed." in shown.stdout and "The bucket is not connected" in shown.stdout


# ---- status and dead letters -----------------------------------------------------------------------------------------


def test_status_waits_and_is_1_when_that_was_not_long_enough(it):
    it.settle()
    it.sqs.send_message(
        QueueUrl=it.edges.bulk_events_url, DelaySeconds=4, MessageBody='{"bucketdex": "changes/1", "changes": []}'
    )
    [told] = it.json("status")
    assert set(told) == {"settled", "queues", "oldest_event_seconds"} and not told["settled"]
    assert told["queues"]["BulkEvents"] == {"visible": 0, "in_flight": 0, "delayed": 1, "dead_letters": 0}
    assert it.json("status", "--wait", "0.3", code=1)[0]["settled"] is False
    assert it.json("status", "--wait", "60")[0]["settled"] is True
    [told] = it.json("status")
    assert told["settled"] is True and told["oldest_event_seconds"] is None
    assert set(told["queues"]) == {"ObjectEvents", "BulkEvents"}


def test_dead_letters_tell_why_and_go_back_to_their_queue(it, lab):
    it.put(lab, "late.txt")
    it.settle()
    it.sqs.send_message(QueueUrl=it.edges.object_events_url, MessageBody="not JSON")
    good = json.dumps({"bucketdex": "changes/1", "changes": [{"bucket": lab, "key": "late.txt"}]})
    it.sqs.send_message(QueueUrl=it.variables["BUCKETDEX_BULK_EVENTS_DEAD_LETTERS_URL"], MessageBody=good)
    it.settle()
    assert "dead-letters list" in it.run("status").stdout
    letters = {letter["kind"]: letter for letter in it.json("dead-letters", "list")}
    assert set(letters) == {"permanent", "crashed"}
    assert letters["permanent"]["queue"] == "ObjectEvents"
    assert letters["permanent"]["reason"].startswith("the message is not JSON")
    assert letters["crashed"]["queue"] == "BulkEvents"
    assert letters["crashed"]["reason"].startswith("crashed or timed out")
    assert it.json("dead-letters", "list", "--queue", "BulkEvents") == [
        letter | {"receives": letter["receives"] + 1} for letter in [letters["crashed"]]
    ]
    identity = letters["crashed"]["id"]
    shown = it.run("dead-letters", "show", identity[:8])
    assert shown.returncode == 0 and '"key": "late.txt"' in shown.stdout
    before = it.show(lab, "late.txt")[0]["indexed"]["observed_at"]
    assert it.json("dead-letters", "replay", identity) == [{"sent": 1, "failed": []}]
    it.settle()
    assert it.show(lab, "late.txt")[0]["indexed"]["observed_at"] > before
    [left] = it.json("dead-letters", "list")
    assert left["kind"] == "permanent"
    assert it.json("dead-letters", "replay", "--all", "--kind", "transient", code=1) == [{"sent": 0, "failed": []}]
    assert it.json("dead-letters", "replay", "--all") == [{"sent": 1, "failed": []}]
    it.settle()
    [back] = it.json("dead-letters", "list")  # it still is not JSON
    assert back["reason"] == left["reason"] and back["id"] != left["id"]
    unknown = it.run("dead-letters", "replay", "no-such-id")
    assert unknown.returncode == 1 and "there is no dead letter no-such-id" in unknown.stderr


# ---- where the stack is ----------------------------------------------------------------------------------------------


def test_env_points_a_shell_at_the_stack_wherever_it_is(it, lab, tmp_path):
    it.put(lab, "a.txt")
    it.settle()
    exports = it.run("local", "env").stdout
    script = f'{exports}\ncd "$0" && "{COMMAND}" show "s3://$1/a.txt" --json && "{COMMAND}" status --json'
    script += f" && {sys.executable} -c \"import boto3; print(boto3.client('s3').list_buckets()['Buckets'] != [])\""
    env = {name: value for name, value in it.env.items() if name != "BUCKETDEX_HOME"}
    done = subprocess.run(
        ["bash", "-c", script, str(tmp_path), lab], check=False, capture_output=True, text=True, env=env, timeout=60
    )
    assert done.returncode == 0, done.stderr
    shown, status, listed = done.stdout.splitlines()
    assert json.loads(shown)["agrees"] and json.loads(status)["settled"] and listed == "True"


def test_a_part_that_does_not_answer_is_3_and_one_line(it):
    dead = {**it.variables, "BUCKETDEX_OPENSEARCH_URL": "http://127.0.0.1:1"}
    done = it.run("show", "s3://a/b", **dead)
    assert done.returncode == 3
    assert "OpenSearch did not answer" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_local_status_and_logs(it, lab):
    [told] = it.json("local", "status")
    assert told["phase"] == "ready" and told["api_url"] == it.state.api_url and told["processes"]
    it.put(lab, "logged.txt")
    it.settle()
    assert wait_for(lambda: "logged.txt" in it.run("local", "logs", "IndexObjects", "--lines", "200").stdout)
    names = {line["log"] for line in it.json("local", "logs", "--lines", "1")}
    assert names >= {"IndexObjects", "opensearch", "edge", "supervisor"}


def test_up_joins_and_down_says_whether_there_was_one(it, tmp_path):
    [told] = it.json("local", "up")
    assert told["processes"]["supervisor"] == it.state.supervisor
    nowhere = it.run("local", "down", "--json", BUCKETDEX_HOME=str(tmp_path / "none"))
    assert nowhere.returncode == 0 and json.loads(nowhere.stdout)["ran"] is False
