"""A registry in a real OpenSearch and an emulated S3, and the code that indexes it, told of changes by hand."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opensearchpy import OpenSearch

from bucketdex.changes import ObjectChange
from bucketdex.changes.hint import fold
from bucketdex.changes.outcome import Outcome, Tally
from bucketdex.control import Bucket, ControlTable
from bucketdex.index.generations import PACKAGES, ensure, entries_of
from bucketdex.index.ids import object_id
from bucketdex.manifest.layout import manifest_key
from bucketdex.packages.edges import Edges
from bucketdex.packages.reconcile import reconcile
from emulated import Aws


@dataclass
class Registry:
    """A connected bucket with packages, and the code that indexes them, told of changes by hand."""

    bucket: str
    index: OpenSearch
    control: ControlTable
    s3: Any
    aws: Aws
    sent: list[ObjectChange] = field(default_factory=list)
    ahead_of_time: timedelta = timedelta()
    remaining: float = 300.0

    @property
    def edges(self) -> Edges:
        return Edges(
            self.control, self.index, self.s3, self.sent.extend, lambda: datetime.now(UTC) + self.ahead_of_time,
            lambda: self.remaining, sleep=lambda _: None,
        )  # fmt: skip

    def tell(self, *keys: str, rounds: int = 20) -> dict[str, Outcome]:
        """Handle changes of these keys, and then all that this tells itself."""
        changes = [ObjectChange(self.bucket, key, "s3", "put") for key in keys]
        outcomes: dict[str, Outcome] = {}
        for _ in range(rounds):
            found = reconcile(self.edges, fold(changes).values(), Tally())
            outcomes |= {key: outcome for (_, key), outcome in found.items()}
            changes, self.sent = self.sent, []
            if not changes:
                return outcomes
        assert rounds < 20, "it never comes to rest"
        return outcomes

    def document(self, key: str) -> dict[str, Any]:
        [generation] = self.control.generations(PACKAGES)
        found = self.index.get(index=generation.index, id=object_id(self.bucket, key), params={"ignore": 404})
        return found.get("_source", {})

    def entries(self, top_hash: str) -> dict[str, dict[str, Any]]:
        [generation] = self.control.generations(PACKAGES)
        index = entries_of(generation.index)
        self.index.indices.refresh(index=index)
        terms = [{"term": {"bucket": self.bucket}}, {"term": {"top_hash": top_hash}}]
        hits = self.index.search(index=index, body={"query": {"bool": {"filter": terms}}, "size": 10_000})["hits"][
            "hits"
        ]
        return {it["_source"]["logical_key"]: it["_source"] for it in hits}

    def state(self, top_hash: str) -> str:
        return self.document(manifest_key(top_hash))["entry_state"].get("state", "none")


@pytest.fixture(scope="module")
def control(aws: Aws, index: OpenSearch) -> ControlTable:
    dynamodb, name = aws.client("dynamodb"), f"control-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    table = ControlTable(dynamodb, name)
    ensure(index, table, PACKAGES)
    return table


@pytest.fixture
def registry(aws: Aws, index: OpenSearch, control: ControlTable) -> Iterator[Registry]:
    name = f"registry-{uuid.uuid4().hex[:12]}"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    control.add_bucket(Bucket(name, datetime.now(UTC)))
    yield Registry(name, index, control, s3, aws)
    aws.fail()
