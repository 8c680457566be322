"""`GetObject` at a third of its cost, for the case that matters: the object is there, or is not.

boto3 spends some 0.75 ms of CPU on a small `GetObject`, most of it in signing, hooks and a parser that looks for forty
headers. Here the same request is signed in 5 us, sent over boto3's own HTTP session (so its timeouts, certificates,
proxies and connections), and the headers that a document is made of are read.

All else stays boto3's. It makes the first request to each bucket, and from that request this client learns the route:
scheme, host, style of address, region. Whatever is not the object or a plain `NoSuchKey` is asked again through boto3,
which follows redirects, retries, and raises what it always raises. So nothing here needs to know S3's errors.
"""

import hashlib
import hmac
import re
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.response import StreamingBody

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_BODY = hashlib.sha256(b"").hexdigest()
UNRESERVED = "/~"  # what a key keeps in a URL besides letters, digits and `-._`; as in botocore
CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request,")
METADATA = "x-amz-meta-"
# Header of the answer -> the name that boto3 gives it. All that a document is made of.
STRINGS = {
    "etag": "ETag", "x-amz-version-id": "VersionId", "content-type": "ContentType", "content-range": "ContentRange",
    "content-encoding": "ContentEncoding", "x-amz-storage-class": "StorageClass",
    "x-amz-server-side-encryption": "ServerSideEncryption", "x-amz-restore": "Restore",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
}  # fmt: skip
NUMBERS = {"content-length": "ContentLength", "x-amz-tagging-count": "TagCount"}


class Route(msgspec.Struct, frozen=True):
    """How a bucket is reached: `base` is the URL before the key, `path` its path, `host` as it is signed."""

    base: str
    host: str
    path: str
    region: str
    agent: str


class QuickS3:
    """An S3 client whose `get_object` is quick; what else is asked of it, boto3's client does."""

    def __init__(self, s3: "S3Client", credentials: Any) -> None:
        self._s3 = s3
        self._credentials = credentials
        # The one private name that is used of botocore. Without it, or without credentials, everything is boto3's.
        self._session: Any = getattr(getattr(s3, "_endpoint", None), "http_session", None)
        self._routes: dict[str, Route] = {}
        self._keys: dict[tuple[str, str, str], bytes] = {}  # (secret, day, region) -> signing key; the latest few
        self._sent = threading.local()
        s3.meta.events.register("before-send.s3.GetObject", self._remember)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, *, Bucket: str, Key: str, **wanted: str) -> dict[str, Any]:  # noqa: N803, boto3's names
        """Return what boto3 returns, as far as a document is made of it; raises what boto3 raises."""
        route = self._routes.get(Bucket)
        if route and wanted.keys() <= {"Range"}:
            try:
                answer = self._get(route, Key, wanted.get("Range"))
            except (ConnectTimeoutError, ReadTimeoutError):  # time was lost; the caller has other keys to look at
                raise
            except BotoCoreError:  # mostly a connection that S3 closed just as we took it from the pool
                answer = None
            if answer is not None:
                return answer
        self._sent.request = None
        told: dict[str, Any] = dict(self._s3.get_object(Bucket=Bucket, Key=Key, **wanted))  # type: ignore[arg-type]
        learned = _route(self._sent.request, Key)
        if learned and self._session and self._credentials:
            self._routes[Bucket] = learned
        return told

    def _remember(self, request: AWSPreparedRequest, **_: Any) -> None:
        self._sent.request = request

    def _get(self, route: Route, key: str, span: str | None) -> dict[str, Any] | None:
        quoted = quote(key, safe=UNRESERVED)
        headers = self._signed(route, quoted, span)
        request = AWSPreparedRequest("GET", route.base + quoted, headers, None, True)  # type: ignore[arg-type]
        response = self._session.send(request)
        if response.status_code in (200, 206):
            if "content-length" in response.headers:
                return _answer(response)
            response.raw.close()  # not S3's way to answer: who knows how much there is
        # What is said of an error is read to its end, so that the connection can serve again.
        elif b"<Code>NoSuchKey</Code>" in response.content and response.status_code == 404:
            raise ClientError(_gone(response), "GetObject")  # type: ignore[arg-type]
        return None

    def _signed(self, route: Route, quoted: str, span: str | None) -> dict[str, str]:
        """Return the headers of the request, signed as Signature Version 4 has it."""
        current = self._credentials.get_frozen_credentials()
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{now[:8]}/{route.region}/s3/aws4_request"
        # A range has no checksum of the object to ask for.
        headers = {"range": span} if span else {"x-amz-checksum-mode": "ENABLED"}
        headers |= {"x-amz-content-sha256": NO_BODY, "x-amz-date": now}
        if current.token:
            headers["x-amz-security-token"] = current.token
        signed = {"host": route.host, **headers}  # in the order of their names
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        request = f"GET\n{route.path}{quoted}\n\n{lines}\n{names}\n{NO_BODY}"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key(current.secret_key, now[:8], route.region), to_sign.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={current.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        headers["user-agent"] = route.agent
        return headers

    def _key(self, secret: str, day: str, region: str) -> bytes:
        known = self._keys.get((secret, day, region))
        if known is None:
            known = f"AWS4{secret}".encode()
            for part in (day, region, "s3", "aws4_request"):
                known = hmac.digest(known, part.encode(), "sha256")
            if len(self._keys) > 8:  # yesterday's, and those of credentials that have expired
                self._keys.clear()
            self._keys[secret, day, region] = known
        return known


def _route(request: AWSPreparedRequest | None, key: str) -> Route | None:
    """Return the route that boto3 took, or None where it is not a plain signed request for the key."""
    if request is None:
        return None
    quoted = quote(key, safe=UNRESERVED)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    scope = CREDENTIAL.match(headers.get("authorization", ""))
    if not scope or not request.url.endswith(f"/{quoted}"):
        return None
    base = request.url.removesuffix(quoted)
    parts = urlsplit(base)
    port = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.netloc.removesuffix(f":{port}").lower()
    return Route(base, host, parts.path, scope[1], headers.get("user-agent", "Boto3"))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _answer(response: AWSResponse) -> dict[str, Any]:
    headers: dict[str, str] = {}
    answer: dict[str, Any] = {"Metadata": {}}
    for sent, value in response.headers.items():
        name = sent.lower()
        headers[name] = value
        if name in STRINGS:
            answer[STRINGS[name]] = value
        elif name in NUMBERS:
            answer[NUMBERS[name]] = int(value)
        elif name.startswith(METADATA):
            answer["Metadata"][sent[len(METADATA) :]] = value
    if modified := headers.get("last-modified"):
        answer["LastModified"] = parsedate_to_datetime(modified)
    answer["ResponseMetadata"] = {"HTTPStatusCode": response.status_code, "HTTPHeaders": headers}
    answer["Body"] = StreamingBody(response.raw, answer["ContentLength"])
    return answer


def _gone(response: AWSResponse) -> dict[str, Any]:
    return {
        "Error": {"Code": "NoSuchKey", "Message": "The specified key does not exist."},
        "ResponseMetadata": {"HTTPStatusCode": 404, "HTTPHeaders": {n.lower(): v for n, v in response.headers.items()}},
    }
