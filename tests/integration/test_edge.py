"""The emulated AWS does what AWS does, where moto by itself does not."""

import base64
import functools
import hashlib
import http.client
import io
import json
import socket
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bucketdex.local import guard

NUMBERS = count(1)
EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"]


class Edge(NamedTuple):
    """An emulator that runs, and clients for it."""

    port: int
    other_port: int
    client: Callable[[str], Any]
    s3: Any
    sqs: Any
    events: Any

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, f"/_bucketdex/{path}", None if body is None else json.dumps(body))
        return json.load(connection.getresponse())

    def raw(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Any:
        """Ask as no SDK would; the credentials only say that it is S3 that is meant."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        scope = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
        connection.request(method, path, body, {"Authorization": scope} | (headers or {}))
        response = connection.getresponse()
        response.read()
        return response


class Bucket(NamedTuple):
    """A bucket that tells a queue of everything, and what it told."""

    edge: Edge
    name: str
    queue_url: str

    def told(self) -> list[dict[str, Any]]:
        """Return the records since the last time, all of them: what a request has to tell is told when it returns."""
        return [record for body in received(self.edge.sqs, self.queue_url) for record in body.get("Records", [body])]

    def names(self) -> list[str]:
        return [record["eventName"] for record in self.told()]

    def put(self, key: str, body: bytes = b"x", **options: Any) -> str:
        return str(self.edge.s3.put_object(Bucket=self.name, Key=key, Body=body, **options).get("VersionId"))

    def delete(self, key: str, **options: Any) -> Any:
        return self.edge.s3.delete_object(Bucket=self.name, Key=key, **options)


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    bodies: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    port, other_port = free_port(), free_port()
    log = tmp_path_factory.mktemp("edge") / "edge.log"
    # Threads that take turns as often as they can meet every race there is.
    start = "import sys; sys.setswitchinterval(1e-6); from bucketdex.local.edge.__main__ import main; main()"
    command = [sys.executable, "-c", start, "--port", str(port), "--bind", f"127.0.0.1:{other_port}"]
    process = guard.start(command, log)
    options = {
        "endpoint_url": f"http://127.0.0.1:{port}",
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "config": Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, max_pool_connections=50),
    }
    client = functools.partial(boto3.client, **options)
    started = Edge(port, other_port, client, client("s3"), client("sqs"), client("events"))
    deadline = time.monotonic() + 30
    while True:
        try:
            started.ask("GET", "health")
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
    yield started
    assert guard.stop(process) == 0
    assert "Traceback" not in log.read_text()


def make_bucket(edge: Edge, versioned: bool) -> Bucket:
    name = f"bucket-{next(NUMBERS)}"
    edge.s3.create_bucket(Bucket=name)
    if versioned:
        edge.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    url = edge.sqs.create_queue(QueueName=name)["QueueUrl"]
    configuration = {"QueueArn": f"arn:aws:sqs:us-east-1:123456789012:{name}", "Events": EVENTS, "Id": "all"}
    edge.s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"QueueConfigurations": [configuration]}
    )
    bucket = Bucket(edge, name, url)
    assert [event["Event"] for event in bucket.told()] == ["s3:TestEvent"]
    return bucket


@pytest.fixture
def versioned(edge):
    return make_bucket(edge, versioned=True)


@pytest.fixture
def plain(edge):
    return make_bucket(edge, versioned=False)


@pytest.fixture
def faults(edge):
    yield lambda *faults: edge.ask("POST", "faults", list(faults))
    edge.ask("POST", "faults", [])


def test_a_record_says_what_a_record_of_aws_says(versioned):
    version = versioned.put("folder/data.csv", b"a,b\n")
    (record,) = versioned.told()
    assert record["eventName"] == "ObjectCreated:Put" and record["eventSource"] == "aws:s3"
    assert record["userIdentity"]["principalId"] and record["requestParameters"] and record["responseElements"]
    assert record["s3"]["bucket"]["name"] == versioned.name and record["s3"]["configurationId"] == "all"
    changed = record["s3"]["object"]
    assert (changed["key"], changed["size"], changed["versionId"]) == ("folder/data.csv", 4, version)
    assert changed["eTag"] == hashlib.md5(b"a,b\n").hexdigest()


def test_a_bucket_without_versions_tells_of_no_version(plain):
    plain.put("key")
    plain.delete("key")
    created, removed = plain.told()
    assert "versionId" not in created["s3"]["object"]
    assert removed["eventName"] == "ObjectRemoved:Delete"
    assert set(removed["s3"]["object"]) == {"key", "sequencer"}


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("red flower.jpg", "red+flower.jpg"),
        ("a/b/c", "a/b/c"),
        ("1+1=2.txt", "1%2B1%3D2.txt"),
        ("100%.txt", "100%25.txt"),
        ("für/Ωmega-🧬.txt", "f%C3%BCr/%CE%A9mega-%F0%9F%A7%AC.txt"),
    ],
)
def test_keys_are_form_encoded_but_keep_their_slashes(versioned, key, told):
    versioned.put(key)
    versioned.delete(key)
    assert [record["s3"]["object"]["key"] for record in versioned.told()] == [told, told]


def test_sequencers_of_a_key_increase(versioned):
    for _ in range(3):
        versioned.put("key")
        versioned.delete("key")
    sequencers = [record["s3"]["object"]["sequencer"] for record in versioned.told()]
    assert sequencers == sorted(set(sequencers)) and len(sequencers) == 6
    assert {len(sequencer) for sequencer in sequencers} == {18}


def test_a_delete_marker_is_told_with_its_version(versioned):
    versioned.put("key")
    marker = versioned.delete("key")["VersionId"]
    record = versioned.told()[-1]
    assert record["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    assert record["s3"]["object"]["versionId"] == marker


def test_each_deleted_version_is_told_once(versioned):
    versions = [versioned.put("key"), versioned.put("key"), versioned.delete("key")["VersionId"]]
    versioned.told()
    for version in versions:
        versioned.delete("key", VersionId=version)
    records = versioned.told()
    assert [record["eventName"] for record in records] == ["ObjectRemoved:Delete"] * 3
    assert [record["s3"]["object"]["versionId"] for record in records] == versions
    assert all("size" not in record["s3"]["object"] for record in records)


def test_a_version_that_is_not_there_is_not_told(versioned):
    versioned.put("key")
    versioned.told()
    versioned.delete("key", VersionId="no-such-version")
    assert versioned.names() == []


def test_delete_objects_tells_of_each(versioned):
    version = versioned.put("first")
    versioned.put("second")
    versioned.told()
    objects = [{"Key": "first", "VersionId": version}, {"Key": "second"}, {"Key": "never there"}]
    versioned.edge.s3.delete_objects(Bucket=versioned.name, Delete={"Objects": objects})
    told = {(record["s3"]["object"]["key"], record["eventName"]) for record in versioned.told()}
    assert told == {
        ("first", "ObjectRemoved:Delete"),
        ("second", "ObjectRemoved:DeleteMarkerCreated"),
        ("never+there", "ObjectRemoved:DeleteMarkerCreated"),
    }


def test_deleting_a_key_that_is_not_there_makes_a_marker(versioned):
    answer = versioned.delete("never there")
    assert answer["DeleteMarker"] and answer["VersionId"]
    assert versioned.names() == ["ObjectRemoved:DeleteMarkerCreated"]
    listed = versioned.edge.s3.list_object_versions(Bucket=versioned.name)
    assert [marker["VersionId"] for marker in listed["DeleteMarkers"]] == [answer["VersionId"]]
    assert "Versions" not in listed
    versioned.delete("never there", VersionId=answer["VersionId"])
    assert "DeleteMarkers" not in versioned.edge.s3.list_object_versions(Bucket=versioned.name)


def test_a_multipart_upload_is_told_once(versioned):
    s3, where = versioned.edge.s3, {"Bucket": versioned.name, "Key": "big"}
    upload = s3.create_multipart_upload(**where, Metadata={"a": "b"}, Tagging="c=d")["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x" * 10)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    version = s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)["VersionId"]
    (record,) = versioned.told()
    assert record["eventName"] == "ObjectCreated:CompleteMultipartUpload"
    assert record["s3"]["object"]["versionId"] == version and record["s3"]["object"]["eTag"].endswith("-1")


def test_tags_are_told_when_they_alone_change(versioned):
    s3, where = versioned.edge.s3, {"Bucket": versioned.name, "Key": "key"}
    versioned.put("key", Tagging="a=b")
    assert versioned.names() == ["ObjectCreated:Put"]
    s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "c", "Value": "d"}]})
    (record,) = versioned.told()
    assert record["eventName"] == "ObjectTagging:Put" and "sequencer" not in record["s3"]["object"]
    s3.delete_object_tagging(**where)
    assert versioned.names() == ["ObjectTagging:Delete"]


def test_a_copy_is_told_once(versioned):
    versioned.put("from", Tagging="a=b")
    versioned.told()
    source = {"Bucket": versioned.name, "Key": "from"}
    versioned.edge.s3.copy_object(
        Bucket=versioned.name, Key="to", CopySource=source, TaggingDirective="REPLACE", Tagging="c=d"
    )
    assert versioned.names() == ["ObjectCreated:Copy"]


def test_prefix_and_suffix_decide_what_is_told(edge, versioned):
    rule = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "raw/"}, {"Name": "suffix", "Value": ".csv"}]}}
    arn = f"arn:aws:sqs:us-east-1:123456789012:{versioned.name}"
    edge.s3.put_bucket_notification_configuration(
        Bucket=versioned.name,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": EVENTS, "Filter": rule}]},
    )
    versioned.told()
    for key in ("raw/a.csv", "raw/a.txt", "a.csv"):
        versioned.put(key)
        versioned.delete(key)
    assert [record["s3"]["object"]["key"] for record in versioned.told()] == ["raw/a.csv", "raw/a.csv"]


def test_event_bridge_tells_why_and_how(edge, versioned):
    arn = f"arn:aws:sqs:us-east-1:123456789012:{versioned.name}"
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [versioned.name]}}}
    edge.events.put_rule(Name=versioned.name, EventPattern=json.dumps(pattern))
    edge.events.put_targets(Rule=versioned.name, Targets=[{"Id": "queue", "Arn": arn}])
    edge.s3.put_bucket_notification_configuration(
        Bucket=versioned.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    version = versioned.put("a b+c/ü.txt", b"12345")
    marker = versioned.delete("a b+c/ü.txt")["VersionId"]
    versioned.delete("a b+c/ü.txt", VersionId=version)
    created, marked, deleted = received(edge.sqs, versioned.queue_url)
    assert created["detail-type"] == "Object Created" and created["detail"]["reason"] == "PutObject"
    described = created["detail"]["object"]
    assert (described["key"], described["size"], described["version-id"]) == ("a b+c/ü.txt", 5, version)
    assert created["time"].endswith("Z") and created["id"] != marked["id"]
    assert marked["detail-type"] == deleted["detail-type"] == "Object Deleted"
    assert marked["detail"]["deletion-type"] == "Delete Marker Created"
    assert marked["detail"]["object"]["version-id"] == marker
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"
    assert described["sequencer"] < marked["detail"]["object"]["sequencer"]


def test_a_deleted_object_is_not_found_and_says_that_it_was_deleted(versioned):
    versioned.put("key")
    marker = versioned.delete("key")["VersionId"]
    with pytest.raises(ClientError) as caught:
        versioned.edge.s3.get_object(Bucket=versioned.name, Key="key")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true" and headers["x-amz-version-id"] == marker


def test_a_key_that_never_was_is_not_found_and_says_nothing_of_markers(versioned):
    with pytest.raises(ClientError) as caught:
        versioned.edge.s3.get_object(Bucket=versioned.name, Key="key")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"
    assert "x-amz-delete-marker" not in caught.value.response["ResponseMetadata"]["HTTPHeaders"]


def test_a_delete_marker_cannot_be_had_by_its_version(versioned):
    version = versioned.put("key")
    marker = versioned.delete("key")["VersionId"]
    for ask in (versioned.edge.s3.get_object, versioned.edge.s3.head_object):
        with pytest.raises(ClientError) as caught:
            ask(Bucket=versioned.name, Key="key", VersionId=marker)
        answer = caught.value.response["ResponseMetadata"]
        assert answer["HTTPStatusCode"] == 405 and answer["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    body = versioned.edge.s3.get_object(Bucket=versioned.name, Key="key", VersionId=version)["Body"].read()
    assert body == b"x"


def test_metadata_that_is_not_ascii_comes_back_encoded(versioned):
    raw = {"x-amz-meta-name": "Zürich", "x-amz-meta-plain": "plain", "x-amz-meta-under_score": "kept"}
    path = f"/{versioned.name}/key"
    versioned.edge.raw("PUT", path, {name: value.encode().decode("latin-1") for name, value in raw.items()}, b"x")
    expected = base64.b64encode("Zürich".encode().decode("latin-1").encode()).decode()
    for method in ("GET", "HEAD"):
        headers = versioned.edge.raw(method, path).headers
        assert headers["x-amz-meta-name"] == f"=?UTF-8?B?{expected}?="
        assert headers["x-amz-meta-plain"] == "plain" and headers["x-amz-meta-under_score"] == "kept"


def test_an_object_has_its_metadata_and_tags_whenever_it_can_be_seen(versioned):
    s3, done, torn = versioned.edge.s3, threading.Event(), []

    def watch():
        while not done.is_set():
            try:
                seen = s3.get_object(Bucket=versioned.name, Key="key")
            except ClientError:
                continue
            if seen["Metadata"].get("body") != seen["Body"].read().decode() or seen.get("TagCount") != 1:
                torn.append(seen)

    with ThreadPoolExecutor(3) as pool:
        for _ in range(2):
            pool.submit(watch)
        for number in range(60):
            versioned.put("key", str(number).encode(), Metadata={"body": str(number)}, Tagging="a=b")
        done.set()
    assert not torn


def test_writers_at_the_same_time_lose_no_version(versioned):
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda number: versioned.put("key", str(number).encode()), range(80)))
    listed = versioned.edge.s3.list_object_versions(Bucket=versioned.name)["Versions"]
    assert {version["VersionId"] for version in listed} == set(versions)
    assert len(versioned.told()) == 80


def test_no_message_is_lost_or_given_to_two_receivers(edge):
    url = edge.sqs.create_queue(QueueName=f"busy-{next(NUMBERS)}")["QueueUrl"]
    seen: Counter[str] = Counter()
    lock, total = threading.Lock(), 300

    def send(number):
        edge.sqs.send_message(QueueUrl=url, MessageBody=str(number))

    def receive():
        while sum(seen.values()) < total:
            answer = edge.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = answer.get("Messages", [])
            if not messages:
                return
            with lock:
                seen.update(message["Body"] for message in messages)
            entries = [{"Id": one["MessageId"], "ReceiptHandle": one["ReceiptHandle"]} for one in messages]
            assert len(edge.sqs.delete_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == len(entries)

    with ThreadPoolExecutor(12) as pool:
        receivers = [pool.submit(receive) for _ in range(4)]
        list(pool.map(send, range(total)))
        for receiver in receivers:
            receiver.result()
    assert seen == Counter(map(str, range(total)))


def test_a_long_poll_answers_as_soon_as_there_is_something(edge):
    url = edge.sqs.create_queue(QueueName=f"poll-{next(NUMBERS)}")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        answer = pool.submit(edge.sqs.receive_message, QueueUrl=url, WaitTimeSeconds=10)
        time.sleep(0.3)
        edge.sqs.send_message(QueueUrl=url, MessageBody="x")
        assert answer.result()["Messages"][0]["Body"] == "x"
    assert time.monotonic() - started < 2
    started = time.monotonic()
    assert "Messages" not in edge.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert 0.9 < time.monotonic() - started < 2


def test_a_message_received_too_often_becomes_a_dead_letter(edge):
    name = f"redrive-{next(NUMBERS)}"
    dead = edge.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{name}-dead", "maxReceiveCount": 2}
    attributes = {"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"}
    url = edge.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    edge.sqs.send_message(
        QueueUrl=url, MessageBody="x", MessageAttributes={"reason": {"DataType": "String", "StringValue": "why"}}
    )
    counts = []
    while messages := edge.sqs.receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages"):
        counts.append(messages[0]["Attributes"]["ApproximateReceiveCount"])
        time.sleep(0.01)
    assert counts == ["1", "2"]
    (letter,) = edge.sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"])["Messages"]
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "why"


def test_it_tells_how_much_each_queue_holds_and_since_when(edge):
    name, before = f"depth-{next(NUMBERS)}", time.time()
    url = edge.sqs.create_queue(QueueName=name)["QueueUrl"]
    assert edge.ask("GET", "queues")[name] == {"visible": 0, "in_flight": 0, "delayed": 0, "oldest_sent": None}
    for delay in (0, 0, 0, 100):
        edge.sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    (message,) = edge.sqs.receive_message(QueueUrl=url)["Messages"]
    depth = edge.ask("GET", "queues")[name]
    assert before - 1 < depth.pop("oldest_sent") < time.time() + 1
    assert depth == {"visible": 2, "in_flight": 1, "delayed": 1}
    attributes = edge.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    counted = [attributes[f"ApproximateNumberOfMessages{which}"] for which in ("", "NotVisible", "Delayed")]
    assert counted == ["2", "1", "1"]
    edge.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert edge.ask("GET", "queues")[name]["visible"] == 3
    edge.sqs.purge_queue(QueueUrl=url)
    assert edge.ask("GET", "queues")[name]["oldest_sent"] is None


def test_it_answers_on_every_address_with_one_memory(edge):
    identity = edge.ask("GET", "id")["id"]
    assert identity and edge.ask("GET", "health") == {"status": "ok", "id": identity}
    assert edge._replace(port=edge.other_port).ask("GET", "id") == {"id": identity}
    assert "error" in edge.ask("GET", "nothing")


def test_a_fault_refuses_a_request_as_s3_would(versioned, faults):
    versioned.put("a b/ü")
    s3, where = versioned.edge.s3, {"Bucket": versioned.name, "Key": "a b/ü"}
    fault = {"method": "GET", "path": f"/{versioned.name}/a b/ü", "status": 403, "code": "InvalidObjectState"}
    faults(fault)
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            s3.get_object(**where)
        assert caught.value.response["Error"]["Code"] == "InvalidObjectState"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert s3.head_object(**where)["ContentLength"] == 1
    assert s3.get_object_tagging(**where)["TagSet"] == []
    faults(fault | {"part": "tagging", "code": "AccessDenied"})
    assert s3.get_object(**where)["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object_tagging(**where)


def test_a_fault_happens_as_often_as_it_should(versioned, faults):
    versioned.put("key")
    path = f"/{versioned.name}/key"
    faults({"method": "GET", "path": path, "status": 503, "code": "SlowDown", "times": 2})
    assert [versioned.edge.raw("GET", path).status for _ in range(3)] == [503, 503, 200]
    assert versioned.edge.ask("GET", "faults") == []


def test_a_refused_head_has_no_body_and_a_refused_put_stores_nothing(versioned, faults):
    versioned.put("key")
    path = f"/{versioned.name}/key"
    faults(
        {"method": "HEAD", "path": path, "status": 403, "code": "AccessDenied"},
        {"method": "PUT", "path": path, "status": 503, "code": "SlowDown"},
    )
    with pytest.raises(ClientError, match="403"):
        versioned.edge.s3.head_object(Bucket=versioned.name, Key="key")
    with pytest.raises(ClientError, match="SlowDown"):
        versioned.put("key", b"y" * 100_000)
    assert versioned.edge.s3.get_object(Bucket=versioned.name, Key="key")["Body"].read() == b"x"


def test_a_fault_that_is_misspelt_is_an_error(edge, faults):
    assert "error" in faults({"method": "GET", "path": "/b/k", "stauts": 403})


def test_a_big_object_comes_back_whole(plain):
    body = bytes(range(256)) * 40_000
    plain.put("big", body)
    assert plain.edge.s3.get_object(Bucket=plain.name, Key="big")["Body"].read() == body
    assert plain.edge.s3.get_object(Bucket=plain.name, Key="big", Range="bytes=256-511")["Body"].read() == body[:256]


def test_an_event_source_mapping_leaves_the_messages_to_the_pollers(edge):
    """moto by itself receives each message, fails to run the function in Docker, and makes a dead letter of it."""
    name, code = f"mapped-{next(NUMBERS)}", io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    role = edge.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = edge.client("lambda")
    functions.create_function(
        FunctionName=name, Role=role, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": code.getvalue()}
    )
    url = edge.sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = edge.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    functions.create_event_source_mapping(FunctionName=name, EventSourceArn=arn)
    edge.sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = edge.sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert len(functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]) == 1
