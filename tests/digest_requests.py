"""Requests for digests, handled by the code of `hash_objects` on the emulated S3 and DynamoDB."""

import itertools
from datetime import UTC, datetime
from typing import Any

from bucketdex.aws.quick_s3 import QuickS3
from bucketdex.changes import Fact
from bucketdex.changes.hint import Hint
from bucketdex.changes.outcome import Outcome, Tally
from bucketdex.control import Bucket, ControlTable
from bucketdex.digests.edges import Edges
from bucketdex.digests.ledger import Ledger
from bucketdex.digests.ranges import Steps
from bucketdex.digests.requests import Requests, hash_requests
from emulated import Aws

numbers = itertools.count()


class World:
    """A bucket, a table, and what came of requests."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.s3, self.dynamodb = aws, aws.client("s3"), aws.client("dynamodb")
        self.bucket, self.table = f"digests-{next(numbers)}", f"control-{next(numbers)}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.versions("Enabled")
        keys = [{"AttributeName": name, "KeyType": kind} for name, kind in (("pk", "HASH"), ("sk", "RANGE"))]
        types = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
        self.dynamodb.create_table(
            TableName=self.table, KeySchema=keys, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
        )
        self.control = ControlTable(self.dynamodb, self.table)
        self.control.add_bucket(Bucket(self.bucket, datetime.now(UTC)))
        self.facts: list[Fact] = []
        self.executions: dict[str, str] = {}
        self.now, self.left = 1_000_000.0, 900.0
        credentials = self.s3._request_signer._credentials
        self.edges = Edges(
            s3=QuickS3(self.s3, credentials),
            ledger=Ledger(self.dynamodb, self.table, lambda: self.now),
            tell=lambda changes: self.facts.extend(fact for it in changes for fact in it.facts),
            remaining=lambda: self.left,
            now=lambda: self.now,
            sleep=lambda _: None,
            threads=4,
        )

    def versions(self, status: str) -> None:
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": status})

    def put(self, key: str, body: bytes, **more: Any) -> Hint:
        """Put an object, and return the request for its digest."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **more)
        return self.hint(key, len(body))

    def upload(self, key: str, body: bytes, part: int, **more: Any) -> Hint:
        """Put an object in parts of so many bytes, and return the request for its digest."""
        name: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        name["UploadId"] = self.s3.create_multipart_upload(**name, **more)["UploadId"]
        parts = []
        for number, start in enumerate(range(0, len(body), part), 1):
            told = self.s3.upload_part(**name, PartNumber=number, Body=body[start : start + part], **more)
            sums = {field: it for field, it in told.items() if field.startswith("Checksum")}
            parts.append({"PartNumber": number, "ETag": told["ETag"]} | sums)
        self.s3.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
        return self.hint(key, len(body))

    def hint(self, key: str, size: int) -> Hint:
        """Return the request for the digest of an object that is there."""
        found = self.s3.head_object(Bucket=self.bucket, Key=key)
        return Hint(self.bucket, key, size, found.get("VersionId"), found["ETag"].strip('"'))

    def outcome(self, hint: Hint, *, start: Any = None, whole_bytes: int = 0, range_bytes: int = 0) -> Outcome:
        given = Requests(self.edges, self.control, start or self._start, whole_bytes, range_bytes)
        return hash_requests(given, [hint], Tally())[hint.bucket, hint.key]

    def ask(self, hint: Hint, **more: Any) -> str:
        found = self.outcome(hint, **more)
        if found.error:
            raise found.error
        return found.state

    def steps(self, sqs: Any = None, dead_letters_url: str = "") -> Steps:
        """Return what the steps of an execution need."""
        return Steps(self.edges, self.control, sqs, dead_letters_url)

    def _start(self, name: str, given: str) -> bool:
        self.executions[name] = given
        return True

    def reads(self, key: str = "k") -> int:
        """Return how many bytes of an object were read."""
        told = self.aws.requests()
        of_it = [it for it in told if it["path"] == f"/{self.bucket}/{key}" and it["part"] is None]
        return sum(it["bytes"] for it in of_it if it["method"] == "GET")

    def fail(self, key: str = "k", **fault: Any) -> None:
        self.aws.fail({"method": "GET", "path": f"/{self.bucket}/{key}"} | fault)


def values(fact: Fact, origin: str = "computed") -> dict[str, str]:
    return {one.type: one.value for one in fact.checksums if one.origin == origin}
