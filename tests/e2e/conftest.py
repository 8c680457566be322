"""A local stack for all tests of built functions, with the bucket of the samples connected."""

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from opensearchpy import OpenSearch

import parts
from bucketdex.control import Bucket, ControlTable
from bucketdex.index.generations import KINDS, ensure
from bucketdex.local import stack
from e2e.lake import BUCKET, Lake


@pytest.fixture(scope="session")
def state(tmp_path_factory) -> Iterator[stack.State]:
    home = tmp_path_factory.mktemp("stack")
    try:
        yield stack.up(home, parts.ROOT / "template.yaml", bridge=not parts.missing("docker"))
    finally:
        stack.down(home, purge=True)


@pytest.fixture(scope="session")
def lake(state) -> Lake:
    """The bucket, connected without a notification: only the function under test hears of its changes."""
    variables = stack.environment(state)
    session = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], None, variables["AWS_REGION"]
    )
    s3, sqs, dynamodb = (session.client(name, endpoint_url=state.edge_url) for name in ("s3", "sqs", "dynamodb"))
    control = ControlTable(dynamodb, state.deployment.tables["ControlTable"])
    opensearch = OpenSearch(state.opensearch_url)

    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for kind in KINDS:
        ensure(opensearch, control, kind)
    control.add_bucket(Bucket(BUCKET, datetime.now(UTC)))
    return Lake(state, s3, sqs, dynamodb, opensearch, control)
