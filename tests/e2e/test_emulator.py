"""Every sample, through the functions as they are built for AWS, under Lambda's runtime emulator."""

import json

import pytest

from bucketdex.local import stack
from e2e.emulator import FunctionError, Invoke, built_function, running
from e2e.lake import BUCKET, EVENTS, SAMPLES, SEARCH
from parts import requires

pytestmark = [requires("sam"), requires("build"), requires("emulator")]


def variables(state: stack.State, name: str) -> dict[str, str]:
    (function,) = (it for it in state.deployment.functions if it.logical_id == name)
    return {**function.environment, **stack.environment(state)}


@pytest.fixture(scope="module")
def index_objects(state) -> Invoke:
    with running(built_function("IndexObjects"), variables(state, "IndexObjects")) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def search_api(state) -> Invoke:
    with running(built_function("SearchApi"), variables(state, "SearchApi")) as invoke:
        yield invoke


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_after_each_sample_the_index_says_what_s3_holds(sample, index_objects, lake):
    event, keys = lake.arrange(sample)
    for key in keys:
        lake.forget(key)
    assert index_objects(event) == {"batchItemFailures": []}
    for key in keys:
        document = lake.document(key)
        assert document, f"no document for {key!r}"
        assert document["key"] == key
        assert document.get("deleted", False) is not lake.exists(key)


def test_a_message_that_is_no_event_is_set_aside_with_its_reason(index_objects, lake):
    dead_letters = lake.queue("ObjectEventsDeadLetters").url
    lake.sqs.purge_queue(QueueUrl=dead_letters)
    event, _ = lake.arrange(EVENTS / "batch-with-one-bad.json")
    assert index_objects(event) == {"batchItemFailures": []}
    (message,) = lake.sqs.receive_message(QueueUrl=dead_letters, MessageAttributeNames=["All"], WaitTimeSeconds=5)[
        "Messages"
    ]
    assert message["Body"] == "not JSON at all"
    assert "not JSON" in message["MessageAttributes"]["Reason"]["StringValue"]


def test_what_was_indexed_is_found_by_the_search_api(index_objects, search_api, lake):
    event, _ = lake.arrange(EVENTS / "s3-created.json")
    index_objects(event)
    lake.opensearch.indices.refresh(index="_all")
    answer = search_api(json.loads(SEARCH.read_text()))
    assert answer["statusCode"] == 200
    assert {"bucket": BUCKET, "key": "plates/red flower.csv"}.items() <= json.loads(answer["body"])["hits"][0].items()


def test_an_event_that_is_no_batch_is_an_error_of_the_function(index_objects):
    with pytest.raises(FunctionError, match="KeyError"):
        index_objects({"not": "a batch"})
