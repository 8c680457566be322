"""`bucketdex trail`: old log files are read once and in the end whole, new ones where a bucket is told to send them."""

import gzip
import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bucketdex.buckets.notification import rule
from commands import COMMAND, Stack, it, lab, wait_for

__all__ = ["it", "lab"]  # fixtures

ACCOUNT = "111122223333"
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/11/20"
DAY = "2026-11-20"
WHO = {
    "type": "AssumedRole", "principalId": "AROA:monday", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/monday",
    "accountId": ACCOUNT, "sessionContext": {"sessionIssuer": {
        "type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/Analyst", "userName": "Analyst"}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def state(it: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was read is remembered for each test by itself."""
    monkeypatch.setitem(it.env, "BUCKETDEX_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def record(call: str, bucket: str, key: str, version_id: str | None = None, at: str = f"{DAY}T10:00:00Z") -> Any:
    return {
        "eventVersion": "1.11", "userIdentity": WHO, "eventTime": at, "eventSource": "s3.amazonaws.com",
        "eventName": call, "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.1",
        "requestParameters": {"bucketName": bucket, "key": key},
        "responseElements": {"x-amz-version-id": version_id} if version_id else None, "eventCategory": "Data",
    }  # fmt: skip


def name(number: int) -> str:
    return f"{ACCOUNT}_CloudTrail_us-east-1_20261120T10{number // 60:02}Z_{number:016}.json.gz"


def packed(*records: Any) -> bytes:
    return gzip.compress(json.dumps({"Records": records}, separators=(",", ":")).encode())


def write(folder: Path, number: int, *records: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name(number)
    path.write_bytes(packed(*records))
    return path


def reads(it: Stack, bucket: str, key: str) -> dict[str, tuple[int, int]]:
    """The reads and readers of each day."""
    it.opensearch.indices.refresh(index="bucketdex-reads")
    query = {"bool": {"filter": [{"term": {"bucket": bucket}}, {"term": {"key": key}}]}}
    found = it.opensearch.search(index="bucketdex-reads", body={"query": query})["hits"]["hits"]
    return {hit["_source"]["day"]: (hit["_source"]["count"], hit["_source"]["reader_count"]) for hit in found}


def test_what_was_not_told_is_indexed_with_its_author_and_reads_are_counted(it, lab, tmp_path):
    it.s3.put_bucket_notification_configuration(Bucket=lab, NotificationConfiguration={})
    version = it.s3.put_object(Bucket=lab, Key="a+b 100%.txt", Body=b"penguins")["VersionId"]
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    put = record("PutObject", lab, "a+b 100%.txt", version, now)
    write(tmp_path / FOLDER, 1, put, *[record("GetObject", lab, "a+b 100%.txt")] * 3)
    write(tmp_path / FOLDER, 2, record("GetObject", lab, "a+b 100%.txt"), record("GetObject", "elsewhere", "x"))
    [told] = it.json("trail", "import", str(tmp_path))
    assert (told["files"], told["records"], told["hints"], told["reads"]) == (2, 6, 1, 4)
    assert (told["records_of_other_buckets"], told["reads_too_old"], told["files_known"], told["failed"]) == (
        1,
        0,
        0,
        [],
    )
    assert told["files_skipped"] == {"digest": 0, "insight": 0, "other": 0}
    it.settle()
    [shown] = it.show(lab, "a+b 100%.txt")
    assert shown["indexed"]["written_by"] == {"type": "AssumedRole", "name": "Analyst"}
    assert datetime.fromisoformat(shown["indexed"]["written_at"]) == datetime.fromisoformat(now)
    assert reads(it, lab, "a+b 100%.txt") == {DAY: (4, 1)}


def test_from_a_bucket_all_log_files_below_a_prefix_are_read_and_nothing_else(it, lab):
    it.s3.create_bucket(Bucket="logs-before")
    got = record("GetObject", lab, "k")
    keys = {
        f"{FOLDER}/{name(1)}": packed(got), f"{FOLDER}/{name(2)}": packed(got, got),
        f"other/{FOLDER}/{name(3)}": packed(got),
        FOLDER.replace("CloudTrail", "CloudTrail-Digest") + f"/{ACCOUNT}_CloudTrail-Digest_x_{DAY}.json.gz": b"{}",
        FOLDER.replace("CloudTrail", "CloudTrail-Insight") + f"/{ACCOUNT}_CloudTrail-Insight_x_y.json.gz": b"{}",
        "AWSLogs/flow.log.gz": b"",
    }  # fmt: skip
    for key, body in keys.items():
        it.put("logs-before", key, body=body)
    [dry] = it.json("trail", "import", "s3://logs-before/AWSLogs/", "--dry-run")
    assert (dry["files"], dry["dry_run"], reads(it, lab, "k")) == (2, True, {})
    [told] = it.json("trail", "import", "s3://logs-before/AWSLogs/")
    assert (told["files"], told["reads"]) == (2, 3)
    assert told["files_skipped"] == {"digest": 1, "insight": 1, "other": 1}
    said = it.run("trail", "import", "s3://logs-before/")
    assert said.returncode == 0, said.stderr
    assert "Read: 1 file" in said.stdout and "Counted, where they were not before: 1 read." in said.stdout
    assert "Read before: 2 files" in said.stdout
    assert "Passed over: 1 digest file, 1 Insights file and 1 other file." in said.stdout
    assert reads(it, lab, "k") == {DAY: (4, 1)}


def test_a_file_counts_once_wherever_it_is_and_however_often_it_is_read(it, lab, tmp_path):
    got = record("GetObject", lab, "k")
    path = write(tmp_path / "logs", 1, got, got)
    it.s3.create_bucket(Bucket="logs-copies")
    it.put("logs-copies", f"moved/{path.name}", body=path.read_bytes())
    (tmp_path / "unpacked").mkdir()
    (tmp_path / "unpacked" / path.name.removesuffix(".gz")).write_bytes(gzip.decompress(path.read_bytes()))
    for again in ((), ("--again",)):
        for where in (path, tmp_path / "logs", tmp_path / "unpacked", "s3://logs-copies"):
            it.json("trail", "import", str(where), *again)
            assert reads(it, lab, "k") == {DAY: (2, 1)}
    [told] = it.json("trail", "import", str(tmp_path / "logs"), str(tmp_path / "unpacked"), "s3://logs-copies")
    assert (told["files"], told["files_known"]) == (0, 3)
    [told] = it.json("trail", "import", str(path), "--again")
    assert (told["files"], told["reads"]) == (1, 2)


def test_a_broken_file_is_told_and_keeps_no_other_from_being_read(it, lab, tmp_path, state):
    got = record("GetObject", lab, "k")
    write(tmp_path / "logs", 1, *[got] * 100)
    broken = write(tmp_path / "logs", 2, *[dict(got, eventTime=f"{DAY}T10:00:{it % 60:02}Z") for it in range(3000)])
    write(tmp_path / "logs", 3, got)
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-100])
    done = it.run("trail", "import", str(tmp_path / "logs"))
    assert done.returncode == 1 and "Read: 2 files" in done.stdout
    assert f"{broken}: the log file cannot be read to its end: its gzip stream breaks off (after " in done.stderr
    assert " records); what was read is in\n" in done.stderr and "1 file was read in part" in done.stderr
    broken.write_bytes(whole)
    [told] = it.json("trail", "import", str(tmp_path / "logs"))
    assert (told["files"], told["files_known"], told["failed"]) == (1, 2, [])
    assert reads(it, lab, "k") == {DAY: (3101, 1)}


def test_an_import_that_is_interrupted_goes_on_where_it_was(it, lab, tmp_path, state):
    number = 400
    for each in range(number):
        write(tmp_path / "logs", each, record("GetObject", lab, f"k{each % 7}"))
    command = [COMMAND, "trail", "import", str(tmp_path / "logs")]
    running = subprocess.Popen(command, env=it.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def noted() -> int:
        return sum(path.read_bytes().count(b'"file"') for path in state.glob("trails/*"))

    wait_for(lambda: noted() >= 20)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "interrupted;" in said and "run the same command again for the rest" in said and "Traceback" not in said
    done = noted()
    assert 20 <= done < number
    [told] = it.json("trail", "import", str(tmp_path / "logs"))
    assert (told["files_known"], told["files"]) == (done, number - done)
    assert sum(reads(it, lab, f"k{each}")[DAY][0] for each in range(7)) == number


def test_with_another_bucket_connected_there_is_more_to_read_in_the_same_files(it, lab, tmp_path):
    path = write(tmp_path, 1, record("GetObject", lab, "k"), record("GetObject", "later-lab", "k"))
    assert it.json("trail", "import", str(path))[0]["reads"] == 1
    it.json("bucket", "add", "later-lab")
    assert it.json("trail", "import", str(path))[0]["reads"] == 2
    assert reads(it, lab, "k") == reads(it, "later-lab", "k") == {DAY: (1, 1)}
    it.json("bucket", "remove", "later-lab", "--yes")


def test_what_names_no_log_file_is_refused(it, lab, tmp_path):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "events.json").touch()
    it.s3.create_bucket(Bucket="empty-logs")
    for where, said in (
        (tmp_path, "there is no log file of CloudTrail in what is named, only 2 other files"),
        (tmp_path / "plain", "1 other file (passed over, as their names are not CloudTrail's: events.json; name them"),
        ("s3://empty-logs/x", "there is no log file of CloudTrail in what is named"),
        ("s3://no-such-logs", "s3://no-such-logs cannot be listed"),
        (tmp_path / "absent", "absent: No such file or directory"),
    ):
        done = it.run("trail", "import", str(where))
        assert done.returncode == 1 and said in done.stderr, done.stderr
        assert "fault of bucketdex" not in done.stderr


def test_what_is_named_itself_is_read_whatever_its_name_and_old_reads_are_left_out(it, lab, tmp_path):
    old = record("GetObject", lab, "k", at="2019-02-03T10:00:00Z")
    path = tmp_path / "events.json"
    path.write_text(json.dumps({"Records": [record("GetObject", lab, "k"), old, old]}))
    it.s3.create_bucket(Bucket="logs-renamed")
    it.put("logs-renamed", "x/events.json", body=path.read_bytes())
    done = it.run("trail", "import", str(path))
    assert done.returncode == 0 and "events.json: its name is not CloudTrail's" in done.stderr
    assert "Left out, as they are of more than a year ago: 2 reads." in done.stdout
    [told] = it.json("trail", "import", "s3://logs-renamed/x/events.json")
    assert (told["files"], told["reads"], told["reads_too_old"]) == (1, 1, 2)
    assert it.run("trail", "import", "s3://logs-renamed/x/").returncode == 1
    assert reads(it, lab, "k") == {DAY: (1, 1)}


def test_files_of_one_name_that_is_not_cloudtrails_all_count(it, lab, tmp_path):
    paths = [tmp_path / folder / "part-0.json.gz" for folder in "ab"]
    for number, path in enumerate(paths, 1):
        path.parent.mkdir()
        path.write_bytes(packed(*[record("GetObject", lab, "k")] * number))
    for _ in range(2):
        it.json("trail", "import", *map(str, paths), "--again")
        assert reads(it, lab, "k") == {DAY: (3, 1)}


def test_neither_links_to_nowhere_nor_odd_names_keep_other_files_from_being_read(it, lab, tmp_path):
    odd = os.fsdecode(name(1).encode().replace(b"_us", b"_\xff"))
    (tmp_path / odd).write_bytes(packed(record("GetObject", lab, "k")))
    (tmp_path / odd.replace("Z_", "Z_broken")).write_bytes(b"{")
    (tmp_path / name(0)).symlink_to(tmp_path / "nowhere")
    write(tmp_path, 2, record("GetObject", lab, "k"))
    done = it.run("trail", "import", str(tmp_path), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["files"], len(told["failed"])) == (1, 2, 2), done.stderr
    assert {"No such file or directory"} < {it["problem"] for it in told["failed"]}
    assert any("_\\udcff-east" in it["file"] for it in told["failed"])
    done = it.run("trail", "import", str(tmp_path))
    assert done.returncode == 1 and "Read before: 2 files" in done.stdout
    assert "2 files could not be read" in done.stderr and "_\\udcff-east" in done.stderr
    assert reads(it, lab, "k") == {DAY: (2, 1)}


def test_of_a_file_with_a_record_that_cannot_be_read_the_others_are_in(it, lab, tmp_path):
    write(tmp_path, 1, record("GetObject", lab, "k"), record("GetObject", lab, "k", at="yesterday"))
    done = it.run("trail", "import", str(tmp_path))
    assert done.returncode == 1 and "Read: 0 files" in done.stdout and "Not understood: 1 record" in done.stdout
    assert "the others are in" in done.stderr and "1 file was read in part" in done.stderr
    assert reads(it, lab, "k") == {DAY: (1, 1)}


def test_what_is_kept_of_whom_is_never_guessed(it, lab, tmp_path):
    path = write(tmp_path, 1, record("GetObject", lab, "k"))
    env = it.variables | {"BUCKETDEX_TRAIL_IDENTITIES": ""}
    assert it.run("trail", "import", str(path), **env).returncode == 3
    del env["BUCKETDEX_TRAIL_IDENTITIES"]
    done = it.run("trail", "import", str(path), **env)
    assert done.returncode == 3 and "BUCKETDEX_TRAIL_IDENTITIES is not set" in done.stderr
    assert reads(it, lab, "k") == {}


def test_a_bucket_that_is_added_has_its_log_files_read_and_keeps_its_other_rules(it, lab):
    replication = {"Id": "r", "TopicArn": "arn:aws:sns:us-east-1:123456789012:r", "Events": ["s3:Replication:*"]}
    it.s3.create_bucket(Bucket="trail-logs")
    before = {"TopicConfigurations": [replication]}
    it.s3.put_bucket_notification_configuration(Bucket="trail-logs", NotificationConfiguration=before)
    [told] = it.json("trail", "add", "s3://trail-logs/AWSLogs/")
    assert told == {
        "bucket": "trail-logs", "prefix": "AWSLogs/", "added": True, "former_prefix": None, "connected": False,
    }  # fmt: skip
    assert set(it.rules("trail-logs")) == {"TopicConfigurations", "QueueConfigurations"}
    it.put("trail-logs", f"elsewhere/{FOLDER}/{name(1)}", body=packed(record("GetObject", lab, "k")))
    it.put("trail-logs", f"{FOLDER}/{name(2)}", body=packed(*[record("GetObject", lab, "k")] * 2))
    assert wait_for(lambda: reads(it, lab, "k")) == {DAY: (2, 1)}
    said = it.run("trail", "add", "s3://trail-logs").stdout
    assert "below s3://trail-logs/ are read from now on" in said
    assert "Those below s3://trail-logs/AWSLogs/ were read until now" in said
    wrong = it.run("trail", "remove", "s3://trail-logs/wrong")
    assert wrong.returncode == 1 and "trail-logs is read from its top, not below wrong" in wrong.stderr
    assert it.json("trail", "remove", "s3://trail-logs/") == [{"bucket": "trail-logs", "prefix": "", "removed": True}]
    assert it.rules("trail-logs") == before
    it.put("trail-logs", f"{FOLDER}/{name(3)}", body=packed(record("GetObject", lab, "k")))
    it.settle()
    time.sleep(1)
    assert reads(it, lab, "k") == {DAY: (2, 1)}
    again = it.run("trail", "remove", "trail-logs")
    assert again.returncode == 1 and "has no rule 'bucketdex-trail'" in again.stderr


def test_a_rule_that_s3_would_refuse_is_not_tried(it, lab):
    before = it.rules(lab)
    done = it.run("trail", "add", f"s3://{lab}")
    assert done.returncode == 1 and f"the bucket {lab} is connected" in done.stderr
    assert it.rules(lab) == before == {"QueueConfigurations": [rule(it.queue_arn())]}
    done = it.run("trail", "add", "s3://no-such-logs")
    assert done.returncode == 1 and "there is no bucket no-such-logs" in done.stderr
    done = it.run("trail", "add", "s3://bad name")
    assert done.returncode == 1 and "is no name of a bucket" in done.stderr
    done = it.run("trail", "add", "MyLogs")
    assert done.returncode == 1 and "'MyLogs' is no name of a bucket: 3 to 63 lower-case" in done.stderr


def test_a_bucket_of_a_trail_that_is_indexed_from_it_is_warned_of(it):
    it.s3.create_bucket(Bucket="both-ways")
    it.json("bucket", "add", "both-ways", "--events", "trail")
    done = it.run("trail", "add", "s3://both-ways")
    assert done.returncode == 0 and "both-ways is connected too: leave it out" in done.stderr
    it.json("trail", "remove", "s3://both-ways")
    it.json("bucket", "remove", "both-ways", "--yes")
