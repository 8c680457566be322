"""The bucket that the samples in `events/` speak of, and what the index says of it."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from opensearchpy import OpenSearch

import packages
import parts
from bucketdex.changes import parse_message
from bucketdex.check.agreement import kind_of
from bucketdex.control import ControlTable
from bucketdex.digests.ledger import Result
from bucketdex.index.ids import object_id
from bucketdex.local import stack

EVENTS = parts.ROOT / "events"
SEARCH = EVENTS / "search.json"  # no batch from a queue, nor is the next
CATALOG = EVENTS / "catalog.json"
PACKAGES = EVENTS / "package-events.json"  # for IndexPackages
HASH_REQUESTS = EVENTS / "hash-requests.json"  # for HashObjects
RANGE = EVENTS / "hash-range.json"  # for HashRanges, no batch either
TRAIL_FILE = EVENTS / "trail-file.json"  # for ReadTrail: it tells of a file
TRAIL_LOG = EVENTS / "trail-log.json"  # what that file holds
TRAIL_LOG_BAD = EVENTS / "trail-log-bad.json"  # another, some of whose records cannot be read
TRAIL_RECORD = EVENTS / "trail-record.json"  # for ReadTrail too
CHECK = EVENTS / "check-buckets.json"  # for CheckBuckets, of a schedule
OF_TRAILS = {TRAIL_FILE, TRAIL_LOG, TRAIL_LOG_BAD, TRAIL_RECORD, CHECK}
SAMPLES = sorted(set(EVENTS.glob("*.json")) - {SEARCH, CATALOG, PACKAGES, HASH_REQUESTS, RANGE} - OF_TRAILS)
BUCKET = "example-bucket"
SLIDE = "plates/slide.tif"  # what is to be hashed
HANDLE = "lab/plates"  # of the package that the sample names
GONE = ("removed", "deleted", "delete", "expired")  # parts of the names of samples that tell of a deletion


@dataclass(frozen=True)
class Lake:
    """The bucket of the samples, and the index."""

    state: stack.State
    s3: Any
    sqs: Any
    dynamodb: Any
    opensearch: OpenSearch
    control: ControlTable

    def arrange(self, sample: Path) -> tuple[dict[str, Any], set[str]]:
        """Put the keys that a sample names into the state that it tells of; return it as sent here, and the keys."""
        event = json.loads(sample.read_text())
        keys = set()
        for record in event["Records"]:
            record["eventSourceARN"] = self.queue("ObjectEvents").arn
            keys |= keys_in(record["body"])
        for key in keys:
            if set(sample.stem.split("-")) & set(GONE):
                self.s3.delete_object(Bucket=BUCKET, Key=key)
            else:
                self.s3.put_object(Bucket=BUCKET, Key=key, Body=b"plate,well\n1,A1\n", ContentType="text/csv")
        return event, keys

    def publish(self) -> tuple[str, str]:
        """Put the package that a sample names; return the keys of its pointer and its manifest."""
        entries = [packages.entry(BUCKET, f"well{number}.tif", meta={"well": number}) for number in range(3)]
        top_hash, content = packages.manifest(entries, message="Plates", user_meta={"campaign": "aurora"})
        manifest = packages.put(self.s3, BUCKET, top_hash, content)
        return packages.point(self.s3, BUCKET, HANDLE, top_hash), manifest

    def put_slide(self) -> bytes:
        """Put the object that the samples of hashing name, without a version as they say; return its bytes."""
        data = b"bucketdex" * 1024 * 1024
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
        self.s3.put_object(Bucket=BUCKET, Key=SLIDE, Body=data, ContentType="image/tiff")
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        return data

    def deliver(self, log: Path) -> dict[str, Any]:
        """Deliver a log file of CloudTrail, packed, as the sample tells of it; return that as sent here."""
        event: dict[str, Any] = json.loads(TRAIL_FILE.read_text())
        [record] = event["Records"]
        record["eventSourceARN"] = self.queue("TrailFiles").arn
        [told] = json.loads(record["body"])["Records"]
        bucket, key = told["s3"]["bucket"]["name"], told["s3"]["object"]["key"]
        self.s3.create_bucket(Bucket=bucket)
        self.s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(log.read_bytes()))
        return event

    def result(self) -> Result:
        """Return what the ledger has of the object that is to be hashed."""
        found = self.dynamodb.scan(TableName=self.state.deployment.tables["ControlTable"])["Items"]
        (result,) = [it["result"]["S"] for it in found if "result" in it]
        return msgspec.json.decode(result, type=Result)

    def forget_result(self) -> None:
        """Empty the ledger, so that the object is read again."""
        table = self.state.deployment.tables["ControlTable"]
        for item in self.dynamodb.scan(TableName=table)["Items"]:
            if item["pk"]["S"].startswith("digest#"):
                self.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})

    def exists(self, key: str) -> bool:
        """Whether S3 has the key now."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents", [])
        return key in [it["Key"] for it in found]

    def document(self, key: str) -> dict[str, Any] | None:
        """Return what the index has of the key."""
        (generation,) = self.control.generations(kind_of(key))
        found = self.opensearch.mget(index=generation.index, body={"ids": [object_id(BUCKET, key)]})["docs"][0]
        return found["_source"] if found["found"] else None

    def forget(self, key: str) -> None:
        """Take the key out of the index."""
        (generation,) = self.control.generations(kind_of(key))
        self.opensearch.delete(index=generation.index, id=object_id(BUCKET, key), params={"ignore": 404})

    def queue(self, logical_id: str) -> Any:
        """Return a queue of the template."""
        assert self.state.deployment
        return next(it for it in self.state.deployment.queues if it.logical_id == logical_id)


def keys_in(body: str) -> set[str]:
    """Return the keys that the body of a message names."""
    try:
        return {change.key for change in parse_message(body).changes}
    except Exception:
        return set()  # what is wrong with it is what some samples are about
