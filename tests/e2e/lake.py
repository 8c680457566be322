"""The bucket that the samples in `events/` speak of, and what the index says of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch

import packages
import parts
from bucketdex.changes import parse_message
from bucketdex.check.agreement import kind_of
from bucketdex.control import ControlTable
from bucketdex.index.ids import object_id
from bucketdex.local import stack

EVENTS = parts.ROOT / "events"
SEARCH = EVENTS / "search.json"  # the one sample that is not a batch from a queue
PACKAGES = EVENTS / "package-events.json"  # the one that is for IndexPackages
SAMPLES = sorted(set(EVENTS.glob("*.json")) - {SEARCH, PACKAGES})
BUCKET = "example-bucket"
HANDLE = "lab/plates"  # of the package that the sample names
GONE = ("removed", "deleted", "delete", "expired")  # parts of the names of samples that tell of a deletion


@dataclass(frozen=True)
class Lake:
    """The bucket of the samples, and the index."""

    state: stack.State
    s3: Any
    sqs: Any
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
