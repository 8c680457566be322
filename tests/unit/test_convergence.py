"""When nothing is left to do the index equals the buckets, whatever happened on the way. `make simulate` runs more."""

import pytest

from simulation.run import Summary, run_world, simulate

SEED = 1
DELIVERIES = 10_000

# What must have happened in so many deliveries, else the simulation proves less than it says.
HAPPENS = (
    "answers of OpenSearch lost after",
    "bodies broken off",
    "claims given back",
    "claims taken over",
    "conflicts met",
    "crashes",
    "deliveries returned",
    "denials",
    "digests abandoned",
    "digests handed on",
    "digests hashed",
    "digests known",
    "digests not wanted",
    "digests refused",
    "documents refused",
    "documents written",
    "events dropped",
    "events duplicated",
    "facts told",
    "faults of DynamoDB",
    "faults of S3",
    "faults of SQS",
    "generations added",
    "items throttled",
    "requests to OpenSearch lost before",
    "timeouts",
    "tombstones written",
)
CALLS = (
    "start",
    "BatchGetItem",
    "/_mget",
    "between two documents of _mget",
    "GetObject",
    "GetObjectTagging",
    "HeadObject",
    "/_bulk",
    "between two documents of _bulk",
    "SendMessageBatch",
    "UpdateItem",
    "GetItem",
    "ChangeMessageVisibilityBatch",
    "SendMessage",
    "acknowledge",
)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return simulate(SEED, DELIVERIES)


def test_the_index_equals_the_buckets_when_nothing_is_left_to_do(summary):
    assert not summary.failures, summary.violations()


def test_everything_that_can_go_wrong_did(summary):
    assert [what for what in HAPPENS if not summary.counts[what]] == []


def test_handlers_crashed_before_each_of_their_steps(summary):
    assert [call for call in CALLS if not summary.counts[f"crashes before {call}"]] == []


def test_a_world_is_the_same_each_time_and_with_a_trace():
    steps: list[str] = []
    once, again = run_world(SEED, 3), run_world(SEED, 3, steps.append)
    assert once == again
    assert steps
