"""Connecting buckets: nothing is missed, whatever happens meanwhile, and others' configuration stays theirs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

import packages
from bucketdex.buckets.connect import connect
from bucketdex.buckets.notification import rule
from bucketdex.errors import Permanent
from bucketdex.index.ids import object_id
from bucketdex.manifest.layout import manifest_key
from commands import it, lab

__all__ = ["it", "lab"]  # fixtures

ODD_KEYS = ["a b+c%20d?e#f.txt", "emoji 🧬/ümlaut.csv", "//twice//", "[bold]'\"<b>.txt", "100%", "%2F%zz", " "]


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
    assert "Deleted from the index: 2 documents." in done.stdout and "which was off before, is left on" in done.stdout
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


def test_packages_are_counted_shown_and_their_entries_kept_as_is_said(it, lab):
    contents = {name: packages.manifest([packages.entry(lab, name)], message=name) for name in ("old", "new")}
    (old, _), (new, _) = contents.values()
    for top_hash, content in contents.values():
        packages.put(it.s3, lab, top_hash, content)
    keys = [packages.point(it.s3, lab, "a/b", old, packages.TIME), packages.point(it.s3, lab, "a/b", new)]
    it.settle()
    [listed] = [line for line in it.json("bucket", "list") if line["name"] == lab]
    assert (listed["packages"], listed["entries"], listed["objects"]) == (1, "latest", 0)
    shown = it.show(lab, *keys, manifest_key(old), manifest_key(new))
    assert all(line["agrees"] for line in shown)
    assert [line["indexed"].get("handle") for line in shown] == ["a/b", "a/b", None, None]
    for wanted, found in (("all", 1), ("latest", 0)):
        [told] = it.json("bucket", "set", lab, "--entries", wanted)
        assert (told["bucket"], told["entries"], told["keys_sent"]) == (lab, wanted, 2)
        it.settle()
        [answer] = it.json("search", "old", "--kind", "entry")
        assert answer["total"] == found


def test_a_setting_of_a_bucket_that_is_not_connected_is_refused(it):
    done = it.run("bucket", "set", "nobodys", "--entries", "all")
    assert done.returncode == 1 and "not connected" in done.stderr


def test_what_is_hashed_is_as_the_bucket_is_set(it, lab):
    def origins(key: str) -> dict[str, str]:
        [shown] = it.show(lab, key)
        return {checksum["type"]: checksum["origin"] for checksum in shown["indexed"].get("checksums", [])}

    large = b"0123456789" * 900_000
    wanted = [(["--hash-without", "raw/"], "raw/a"), (["--hash", "kept"], "b"), (["--hash", "off"], "c")]
    it.put(lab, "all", body=large)
    it.settle()
    assert origins("all")["SHA256"] == origins("all")["sha2-256-chunked"] == "computed"
    for setting, key in wanted:
        [told] = it.json("bucket", "set", lab, *setting)
        assert (told["bucket"], told["entries"], told["keys_sent"]) == (lab, "latest", 0)
        it.put(lab, key, body=large)
        it.settle()
        assert "computed" not in origins(key).values()
        assert ("digest_note" in it.show(lab, key)[0]["indexed"]) == (key != "c")
    [listed] = [told for told in it.json("bucket", "list") if told["name"] == lab]
    assert listed["hashing"] == told["hashing"]
    assert (listed["hashing"]["mode"], listed["hashing"]["without"]) == ("off", ["raw/"])
    assert "(computed from its bytes)" in it.run("show", f"s3://{lab}/all").stdout
    assert "--hash-without" in it.run("show", f"s3://{lab}/raw/a").stdout
    it.run("bucket", "set", lab, "--hash", "read", "--hash-without", "")
    assert it.run("bucket", "add", lab).returncode == 0
    it.settle()
    assert {origins(key)["SHA256"] for _, key in wanted} == {"computed"}
    assert "digest_note" not in it.show(lab, "raw/a")[0]["indexed"]
