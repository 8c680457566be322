"""The quick GetObject sends what boto3 would send, tells what boto3 would tell, and leaves the rest to boto3."""

import io
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError
from urllib3 import HTTPHeaderDict, HTTPResponse

from bucketdex.aws.quick_http import Answer
from bucketdex.aws.quick_s3 import Landed, QuickS3
from bucketdex.aws.quick_signing import route_of

KEYS = [
    "a.txt", "red flower.jpg", "1+1=2.csv", "100%.txt", "%2F", "a//b", "/a", "a/", "../a", "./a", "a/../b", "~a", "ü",
    "😀", "a;b?c#d&e=f:g@h!i$j'k(l)m*n,o", "k" * 1024, "\x01\x7f", "a\tb", "\\", "[x]", "a|b", "ä/" * 300,
]  # fmt: skip
OBJECT = {
    "Content-Length": "3", "ETag": '"e"', "Last-Modified": "Mon, 24 Nov 2025 09:59:58 GMT",
    "Content-Type": "text/plain",
    "x-amz-version-id": "v", "x-amz-meta-Color": "red", "x-amz-meta-note": "=?UTF-8?B?w7w=?=",
    "x-amz-tagging-count": "2",
    "x-amz-storage-class": "GLACIER_IR", "x-amz-server-side-encryption": "aws:kms", "Content-Encoding": "gzip",
    "x-amz-server-side-encryption-aws-kms-key-id": "arn:k", "x-amz-checksum-crc32": "AAAAAA==",
    "x-amz-checksum-type": "FULL_OBJECT", "Accept-Ranges": "bytes", "x-amz-request-id": "R",
}  # fmt: skip
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "virtual host": ("bucket", {}),
    "a bucket with dots": ("my.bucket", {}),
    "path style": ("bucket", {"config": Config(s3={"addressing_style": "path"})}),
    "an endpoint of one's own": ("bucket", {"endpoint_url": "http://127.0.0.1:5000"}),
    "an endpoint with a path": ("bucket", {"endpoint_url": "http://localhost:80/s3"}),
    "dual stack": ("bucket", {"config": Config(use_dualstack_endpoint=True)}),
    "FIPS": ("bucket", {"config": Config(use_fips_endpoint=True)}),
    "acceleration": ("bucket", {"config": Config(s3={"use_accelerate_endpoint": True})}),
    "China": ("bucket", {"region_name": "cn-north-1"}),
    "an access point": ("arn:aws:s3:us-west-2:123456789012:accesspoint/point", {}),
}


class Wire:
    """Takes the place of botocore's HTTP session: keeps each request, and answers as it is told."""

    def __init__(self, answers: Callable[[int], AWSResponse | Exception]) -> None:
        self.requests: list[Any] = []
        self._answers = answers

    def send(self, request: Any) -> AWSResponse:
        self.requests.append(request)
        answer = self._answers(len(self.requests))
        if isinstance(answer, Exception):
            raise answer
        return answer


def response(status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"abc") -> AWSResponse:
    told = HTTPHeaderDict(OBJECT if headers is None else headers)
    raw = HTTPResponse(io.BytesIO(body), told, status, preload_content=False, decode_content=False)
    return AWSResponse("", status, told, raw)


def refusal(status: int, code: str, headers: dict[str, str] | None = None) -> AWSResponse:
    body = f"<Error><Code>{code}</Code><Message>said</Message></Error>".encode()
    return response(status, {"Content-Length": str(len(body)), **(headers or {})}, body)


def clients(answers: Callable[[int], AWSResponse | Exception], **given: Any) -> tuple[QuickS3, Any, Wire]:
    """Return the quick client, boto3's client in it, and the wire that both use."""
    given.setdefault("region_name", "eu-central-1")
    given["config"] = Config(
        retries={"mode": "standard", "total_max_attempts": 2}, response_checksum_validation="when_required"
    ).merge(given.get("config", Config()))
    secret = {"aws_access_key_id": "AKID", "aws_secret_access_key": "SECRET", "aws_session_token": "TOKEN"}
    s3 = boto3.Session().client("s3", **secret, **given)
    s3._endpoint.http_session = wire = Wire(answers)
    return QuickS3(s3, Credentials("AKID", "SECRET", "TOKEN")), s3, wire


def get(client: Any, key: str = "a.txt", bucket: str = "bucket", **wanted: str) -> tuple[dict[str, Any], bytes]:
    answer = dict(client.get_object(Bucket=bucket, Key=key, **wanted))
    return answer, answer.pop("Body").read(3)


def is_quick(request: Any) -> bool:
    names = {name.lower() for name in request.headers}
    return "amz-sdk-request" not in names  # boto3 sends it always


@pytest.mark.parametrize("way", WAYS)
def test_it_asks_at_the_address_at_which_boto3_asks(way: str) -> None:
    bucket, given = WAYS[way]
    quick, s3, wire = clients(lambda _: response(), **given)
    get(quick, bucket=bucket)
    for key in KEYS:
        get(quick, key, bucket)
        get(s3, key, bucket)
        ours, theirs = wire.requests[-2:]
        assert is_quick(ours)
        assert not is_quick(theirs)
        assert ours.url == theirs.url


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wanted", [{}, {"Range": "bytes=0-9"}, {"VersionId": "a/b+c=~-_.d"}])
def test_it_signs_as_botocore_signs(way: str, wanted: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, given = WAYS[way]
    quick, _, wire = clients(lambda _: response(), **given)
    get(quick, bucket=bucket)
    scope = wire.requests[0].headers["Authorization"].decode().split("Credential=AKID/")[1].split("/")
    for key in KEYS:
        get(quick, key, bucket, **wanted)
        ours = wire.requests[-1]
        sent = {name: value for name, value in ours.headers.items() if name != "authorization"}
        when = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, when=when: when)
        again = AWSRequest("GET", ours.url, sent)
        S3SigV4Auth(Credentials("AKID", "SECRET", "TOKEN"), "s3", scope[1]).add_auth(again)
        assert ours.headers["authorization"] == again.headers["Authorization"]


def test_it_tells_what_boto3_tells() -> None:
    quick, s3, wire = clients(lambda _: response())
    get(quick)
    ours, our_body = get(quick)
    theirs, their_body = get(s3)
    assert is_quick(wire.requests[1])
    assert our_body == their_body == b"abc"
    assert ours["ResponseMetadata"]["HTTPHeaders"] == theirs["ResponseMetadata"]["HTTPHeaders"]
    told = ours.keys() - {"ResponseMetadata"}
    assert {name: ours[name] for name in told} == {name: theirs[name] for name in told}
    assert theirs.keys() - ours.keys() <= {"AcceptRanges", "ChecksumCRC32", "ChecksumType"}


def test_a_range_is_asked_for_without_checksums_and_told_as_a_range() -> None:
    answer = OBJECT | {"Content-Range": "bytes 0-2/10"}
    quick, s3, wire = clients(lambda _: response(206, answer))
    get(quick, Range="bytes=0-2")
    ours, _ = get(quick, Range="bytes=0-2")
    theirs, _ = get(s3, Range="bytes=0-2")
    assert ours["ContentRange"] == theirs["ContentRange"] == "bytes 0-2/10"
    assert wire.requests[1].headers["range"] == "bytes=0-2"
    assert "x-amz-checksum-mode" not in wire.requests[1].headers


def test_an_absent_object_is_told_in_one_request_as_boto3_tells_it() -> None:
    def gone(number: int) -> AWSResponse:
        return response() if number == 1 else refusal(404, "NoSuchKey", {"x-amz-delete-marker": "true"})

    quick, s3, wire = clients(gone)
    get(quick)
    with pytest.raises(ClientError) as ours:
        get(quick)
    assert len(wire.requests) == 2
    with pytest.raises(ClientError) as theirs:
        get(s3)
    for said in ("Error", "ResponseMetadata"):
        assert ours.value.response[said].keys() <= theirs.value.response[said].keys()
    assert ours.value.response["Error"]["Code"] == theirs.value.response["Error"]["Code"]
    metadata = [error.value.response["ResponseMetadata"] for error in (ours, theirs)]
    assert metadata[0]["HTTPStatusCode"] == metadata[1]["HTTPStatusCode"] == 404
    assert metadata[0]["HTTPHeaders"] == metadata[1]["HTTPHeaders"]


@pytest.mark.parametrize(
    "answer",
    [
        refusal(403, "AccessDenied"), refusal(403, "InvalidObjectState"), refusal(404, "NoSuchBucket"),
        refusal(400, "ExpiredToken"), refusal(503, "SlowDown"), refusal(500, "InternalError"),
        response(200, {"ETag": '"e"'}), ConnectionClosedError(endpoint_url="x"),
    ],
)  # fmt: skip
def test_what_else_is_answered_is_asked_again_by_boto3(answer: AWSResponse | Exception) -> None:
    quick, _, wire = clients(lambda number: answer if number == 2 else response())
    get(quick)
    _, body = get(quick)
    assert body == b"abc"
    assert [is_quick(request) for request in wire.requests] == [False, True, False]


def test_what_boto3_raises_then_is_raised() -> None:
    quick, _, _ = clients(lambda number: response() if number == 1 else refusal(403, "AccessDenied"))
    get(quick)
    with pytest.raises(ClientError, match="AccessDenied"):
        get(quick)


def test_a_timeout_is_not_tried_twice() -> None:
    quick, _, wire = clients(lambda number: response() if number == 1 else ReadTimeoutError(endpoint_url="x"))
    get(quick)
    with pytest.raises(BotoCoreError):
        get(quick)
    assert len(wire.requests) == 2


def test_a_bucket_that_moved_is_found_again() -> None:
    moved = {"x-amz-bucket-region": "eu-west-1"}
    quick, _, wire = clients(
        lambda number: refusal(301, "PermanentRedirect", moved) if number in (2, 3) else response()
    )
    get(quick)
    get(quick)
    get(quick)
    assert [is_quick(request) for request in wire.requests] == [False, True, False, False, True]
    assert "s3.eu-west-1.amazonaws.com" in wire.requests[-1].url
    assert "/eu-west-1/s3/aws4_request" in wire.requests[-1].headers["authorization"]


@pytest.mark.parametrize(
    ("bucket", "given"),
    [
        ("bucket", {"config": Config(signature_version=__import__("botocore").UNSIGNED)}),
        ("arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/point", {}),
        ("arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01234567890123456/accesspoint/point", {}),
    ],
)
def test_a_way_that_is_not_plain_is_left_to_boto3(bucket: str, given: dict[str, Any]) -> None:
    quick, _, wire = clients(lambda _: response(), **given)
    get(quick, bucket=bucket)
    get(quick, bucket=bucket)
    assert [is_quick(request) for request in wire.requests] == [False, False]


def test_a_directory_buckets_session_is_left_to_boto3() -> None:
    signed = (
        "AWS4-HMAC-SHA256 Credential=AKID/20251124/us-west-2/s3express/aws4_request, SignedHeaders=host, Signature=0"
    )
    url = "https://b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com/k"
    assert route_of(AWSPreparedRequest("GET", url, {"Authorization": signed}, None, True), "k") is None


def test_renewed_credentials_are_used_at_once() -> None:
    quick, _, wire = clients(lambda _: response())
    get(quick)
    quick._credentials = Credentials("NEWID", "NEWSECRET", None)
    get(quick)
    assert "Credential=NEWID/" in wire.requests[1].headers["authorization"]
    assert "x-amz-security-token" not in wire.requests[1].headers


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return


def done() -> AWSResponse:
    return response(200, OBJECT | {"Content-Length": "0"}, b"")


class Straight:
    """Takes the place of the shortest way to S3: keeps what is sent, and answers as it is told."""

    def __init__(self, answer: Answer | None) -> None:
        self.sent: list[tuple[str, bytes, bytes]] = []
        self._answer = answer

    def exchange(self, base: str, head: bytes, body: bytes = b"") -> Answer | None:
        self.sent.append((base, head, body))
        return self._answer


def straight(answer: Answer | None) -> tuple[QuickS3, Straight, Wire]:
    quick, _, wire = clients(lambda number: done() if number == 3 else response())
    get(quick)
    way: Any = Straight(answer)
    quick._connections = way
    return quick, way, wire


@pytest.mark.parametrize("content_type", ["", "text/plain"])
def test_an_object_is_put_as_botocore_would_sign_it(content_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, way, wire = straight(Answer(200, {"etag": '"e"', "x-amz-version-id": "v"}, b""))
    for key in KEYS:
        assert quick.put("bucket", key, b"abc", content_type=content_type) == Landed('"e"', "v")
        base, head, body = way.sent[-1]
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        sent = dict(line.split(": ", 1) for line in lines)
        assert body == b"abc" and sent["content-length"] == "3"
        assert sent["x-amz-checksum-sha256"] == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        signed = {
            name: value for name, value in sent.items() if name not in ("authorization", "content-length", "host")
        }
        when = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, when=when: when)
        url = base + first.split(" ")[1].removeprefix("/")
        again = AWSRequest("PUT", url, signed, b"abc")
        S3SigV4Auth(Credentials("AKID", "SECRET", "TOKEN"), "s3", "eu-central-1").add_auth(again)
        assert sent["authorization"] == again.headers["Authorization"]
    assert len(wire.requests) == 1  # the one that the route was learned from


def test_a_small_object_is_read_on_the_shortest_way() -> None:
    quick, way, wire = straight(Answer(200, {}, b"bytes"))
    assert quick.read("bucket", "a b", "v+1") == b"bytes"
    assert way.sent[0][1].startswith(
        b"GET /a%20b?versionId=v%2B1 HTTP/1.1\r\nhost: bucket.s3.eu-central-1.amazonaws.com\r\n"
    )
    assert len(wire.requests) == 1


@pytest.mark.parametrize("answer", [None, Answer(503, {}, b""), Answer(307, {}, b""), Answer(403, {}, b"")])
def test_what_the_shortest_way_does_not_settle_goes_through_boto3(answer: Answer | None) -> None:
    quick, _, wire = straight(answer)
    assert quick.read("bucket", "a") == b"abc"
    assert quick.put("bucket", "a", b"xyz") == Landed('"e"', "v")
    put = wire.requests[-1]
    assert not is_quick(put) and put.method == "PUT"
    checksum = put.headers["x-amz-checksum-sha256"]
    assert (checksum.decode() if isinstance(checksum, bytes) else checksum) == b64encode(
        sha256(b"xyz").digest()
    ).decode()


def test_the_route_to_a_bucket_is_learned_from_a_put_too() -> None:
    quick, _, wire = clients(lambda number: done() if number == 1 else response())
    quick.put("bucket", "a", b"x")
    get(quick)
    assert [is_quick(request) for request in wire.requests] == [False, True]
