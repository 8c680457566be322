"""When nothing is left to do the index equals the buckets, whatever happened on the way. `make simulate` runs more."""

import pytest

from simulation.run import OBJECTS, TRAIL, Summary, run_world, simulate

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

# The same of worlds in which notifications go missing, beside what the trail and the checks do.
HAPPENS_WITH_A_TRAIL = (
    "ChecksWanted",
    "OnlyTrailKnew",
    "TrailForeign",
    "TrailHints",
    "TrailReads",
    "buckets checked",
    "checks spared",
    "expired",
    "hints known",
    "keys found by checks",
    "log files told twice",
    "notifications missing",
    "odd files",
    "records in two files",
    "records lost",
    "rows of reads judged",
    "sweeps",
)
CALLS_WITH_A_TRAIL = ("GetObject of a log file", "Query", "ListObjectsV2", "GetBucketNotificationConfiguration")
MOST_LOOKS = 0.4  # for the trail alone in a healthy world: more than elsewhere, as versions follow within milliseconds


@pytest.fixture(scope="module")
def summary() -> Summary:
    return simulate(SEED, DELIVERIES)


@pytest.fixture(scope="module")
def with_a_trail() -> Summary:
    return simulate(SEED, DELIVERIES, TRAIL)


def test_the_index_equals_the_buckets_when_nothing_is_left_to_do(summary):
    assert not summary.failures, summary.violations()


def test_everything_that_can_go_wrong_did(summary):
    assert [what for what in HAPPENS if not summary.counts[what]] == []


def test_handlers_crashed_before_each_of_their_steps(summary):
    assert [call for call in CALLS if not summary.counts[f"crashes before {call}"]] == []


def test_what_no_notification_told_is_indexed_and_reads_are_counted(with_a_trail):
    assert not with_a_trail.failures, with_a_trail.violations()


def test_everything_that_can_go_wrong_with_a_trail_did(with_a_trail):
    assert [what for what in HAPPENS_WITH_A_TRAIL if not with_a_trail.counts[what]] == []
    assert [call for call in CALLS_WITH_A_TRAIL if not with_a_trail.counts[f"crashes before {call}"]] == []


def test_a_trail_that_tells_what_is_known_causes_few_looks_at_s3(with_a_trail):
    alone = with_a_trail.counts["looks in a healthy world for the trail alone"]
    others = with_a_trail.counts["looks in a healthy world for other reasons"]
    assert others > 20
    assert alone < MOST_LOOKS * others


@pytest.mark.parametrize("of", [OBJECTS, TRAIL])
def test_a_world_is_the_same_each_time_and_with_a_trace(of):
    steps: list[str] = []
    once, again = run_world(SEED, 3, of=of), run_world(SEED, 3, steps.append, of)
    assert once == again
    assert steps
