"""The commands against a real local stack, as scripts use them."""

import json
import os
import signal
import subprocess
import sys

from bucketdex.index.ids import object_id
from commands import COMMAND, it, lab, wait_for

__all__ = ["it", "lab"]  # fixtures

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


def test_a_bucket_that_is_not_there_is_told_and_nothing_is_suggested_for_it(it):
    shown = it.run("show", "s3://nope/x")
    assert shown.returncode == 0 and "there is no such bucket" in shown.stdout and "bucket add" not in shown.stdout
    searched = it.run("search", "x", "-b", "nope")
    assert searched.returncode == 1 and "the bucket nope is not connected; " in searched.stderr
    removed = it.run("bucket", "remove", "s3://nope/")
    assert removed.returncode == 1 and "the bucket nope is not connected" in removed.stderr
    assert "Disconnect" not in removed.stderr


def test_hints_name_the_command_as_it_was_called(it, tmp_path):
    for arguments, hint in ((["bucket", "check", "nope"], "bucket list"), (["show"], "show -h")):
        done = subprocess.run(
            [COMMAND, *arguments], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=60,
            env=it.env | {"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert f"{COMMAND} {hint}" in done.stdout + done.stderr


# ---- status and dead letters -----------------------------------------------------------------------------------------


def test_status_waits_and_is_1_when_that_was_not_long_enough(it):
    it.settle()
    it.sqs.send_message(
        QueueUrl=it.edges.bulk_events_url, DelaySeconds=8, MessageBody='{"bucketdex": "changes/1", "changes": []}'
    )
    [told] = it.json("status")
    assert set(told) == {"settled", "queues", "oldest_event_seconds"} and not told["settled"]
    assert told["queues"]["BulkEvents"] == {"visible": 0, "in_flight": 0, "delayed": 1, "dead_letters": 0}
    assert it.json("status", "--wait", "0.3", code=1)[0]["settled"] is False
    assert it.json("status", "--wait", "60")[0]["settled"] is True
    [told] = it.json("status")
    assert told["settled"] is True and told["oldest_event_seconds"] is None
    queues = {"ObjectEvents", "BulkEvents", "PackageEvents", "HashRequests", "TrailFiles"}
    assert set(told["queues"]) == queues | {"HashStateMachine"}


def test_status_waits_for_an_opensearch_that_starts_again(it, lab):
    it.put(lab, "kept.txt")
    it.settle()
    [told] = it.json("local", "status")
    os.kill(told["processes"]["opensearch"], signal.SIGKILL)
    [told] = it.json("status", "--wait", "60")
    assert told["settled"] is True
    assert it.json("search", "--bucket", lab)[0]["total"] == 1


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
    assert it.json("dead-letters", "delete", back["id"], "--yes")[0]["deleted"][0]["id"] == back["id"]
    assert it.json("dead-letters", "list") == []
    assert it.json("dead-letters", "delete", "--all", "--yes", code=1) == [{"deleted": [], "failed": []}]
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


def test_status_answers_for_the_queues_that_the_environment_names_and_for_no_others(it):
    names = {"OBJECT_EVENTS": "OBJECT_EVENTS", "BULK_EVENTS": "BULK_EVENTS_DEAD_LETTERS"}
    named = {f"BUCKETDEX_{name}_URL": it.variables[f"BUCKETDEX_{of}_URL"] for name, of in names.items()}
    told = it.run("status", "--json", **it.variables | named)
    assert "is set in this shell, to another stack" in told.stderr and "to use the running one" in told.stderr
    assert json.loads(told.stdout)["settled"] is not None
    dead = {**it.variables, "BUCKETDEX_OBJECT_EVENTS_URL": "http://127.0.0.1:1/1/other", "AWS_MAX_ATTEMPTS": "1"}
    assert it.run("status", **dead).returncode == 3


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
    joined = it.run("local", "up", "--workers", "4").stderr
    assert "runs already" in joined and "bucketdex local up --workers 4`" in joined and "in memory" not in joined
    refused = it.run("local", "up", "--bridge")
    assert refused.returncode == 3
    assert "bucketdex local down` (the emulated buckets are lost)" in refused.stderr
    assert "bucketdex local up --bridge`" in refused.stderr
    nowhere = it.run("local", "down", "--json", BUCKETDEX_HOME=str(tmp_path / "none"))
    assert nowhere.returncode == 0 and json.loads(nowhere.stdout)["ran"] is False
