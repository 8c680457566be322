"""The emulated CloudTrail records what S3 answered, as CloudTrail does, and delivers it as log files; off at first."""

import gzip
import http.client
import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulated import Aws

NUMBERS = count(1)
KEY = "plates/red flower+1% 100%25 ü🧬.csv"
ACCOUNT = "123456789012"
NEVER = 3600  # seconds: nothing is delivered until the trail is switched off
# The fields of a record that are always there, in the order of CloudTrail's documentation's examples.
FIELDS = [
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "requestParameters", "responseElements", "additionalEventData", "requestID", "eventID", "readOnly",
    "resources", "eventType", "managementEvent", "recipientAccountId", "eventCategory",
]  # fmt: skip


class Trail:
    """A bucket that is recorded, a bucket of log files, and what is delivered there."""

    def __init__(self, aws: Aws) -> None:
        self.aws, number = aws, next(NUMBERS)
        self.s3, self.name, self.logs = aws.client("s3"), f"recorded-{number}", f"trail-{number}"
        self.where = {"Bucket": self.name, "Key": KEY}
        self.s3.create_bucket(Bucket=self.logs)
        self.s3.create_bucket(Bucket=self.name)
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def ask(self, method: str, body: Any = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.aws.port, timeout=10)
        connection.request(method, "/_bucketdex/trail", None if body is None else json.dumps(body))
        response = connection.getresponse()
        return {"status": response.status} | json.load(response)

    def on(self, **settings: Any) -> None:
        assert self.ask("POST", {"bucket": self.logs, "seconds": NEVER} | settings)["status"] == 200

    def as_(self, access_key: str) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.aws.port}",
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def delivered(self) -> list[str]:
        return [it["Key"] for it in self.s3.list_objects_v2(Bucket=self.logs).get("Contents", [])]

    def files(self) -> list[list[dict[str, Any]]]:
        files = []
        for key in self.delivered():
            if "/CloudTrail/" in key:
                body = self.s3.get_object(Bucket=self.logs, Key=key)["Body"].read()
                files.append(json.loads(gzip.decompress(body))["Records"])
        return files

    def off(self) -> list[dict[str, Any]]:
        """Switch it off and return all that was recorded."""
        assert self.ask("DELETE")["on"] is None
        return [record for file in self.files() for record in file]


@pytest.fixture
def trail(aws: Aws) -> Iterator[Trail]:
    it = Trail(aws)
    yield it
    it.ask("DELETE")
    aws.fail()


def test_a_record_has_the_published_form(trail):
    trail.on()
    before = datetime.now(UTC).replace(microsecond=0)
    version = trail.s3.put_object(**trail.where, Body=b"12345", StorageClass="STANDARD_IA")["VersionId"]
    (record,) = trail.off()
    assert list(record) == FIELDS
    assert record["eventSource"] == "s3.amazonaws.com" and record["eventName"] == "PutObject"
    told = datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= told <= before + timedelta(seconds=5)
    parameters = record["requestParameters"]
    assert parameters.pop("Host") == f"127.0.0.1:{trail.aws.port}"
    assert parameters == {"bucketName": trail.name, "key": KEY, "x-amz-storage-class": "STANDARD_IA"}
    assert record["responseElements"]["x-amz-version-id"] == version
    assert record["additionalEventData"]["SignatureVersion"] == "SigV4"
    assert record["additionalEventData"]["bytesTransferredIn"] == 5
    assert record["resources"] == [
        {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{trail.name}/{KEY}"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{trail.name}"},
    ]
    assert uuid.UUID(record["eventID"]) and re.fullmatch(r"\w+", record["requestID"])
    assert (record["readOnly"], record["managementEvent"], record["eventCategory"]) == (False, False, "Data")
    assert record["userAgent"].startswith("[Boto3/")


def test_each_call_about_an_object_has_its_name_and_says_which_version_it_made(trail):
    s3, where = trail.s3, trail.where
    first = s3.put_object(**where, Body=b"first")["VersionId"]
    trail.on()
    made = {"CopyObject": s3.copy_object(**where, CopySource={**where, "VersionId": first})["VersionId"]}
    s3.head_object(**where)
    read = s3.get_object(**where, VersionId=first)["Body"].read()
    s3.get_object_tagging(**where)
    s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(**where)
    s3.put_object_acl(**where, ACL="private")
    s3.get_object_acl(**where)
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = {**where, "UploadId": upload, "PartNumber": 1}
    etag = s3.upload_part(**part, Body=b"x" * 10)["ETag"]
    s3.upload_part_copy(**{**part, "PartNumber": 2}, CopySource={**where, "VersionId": first})
    s3.list_parts(**where, UploadId=upload)
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    done = s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    made["CompleteMultipartUpload"] = done["VersionId"]
    given_up = s3.create_multipart_upload(**where)["UploadId"]
    s3.abort_multipart_upload(**where, UploadId=given_up)
    made["DeleteObject"] = s3.delete_object(**where)["VersionId"]
    s3.delete_object(**where, VersionId=first)
    records = trail.off()

    assert [record["eventName"] for record in records] == [
        "CopyObject", "HeadObject", "GetObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging",
        "PutObjectAcl", "GetObjectAcl", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "ListParts",
        "CompleteMultipartUpload", "CreateMultipartUpload", "AbortMultipartUpload", "DeleteObject", "DeleteObject",
    ]  # fmt: skip
    assert {record["requestParameters"]["key"] for record in records} == {KEY}
    assert all(record["readOnly"] == record["eventName"].startswith(("Get", "Head", "List")) for record in records)
    assert all(record["responseElements"] is None for record in records if record["readOnly"])
    assert not any("errorCode" in record for record in records)
    for record in records[:-1]:
        if record["eventName"] in made:
            assert record["responseElements"]["x-amz-version-id"] == made[record["eventName"]]
    by_name = {record["eventName"]: record for record in records[:-1]}
    asked = {name: record["requestParameters"] for name, record in by_name.items()}
    assert asked["CopyObject"]["x-amz-copy-source"].startswith(f"{trail.name}/plates/")
    assert by_name["CopyObject"]["responseElements"]["x-amz-copy-source-version-id"] == first
    assert asked["GetObject"]["versionId"] == first
    assert by_name["GetObject"]["additionalEventData"]["bytesTransferredOut"] == len(read)
    assert asked["PutObjectTagging"]["tagging"] == "" and asked["PutObjectAcl"]["acl"] == ""
    assert asked["PutObjectAcl"]["x-amz-acl"] == "private"
    assert asked["CreateMultipartUpload"]["uploads"] == ""
    assert (asked["UploadPart"]["uploadId"], asked["UploadPart"]["partNumber"]) == (upload, "1")
    assert asked["AbortMultipartUpload"]["uploadId"] == given_up
    assert by_name["DeleteObject"]["responseElements"]["x-amz-delete-marker"] == "true"
    gone = records[-1]  # a version, so no marker is made, and the id is that of what is gone
    assert gone["requestParameters"]["versionId"] == gone["responseElements"]["x-amz-version-id"] == first


def test_a_restore_is_recorded(trail):
    trail.s3.put_object(**trail.where, StorageClass="GLACIER")
    trail.on()
    trail.s3.restore_object(**trail.where, RestoreRequest={"Days": 1})
    (record,) = trail.off()
    assert (record["eventName"], record["readOnly"]) == ("RestoreObject", False)
    assert record["requestParameters"]["restore"] == ""


def test_listings_and_deletions_of_many_name_no_keys(trail):
    trail.s3.put_object(**trail.where)
    trail.on()
    trail.s3.list_objects_v2(Bucket=trail.name, Prefix="plates/")
    trail.s3.list_object_versions(Bucket=trail.name)
    trail.s3.head_bucket(Bucket=trail.name)
    trail.s3.get_bucket_versioning(Bucket=trail.name)  # a management event
    trail.s3.delete_objects(Bucket=trail.name, Delete={"Objects": [{"Key": KEY}]})
    records = trail.off()
    assert [record["eventName"] for record in records] == [
        "ListObjects", "ListObjectVersions", "HeadBucket", "DeleteObjects"]  # fmt: skip
    listing, *_, deletion = records
    assert listing["requestParameters"]["list-type"] == "2"
    assert listing["resources"][0] == {"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{trail.name}/plates/"}
    assert deletion["requestParameters"]["delete"] == "" and not deletion["readOnly"]
    assert "key" not in deletion["requestParameters"] and KEY not in json.dumps(deletion)


def test_what_fails_is_recorded_with_its_error_and_answered_as_ever(trail):
    trail.on()
    path = f"/{trail.name}/{KEY}"
    trail.aws.fail(
        {"method": "PUT", "path": path, "status": 503, "code": "SlowDown", "times": 1},
        {"method": "HEAD", "path": path, "status": 403, "code": "AccessDenied", "times": 1},
    )
    with pytest.raises(ClientError, match="SlowDown"):
        trail.as_("local").put_object(**trail.where)
    with pytest.raises(ClientError, match="403"):
        trail.s3.head_object(**trail.where)
    with pytest.raises(ClientError, match="NoSuchKey"):
        trail.s3.get_object(**trail.where)
    with pytest.raises(ClientError, match="404"):
        trail.s3.head_object(**trail.where)
    trail.s3.put_object(**trail.where)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        trail.s3.put_object(**trail.where, IfNoneMatch="*")
    records = trail.off()
    assert [(record["eventName"], record.get("errorCode")) for record in records] == [
        ("PutObject", "SlowDown"), ("HeadObject", "AccessDenied"), ("GetObject", "NoSuchKey"),
        ("HeadObject", "NoSuchKey"), ("PutObject", None), ("PutObject", "PreconditionFailed"),
    ]  # fmt: skip
    assert all(record["errorMessage"] and record["responseElements"] is None for record in records[:4])


def test_who_asked_is_known_by_the_access_key(trail):
    role = "stack-IndexObjectsRole-AB12"
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    trail.on(roles={role: arn})
    trail.as_("ada").put_object(**trail.where, Body=b"x", ACL="public-read")
    trail.as_(role).get_object(**trail.where)["Body"].read()
    path = trail.as_("grace").generate_presigned_url("get_object", trail.where).partition(str(trail.aws.port))[2]
    connection = http.client.HTTPConnection("127.0.0.1", trail.aws.port, timeout=10)
    for url in (path, path.partition("?")[0]):  # the second is signed by nobody
        connection.request("GET", url)
        assert connection.getresponse().read() == b"x"
    records = trail.off()
    ada, function, grace, nobody = (record["userIdentity"] for record in records)
    assert ada == {
        "type": "IAMUser", "principalId": ada["principalId"], "arn": f"arn:aws:iam::{ACCOUNT}:user/ada",
        "accountId": ACCOUNT, "accessKeyId": "ada", "userName": "ada",
    }  # fmt: skip
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", ada["principalId"])
    assert function["type"] == "AssumedRole"
    assert function["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/local"
    issuer = function["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"], issuer["userName"]) == ("Role", arn, role)
    assert function["principalId"].partition(":")[0] == issuer["principalId"]
    assert grace["userName"] == "grace"
    assert records[2]["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    assert "Signature" not in json.dumps(records[2]["requestParameters"])
    assert nobody == {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}


def test_files_are_delivered_as_time_goes_and_the_bucket_tells_of_them(trail):
    sqs = trail.aws.client("sqs")
    url = sqs.create_queue(QueueName=trail.logs)["QueueUrl"]
    rule = {
        "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{trail.logs}",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".json.gz"}]}},
    }
    trail.s3.put_bucket_notification_configuration(
        Bucket=trail.logs, NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    sqs.purge_queue(QueueUrl=url)
    trail.on(seconds=0.2, prefix="all/of it")
    trail.s3.put_object(**trail.where)
    told: list[str] = []
    deadline = time.monotonic() + 20
    while len(told) < 2:
        assert time.monotonic() < deadline
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            told += [it["s3"]["object"]["key"] for it in json.loads(message["Body"])["Records"]]
    day, minute = r"\d{4}/\d{2}/\d{2}", r"\d{8}T\d{4}Z"
    folder = rf"all/of\+it/AWSLogs/{ACCOUNT}"
    assert re.fullmatch(
        rf"{folder}/CloudTrail/us-east-1/{day}/{ACCOUNT}_CloudTrail_us-east-1_{minute}_[A-Za-z0-9]{{16}}\.json\.gz",
        told[0],
    )
    assert re.match(rf"{folder}/CloudTrail-Digest/us-east-1/{day}/{ACCOUNT}_CloudTrail-Digest_us-east-1_", told[1])
    trail.s3.put_object(**trail.where)
    state = trail.ask("GET")
    while state["files"] < 2:
        assert time.monotonic() < deadline
        state = trail.ask("GET")
    assert (state["waiting"], state["records"]) == (0, 2) and state["on"]["bucket"] == trail.logs
    assert [[it["eventName"] for it in file] for file in trail.files()] == [["PutObject"]] * 2
    assert sum("-Digest" in key for key in trail.delivered()) == 1
    head = trail.s3.head_object(Bucket=trail.logs, Key=trail.delivered()[0])
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip")


def test_the_trails_own_bucket_is_recorded_only_where_that_is_asked_for(trail):
    trail.on()
    trail.s3.put_object(Bucket=trail.logs, Key="mine")
    assert trail.ask("GET")["waiting"] == 0
    trail.off()
    trail.on(own=True, seconds=0.1)
    trail.s3.put_object(Bucket=trail.logs, Key="mine")
    deadline = time.monotonic() + 20
    while trail.ask("GET")["files"] < 2:  # the first file makes the second
        assert time.monotonic() < deadline
    records = {record["requestParameters"]["key"]: record["userIdentity"] for record in trail.off()}
    assert records.pop("mine")["userName"] == "local"
    assert records and all("/CloudTrail" in key for key in records)
    assert all(it == {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"} for it in records.values())


def test_off_and_what_no_data_event_is_leave_nothing(trail):
    trail.s3.put_object(**trail.where)
    assert (told := trail.ask("GET"))["on"] is None and told["waiting"] == 0
    trail.on()
    url = trail.aws.client("sqs").create_queue(QueueName=trail.name)["QueueUrl"]
    trail.aws.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    trail.aws.client("dynamodb").list_tables()
    trail.s3.list_buckets()
    trail.s3.put_bucket_tagging(Bucket=trail.name, Tagging={"TagSet": []})
    with pytest.raises(ClientError, match="NoSuchBucket"):
        trail.s3.get_object(Bucket="of-somebody-else", Key="x")
    assert trail.ask("GET")["waiting"] == 0
    assert trail.off() == [] and trail.delivered() == []
    trail.s3.put_object(**trail.where)
    assert trail.ask("GET")["waiting"] == 0


def test_what_a_deleted_bucket_did_not_take_waits(trail):
    trail.on(seconds=0.1)
    trail.s3.delete_bucket(Bucket=trail.logs)
    trail.s3.put_object(**trail.where)
    time.sleep(0.5)
    assert trail.ask("GET")["waiting"] == 1
    trail.s3.create_bucket(Bucket=trail.logs)
    assert [record["eventName"] for record in trail.off()] == ["PutObject"]


@pytest.mark.parametrize("settings", [{}, {"bucket": "not-there"}, {"bucket": "trail-1", "seconds": 0}, {"x": 1}])
def test_settings_that_cannot_be_are_refused(trail, settings):
    told = trail.ask("POST", settings)
    assert told["status"] == 400 and told["error"]
