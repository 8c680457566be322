"""The records of CloudTrail for what the emulated S3 answered, in the published format; keys are as they are.

Who asked is told by the access key: a role of the stack's functions under its name, anybody else as a user of the name.
"""

import base64
import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from bucketdex.local.aws import ACCOUNT, REGION
from bucketdex.local.edge.calls import Call

VERSION = "1.11"  # of the format
CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/[^/]+/([^/]+)/")  # SigV4: access key, service
OLD_CREDENTIAL = re.compile(r"AWS ([^:\s]+):")  # SigV2, which S3 and few others take
SERVICE = "cloudtrail.amazonaws.com"  # the access key of whoever delivers the log files
SECRET = frozenset({"x-amz-credential", "x-amz-security-token", "x-amz-signature", "signature", "awsaccesskeyid"})
# Headers that are told: of a request among its parameters, of an answer where it changed something.
ASKED = (
    "x-amz-acl", "x-amz-bypass-governance-retention", "x-amz-copy-source", "x-amz-metadata-directive",
    "x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-tagging-directive", "x-amz-website-redirect-location",
)  # fmt: skip
ANSWERED = (
    "x-amz-copy-source-version-id", "x-amz-delete-marker", "x-amz-expiration", "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class", "x-amz-version-id",
)  # fmt: skip
CODE, MESSAGE = re.compile(rb"<Code>([^<]*)</Code>"), re.compile(rb"<Message>([^<]*)</Message>")
BODILESS = {403: "AccessDenied", 404: "NoSuchKey", 405: "MethodNotAllowed", 412: "PreconditionFailed"}  # of HEAD


class Asked(NamedTuple):
    """Who asked: the access key (None: nobody signed), the service it was meant for, and how it was signed."""

    access_key: str | None
    service: str
    additional: dict[str, str]


class Answer(NamedTuple):
    """What S3 said: status, headers by lower-case name, and the body of a refusal."""

    status: int
    headers: Mapping[str, str]
    refusal: bytes


def asked_by(environ: dict[str, Any]) -> Asked:
    """Return whose request it is by what it says, which the emulated AWS believes too."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    if found := CREDENTIAL.search(header):
        return Asked(found[1], found[2], {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader"})
    if found := OLD_CREDENTIAL.match(header):
        return Asked(found[1], "s3", {"SignatureVersion": "SigV2", "AuthenticationMethod": "AuthHeader"})
    query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    if found := CREDENTIAL.match(f"Credential={query.get('X-Amz-Credential', '')}/"):
        return Asked(found[1], found[2], {"SignatureVersion": "SigV4", "AuthenticationMethod": "QueryString"})
    if key := query.get("AWSAccessKeyId"):
        return Asked(key, "s3", {"SignatureVersion": "SigV2", "AuthenticationMethod": "QueryString"})
    return Asked(None, "s3", {})


def record(
    call: Call, asked: Asked, environ: dict[str, Any], answer: Answer, roles: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return the record of a call that was answered `now`; `roles` are ARNs by name."""
    failed = failure(answer)
    elements = {name: value for name in ANSWERED if (value := answer.headers.get(name)) is not None}
    return {
        "eventVersion": VERSION,
        "userIdentity": identity(asked.access_key, roles, now),
        "eventTime": moment(now),
        "eventSource": "s3.amazonaws.com",
        "eventName": call.name,
        "awsRegion": REGION,
        "sourceIPAddress": SERVICE if asked.access_key == SERVICE else environ.get("REMOTE_ADDR", ""),
        "userAgent": SERVICE if asked.access_key == SERVICE else f"[{environ.get('HTTP_USER_AGENT', '')}]",
        **failed,
        "requestParameters": parameters(call, environ),
        "responseElements": None if call.reads or failed or not elements else elements,
        "additionalEventData": asked.additional
        | {
            "bytesTransferredIn": _number(environ.get("CONTENT_LENGTH")),
            "bytesTransferredOut": _number(answer.headers.get("content-length")),
            "x-amz-id-2": base64.b64encode(uuid.uuid4().bytes * 3).decode(),
        },
        "requestID": answer.headers.get("x-amz-request-id") or uuid.uuid4().hex[:16].upper(),
        "eventID": str(uuid.uuid4()),
        "readOnly": call.reads,
        "resources": list(resources(call)),
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data",
    }


def failure(answer: Answer) -> dict[str, str]:
    """Return the error that was answered, nothing where none was."""
    if answer.status < 400:
        return {}
    code, message = CODE.search(answer.refusal), MESSAGE.search(answer.refusal)
    named = code[1].decode() if code else BODILESS.get(answer.status, str(answer.status))
    return {"errorCode": named, "errorMessage": message[1].decode() if message else named}


def parameters(call: Call, environ: dict[str, Any]) -> dict[str, str]:
    """Return what was asked for, under CloudTrail's names: those of the query, of headers, and three of its own."""
    headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}") for name in ASKED}
    return (
        {"bucketName": call.bucket, "Host": environ.get("HTTP_HOST", "")}
        | ({"key": call.key} if call.key else {})
        | {name: value for name, value in call.query.items() if name.lower() not in SECRET}
        | {name: value for name, value in headers.items() if value is not None}
    )


def identity(access_key: str | None, roles: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return who asked, in the form that CloudTrail has for a role, a service of AWS, a user, or nobody known."""
    if access_key is None:
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    if access_key == SERVICE:
        return {"type": "AWSService", "invokedBy": SERVICE}
    if access_key not in roles:
        return {
            "type": "IAMUser",
            "principalId": _id("AIDA", access_key),
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{access_key}",
            "accountId": ACCOUNT,
            "accessKeyId": access_key,
            "userName": access_key,
        }
    issuer = _id("AROA", access_key)
    return {
        "type": "AssumedRole",
        "principalId": f"{issuer}:local",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{access_key}/local",
        "accountId": ACCOUNT,
        "accessKeyId": access_key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": issuer,
                "arn": roles[access_key],
                "accountId": ACCOUNT,
                "userName": access_key,
            },
            "attributes": {"creationDate": moment(now), "mfaAuthenticated": "false"},
        },
    }


def resources(call: Call) -> Iterable[dict[str, str]]:
    """Yield the object, or the keys that may have been meant, and the bucket."""
    bucket = f"arn:aws:s3:::{call.bucket}"
    if call.key:
        yield {"type": "AWS::S3::Object", "ARN": f"{bucket}/{call.key}"}
    elif call.name != "HeadBucket":
        yield {"type": "AWS::S3::Object", "ARNPrefix": f"{bucket}/{call.query.get('prefix', '')}"}
    yield {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": bucket}


def moment(time: datetime) -> str:
    """Return a time as CloudTrail has it: whole seconds, UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _id(kind: str, name: str) -> str:
    """Return IAM's id of a user or role, always the same for a name."""
    return kind + base64.b32encode(hashlib.blake2b(name.encode(), digest_size=15).digest()).decode()[:17]


def _number(length: str | None) -> int:
    return int(length) if length and length.isdecimal() else 0
