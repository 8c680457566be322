"""What records of CloudTrail say, whose they are, and what becomes of those that are odd."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.changes import Author, Fact, ObjectChange
from bucketdex.trail import names
from bucketdex.trail.identity import Known
from bucketdex.trail.records import Read, Reader
from bucketdex.trail.streaming import Record

AT = datetime(2026, 1, 31, 9, 5, 1, tzinfo=UTC)
ADA = {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/lab/ada",
       "accountId": "111122223333", "accessKeyId": "AKIAEXAMPLE", "userName": "ada"}  # fmt: skip
FOLDER = "AWSLogs/111122223333/CloudTrail/eu-west-1"
ACCOUNT = "444455556666"
ROLE = "arn:aws:iam::111122223333:role/Scientist"
SESSION = {
    "type": "AssumedRole", "principalId": "AROAEXAMPLE:ada@lab", "accountId": "111122223333",
    "arn": "arn:aws:sts::111122223333:assumed-role/Scientist/ada@lab",
    "sessionContext": {
        "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": ROLE, "userName": "Scientist"},
        "attributes": {"mfaAuthenticated": "false"},
    },
}  # fmt: skip


class Told:
    """All that a reader was told by."""

    def __init__(
        self, kept: Any = "principal", own: tuple[str, ...] = (), trail_bucket: str = "", all_: bool = False
    ) -> None:
        self.changes: list[ObjectChange] = []
        self.reads: list[Read] = []
        self.sweeps: list[tuple[str, datetime | None]] = []
        self.reader = Reader(
            Known(kept, own), None if all_ else {"lab", "logs"}, self.changes.append, self.reads.append,
            lambda bucket, time: self.sweeps.append((bucket, time)), trail_bucket,
        )  # fmt: skip

    def take(self, *records: dict[str, Any]) -> "Told":
        self.reader.take([msgspec.json.decode(json.dumps(it), type=Record) for it in records])
        return self


def record(
    call: str, key: Any = "a/b.csv", bucket: Any = "lab", answer: Any = None, who: Any = ADA, **more: Any
) -> dict[str, Any]:
    asked = {"bucketName": bucket, "Host": f"{bucket}.s3.eu-west-1.amazonaws.com", "key": key}
    return {
        "eventVersion": "1.11", "userIdentity": who, "eventTime": "2026-01-31T09:05:01Z",
        "eventSource": "s3.amazonaws.com", "eventName": call, "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.1", "requestParameters": asked | more.pop("asked", {}),
        "responseElements": answer, "eventCategory": "Data",
    } | more  # fmt: skip


def made(version: str = "v1") -> dict[str, str]:
    return {"x-amz-server-side-encryption": "AES256", "x-amz-version-id": version}


@pytest.mark.parametrize(
    "call", ["PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject", "ReplicateObject"]
)
def test_calls_that_make_a_version_tell_who_did_it(call):
    told = Told().take(record(call, answer=made()))
    fact = Fact(None, "v1", written_by=Author("IAMUser", "ada"), written_at=AT)
    expected = ObjectChange("lab", "a/b.csv", "cloudtrail", call, time=AT, version_id="v1", made=True, facts=(fact,))
    assert told.changes == [expected]


@pytest.mark.parametrize("call", ["PutObjectTagging", "DeleteObjectTagging", "PutObjectAcl", "RestoreObject"])
def test_calls_that_change_a_version_are_no_proof_of_it(call):
    [change] = Told().take(record(call, answer=made())).changes
    assert (change.event, change.made, change.facts) == (call, False, ())


def test_a_deletion_makes_a_marker_or_takes_a_version():
    [marker] = Told().take(record("DeleteObject", answer=made("m1") | {"x-amz-delete-marker": "true"})).changes
    assert (marker.version_id, marker.made, marker.facts) == ("m1", True, ())
    [gone] = Told().take(record("DeleteObject", answer=made(), asked={"versionId": "v1"})).changes
    assert gone.made is False


def test_a_rename_changes_two_keys():
    asked = {"x-amz-rename-source": "/old/name"}
    told = Told().take(record("RenameObject", "new/name", asked=asked, eventSource="s3express.amazonaws.com"))
    assert [it.key for it in told.changes] == ["new/name", "old/name"]


def test_a_bulk_deletion_names_only_its_bucket():
    asked = {"bucketName": "lab", "delete": [""]}
    told = Told().take(record("DeleteObjects", requestParameters=asked), record("DeleteObjects", bucket="others"))
    assert told.sweeps == [("lab", AT)] and not told.changes and told.reader.counts == {"TrailForeign": 1}


@pytest.mark.parametrize(
    "odd",
    [
        record("UploadPart"), record("HeadObject"), record("ListObjects"), record("GetObjectTagging"),
        record("PutObject", errorCode="AccessDenied"), record("GetObject", errorCode="NoSuchKey"),
        record("PutObject", eventSource="s3-outposts.amazonaws.com"), record("PutObject", eventCategory="Insight"),
        record("PutObject", eventName=["PutObject"]), record("PutObject", eventName=None),
        record("DeleteObjects", bucket="x"),
        {"eventName": "PutObject"}, {}, record("PutObject", bucket="x"), record("PutObject", key=7, bucket="x"),
    ],
)  # fmt: skip
def test_what_is_none_of_ours_is_passed_over(odd):
    told = Told().take(odd)
    assert not (told.changes or told.reads or told.sweeps or told.reader.unreadable)


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (record("PutObject", requestParameters=None), "null"),
        (record("PutObject", key=7), "int"),
        (record("PutObject", key=["a"]), "array"),
        (record("PutObject", key=""), "empty"),
        (record("PutObject", key="k" * 1025), "1025 bytes"),
        (record("PutObject", bucket=["lab"]), "array"),
        (record("PutObject", answer="yes"), "str"),
        (record("GetObject", eventTime="yesterday"), "eventTime"),
        (record("GetObject", eventTime=None), "eventTime"),
        (record("GetObject", eventTime="2026-W05-6T00:00:00Z"), "eventTime"),
        (record("DeleteObjects", requestParameters={"bucketName": 7}), "no text"),
    ],
)
def test_a_record_that_cannot_be_read_costs_itself_and_is_told(odd, why):
    told = Told().take(odd, record("PutObject", answer=made()))
    assert [it.version_id for it in told.changes] == ["v1"]
    assert told.reader.unreadable == 1
    [fault] = told.reader.faults
    assert fault.startswith("record 1 (") and why in fault


def test_keys_are_taken_as_they_are():
    keys = ["red flower+1%.csv", "50%", "%2B", "a b", "ünïcode 🐧", "a//b", " "]
    assert [it.key for it in Told().take(*(record("PutObject", key) for key in keys)).changes] == keys


def test_a_time_that_cannot_be_leaves_the_change_without_one():
    for time in ("soon", 7, "0001-01-01T00:00:00Z", None):
        [change] = Told().take(record("PutObject", answer=made(), eventTime=time)).changes
        assert change.time is None and change.facts[0].written_at is None


def test_reads_are_told_by_object_and_day_but_not_our_own():
    own = {**SESSION, "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/bdx-IndexObjects"}}}
    told = Told(own=("arn:aws:iam::111122223333:role/bdx-IndexObjects",))
    told.take(
        record("GetObject"),
        record("GetObject", who=SESSION),
        record("GetObject", who=own),
        record("GetObject", bucket="x"),
    )
    assert [it[:3] for it in told.reads] == [("lab", "a/b.csv", "2026-01-31")] * 2
    assert told.reads[0].reader != told.reads[1].reader
    assert told.take(record("PutObject", who=own, answer=made())).changes  # what we write is still told of


def test_what_cloudtrail_writes_to_its_own_bucket_is_no_news():
    key = f"{FOLDER}/2026/01/31/111122223333_CloudTrail_eu-west-1_20260131T0905Z_abc.json.gz"
    records = [
        record("PutObject", key, "logs"),
        record("PutObject", "notes.txt", "logs"),
        record("GetObject", key, "logs"),
    ]
    told = Told(trail_bucket="logs").take(*records)
    assert [it.key for it in told.changes] == ["notes.txt"] and not told.reads
    assert len(Told(trail_bucket="other").take(*records).changes) == 2


@pytest.mark.parametrize(
    ("kept", "author"),
    [
        ("full", Author("AssumedRole", "Scientist", "ada@lab")),
        ("principal", Author("AssumedRole", "Scientist")),
        ("none", None),
    ],
)
def test_the_setting_says_what_is_kept_of_an_author(kept, author):
    told = Told(kept).take(record("PutObject", who=SESSION, answer=made()), record("GetObject", who=SESSION))
    [change], [read] = told.changes, told.reads
    assert [it.written_by for it in change.facts] == ([author] if author else [])
    assert (read.reader is None) == (kept == "none")
    assert b"192.0.2" not in msgspec.json.encode([change, read]) and b"AKIA" not in msgspec.json.encode([change, read])


def test_sessions_are_told_apart_only_where_they_are_kept():
    other = {**SESSION, "arn": SESSION["arn"].replace("ada@lab", "bob@lab")}
    for kept, count in (("full", 2), ("principal", 1)):
        told = Told(kept).take(record("GetObject", who=SESSION), record("GetObject", who=other))
        assert len({it.reader for it in told.reads}) == count


@pytest.mark.parametrize(
    ("who", "author"),
    [
        ({"type": "Root", "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root"}, Author("Root", ACCOUNT)),
        ({"type": "AWSService", "invokedBy": "s3.amazonaws.com"}, Author("AWSService", "s3.amazonaws.com")),
        ({"type": "AWSAccount", "accountId": ACCOUNT, "principalId": "AIDAX"}, Author("AWSAccount", ACCOUNT)),
        ({"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL"}, Author("AWSAccount", "anonymous")),
        ({"type": "WebIdentityUser", "principalId": "p", "userName": "u" * 500}, Author("WebIdentityUser", "u" * 128)),
        ({"type": 7, "userName": ["x"]}, None),
        ({}, None), (None, None), ([], None), ("ada", None),
    ],
)  # fmt: skip
def test_whoever_it_is(who, author):
    [change] = Told("full").take(record("PutObject", who=who, answer=made())).changes
    assert [it.written_by for it in change.facts] == ([author] if author else [])


words = st.sampled_from(["bucketName", "key", "arn", "sessionContext", "sessionIssuer", "x-amz-version-id"])


def test_readers_of_long_names_are_told_apart():
    path = "/".join(["division"] * 15)
    ada, bob = ({"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/{path}/{name}"} for name in ("ada", "bob"))
    told = Told().take(record("GetObject", who=ada), record("GetObject", who=bob))
    assert len({it.reader for it in told.reads}) == 2


def test_a_session_is_not_kept_where_only_it_is_told():
    who = {"type": "AssumedRole", "principalId": "AROA1:ada@lab", "arn": SESSION["arn"]}
    told = Told("principal").take(record("PutObject", who=who, answer=made()), record("GetObject", who=who))
    assert told.changes[0].facts[0].written_by == Author("AssumedRole", "AROA1")
    other = who | {"arn": SESSION["arn"].replace("ada", "bob")}
    assert told.take(record("GetObject", who=other)).reads[0].reader == told.reads[1].reader


def test_a_long_identity_is_read_and_not_remembered():
    known = Known("principal")
    for number in range(3):
        who = {"type": "IAMUser", "userName": "ada", "accountId": f"{number}" * 5_000}
        assert known.of(msgspec.Raw(json.dumps(who).encode())).author == Author("IAMUser", "ada")
    assert not known._known


def test_a_version_id_that_cannot_be_is_none():
    [change] = Told().take(record("PutObject", answer=made("v" * 2000))).changes
    assert (change.version_id, change.made, change.facts) == (None, False, ())


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.just("lab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)
fields = st.sampled_from(
    ["requestParameters", "responseElements", "userIdentity", "eventTime", "errorCode", "eventSource"]
)
calls = st.sampled_from(["PutObject", "GetObject", "DeleteObjects", "DeleteObject", "RenameObject"])


@given(calls, st.dictionaries(fields, values, max_size=4))
def test_no_record_whatever_breaks_the_reader(call, odd):
    told = Told("full").take(record(call, answer=made()) | odd, record("PutObject", answer=made()))
    assert told.changes[-1].version_id == "v1"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (f"{FOLDER}/2026/01/31/111122223333_CloudTrail_eu-west-1_20260131T0905Z_Mu0Ks.json.gz", "log"),
        ("our/trail/AWSLogs/o-abc123/111122223333/CloudTrail/us-gov-west-1/2026/01/31/x.json.gz", "log"),
        ("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/31/x.json.gz", "digest"),
        ("AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/2026/01/31/x.json.gz", "insight"),
        ("AWSLogs/111122223333/Config/eu-west-1/2026/1/31/ConfigHistory/x.json.gz", "foreign"),
        ("AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/01/31/x.log.gz", "foreign"),
        ("AWSLogs/111122223333/CloudTrail/", "foreign"),
        ("CloudTrail/eu-west-1/2026/01/31/x.json.gz", "foreign"),
        ("", "foreign"),
    ],
)  # fmt: skip
def test_what_a_file_is_stands_in_its_key(key, kind):
    assert names.kind_of(key) == kind


def test_a_file_is_the_same_wherever_it_is_moved():
    assert names.file_id("AWSLogs/a/x.json.gz") == names.file_id("elsewhere/x.json.gz") != names.file_id("y.json.gz")
