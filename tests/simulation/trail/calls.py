"""Who calls S3, and the record that each call leaves, in the form that CloudTrail publishes."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulation.model_s3 import NULL, Name, Version
from simulation.schedule import Schedule

ACCOUNT = "123456789012"
REGION = "us-east-1"
OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/bucketdex-IndexObjectsRole"
BETWEEN_HOSTS = 0.8  # seconds by which the clocks of S3's hosts, each of which dates its own records, differ at most
Record = dict[str, Any]
Reader = tuple[str | None, ...]


@dataclass(frozen=True)
class Principal:
    """Somebody who calls; `type`, `name` and `session` are what the index may say of them."""

    type: str
    name: str
    session: str | None
    identity: dict[str, Any]

    def shown(self, identities: str) -> dict[str, str] | None:
        """Return the author as documents have it under this setting, None if they have none."""
        if identities == "none":
            return None
        told = {"type": self.type, "name": self.name}
        return told | {"session": self.session} if self.session and identities == "full" else told


def _user(name: str, account: str = ACCOUNT) -> Principal:
    told = {"type": "IAMUser", "principalId": f"AIDA{name.upper()}", "arn": f"arn:aws:iam::{account}:user/{name}",
            "accountId": account, "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": name}  # fmt: skip
    return Principal("IAMUser", name, None, told)


def _role(name: str, session: str, arn: str = "") -> Principal:
    issuer = {"type": "Role", "principalId": f"AROA{name.upper()}", "arn": arn or f"arn:aws:iam::{ACCOUNT}:role/{name}",
              "accountId": ACCOUNT, "userName": name}  # fmt: skip
    attributes = {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"}
    told = {"type": "AssumedRole", "principalId": f"AROA{name.upper()}:{session}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}", "accountId": ACCOUNT,
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {"sessionIssuer": issuer, "attributes": attributes}}  # fmt: skip
    return Principal("AssumedRole", name, session, told)


PRINCIPALS = (_user("alice"), _user("bob"), _role("Loader", "run-1"), _role("Loader", "run-2"), _role("Cleaner", "x"))
OWN = _role("bucketdex-IndexObjectsRole", "bucketdex-IndexObjects", OWN_ROLE)
MAKING = ("PutObject", "PutObject", "CopyObject", "CompleteMultipartUpload")
READING = ("GetObject", "GetObject", "GetObject", "HeadObject", "GetObjectTagging")


class Calls:
    """The calls of a world: each is noted with who made it, and leaves its record.

    `authors` is the truth about each version that has an id of its own: who made it, and when by its record.
    """

    def __init__(self, schedule: Schedule, rng: random.Random, skew: float, leave: Callable[[Record], object]) -> None:
        self.authors: dict[tuple[Name, str], tuple[Principal, str]] = {}
        self._schedule, self._rng, self._leave = schedule, rng, leave
        self._skew = rng.uniform(-skew, skew)
        self._number = 0

    def made(self, name: Name, version: Version) -> None:
        """Somebody has written a version, in one of the ways there are."""
        event = self._rng.choice(MAKING)
        if event == "CompleteMultipartUpload":  # whose parts changed nothing, and were recorded too
            self._call("UploadPart", name, {"partNumber": "1", "uploadId": "u"}, None)
        more = {"x-amz-copy-source": "elsewhere/k"} if event == "CopyObject" else {}
        self._making(event, name, version, more)

    def deleted(self, name: Name, marker: Version | None) -> None:
        """Somebody has deleted a key, which made a marker, or a version that is None."""
        if marker:
            self._making("DeleteObject", name, marker, {}, {"x-amz-delete-marker": "true"})
        else:
            self._call("DeleteObject", name, {}, None)

    def deleted_version(self, name: Name, version: Version) -> None:
        """Somebody has deleted one version for good."""
        marker = {} if version.content else {"x-amz-delete-marker": "true"}
        self._call("DeleteObject", name, {"versionId": version.id}, marker | {"x-amz-version-id": version.id})

    def tagged(self, name: Name, version: Version) -> None:
        """Somebody has changed the tags of a version."""
        event = "PutObjectTagging" if version.tags else "DeleteObjectTagging"
        self._call(event, name, {"tagging": ""}, {"x-amz-version-id": version.id})

    def restored(self, name: Name, version: Version) -> None:
        """Somebody has restored a version."""
        self._call("RestoreObject", name, {"restore": ""}, {"x-amz-version-id": version.id})

    def swept(self, bucket: str) -> None:
        """Somebody has deleted several keys, which the record does not name."""
        self._call("DeleteObjects", (bucket, ""), {"delete": ""}, None)

    def read(self, name: Name) -> None:
        """Somebody has read a key."""
        self._call(self._rng.choice(READING), name, {}, None, read_only=True)

    def read_by_us(self, name: Name) -> None:
        """One of our own functions has read a key."""
        self._call("GetObject", name, {}, None, who=OWN, read_only=True)

    def failed(self, name: Name) -> None:
        """Somebody was refused."""
        event = self._rng.choice(("PutObject", "DeleteObject", "GetObject", "DeleteObjects"))
        self._call(event, name, {}, None, error="AccessDenied")

    def _making(self, event: str, name: Name, version: Version, *told: dict[str, Any]) -> None:
        parameters, answer = told[0], told[1] if len(told) > 1 else {}
        record = self._call(event, name, parameters, answer | {"x-amz-version-id": version.id}, made=version)
        if version.id != NULL:
            self.authors[name, version.id] = (record[0], record[1]["eventTime"])

    def _call(
        self,
        event: str,
        name: Name,
        parameters: dict[str, Any],
        answer: dict[str, Any] | None,
        *,
        who: Principal | None = None,
        made: Version | None = None,
        error: str = "",
        read_only: bool = False,
    ) -> tuple[Principal, Record]:
        rng, (bucket, key) = self._rng, name
        who = who or rng.choice(PRINCIPALS)
        self._number += 1
        if made is None and answer and answer.get("x-amz-version-id") == NULL and rng.random() < 0.5:
            answer = None  # as in a bucket that never had versions
        asked = {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com"} | ({"key": key} if key else {})
        record = {
            "eventVersion": "1.11",
            "userIdentity": who.identity,
            "eventTime": self._time(),
            "eventSource": "s3.amazonaws.com",
            "eventName": event,
            "awsRegion": REGION,
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "[aws-cli/2.31]",
            **({"errorCode": error, "errorMessage": "Access Denied"} if error else {}),
            "requestParameters": asked | parameters,
            "responseElements": answer,
            "additionalEventData": {"SignatureVersion": "SigV4", "bytesTransferredOut": 0.0},
            "requestID": f"R{self._number:015X}",
            "eventID": f"00000000-0000-4000-8000-{self._number:012x}",
            "readOnly": read_only,
            "resources": [
                {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
                {"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}", "accountId": ACCOUNT},
            ],
            "eventType": "AwsApiCall",
            "managementEvent": False,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Data",
        }
        self._leave(record)
        return who, record

    def _time(self) -> str:
        skew = self._skew + self._rng.uniform(-BETWEEN_HOSTS, BETWEEN_HOSTS) / 2
        skewed = self._schedule.clock() + timedelta(seconds=skew)
        return f"{skewed:%Y-%m-%dT%H:%M:%SZ}"
