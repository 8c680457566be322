"""When nothing is left to do the index has the packages and entries that S3 and the settings say, whatever happened."""

import pytest

from simulation.run import PACKAGES, Summary, run_world, simulate

SEED = 5
DELIVERIES = 10_000

# What must have happened in so many deliveries, else the simulation proves less than it says.
HAPPENS = (
    "answers of OpenSearch lost after",
    "bodies broken off",
    "bulk requests late",
    "conflicts met",
    "crashes",
    "deliveries returned",
    "denials",
    "documents refused",
    "documents written",
    "entries deleted",
    "entries judged",
    "events dropped",
    "events duplicated",
    "faults of DynamoDB",
    "faults of S3",
    "faults of SQS",
    "generations added",
    "items throttled",
    "loading goes on in another invocation",
    "requests to OpenSearch lost before",
    "retries",
    "settings switched",
    "timeouts",
    "tombstones written",
)
CALLS = (
    "start",
    "BatchGetItem",
    "/_mget",
    "GetObject",
    "HeadObject",
    "/bucketdex-packages-v1-1/_refresh",
    "/bucketdex-packages-v1-1/_search",
    "/_bulk",
    "answer of _bulk",
    "_delete_by_query",
    "SendMessageBatch",
    "ChangeMessageVisibilityBatch",
    "sleep",
    "acknowledge",
)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return simulate(SEED, DELIVERIES, PACKAGES)


def test_packages_and_entries_are_what_s3_and_the_settings_say_when_nothing_is_left_to_do(summary):
    assert not summary.failures, summary.violations()


def test_everything_that_can_go_wrong_did(summary):
    assert [what for what in HAPPENS if not summary.counts[what]] == []


def test_handlers_crashed_before_each_of_their_steps(summary):
    assert [call for call in CALLS if not summary.counts[f"crashes before {call}"]] == []


def test_a_world_is_the_same_each_time_and_with_a_trace():
    steps: list[str] = []
    once, again = run_world(SEED, 3, of=PACKAGES), run_world(SEED, 3, steps.append, PACKAGES)
    assert once == again
    assert steps
