"""Every sample, through the functions as they are built for AWS, under Lambda's runtime emulator."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bucketdex.index.generations import ENTRIES_ALIAS
from bucketdex.local import stack
from e2e.emulator import FunctionError, Invoke, built_function, running
from e2e.lake import BUCKET, EVENTS, HANDLE, PACKAGES, SAMPLES, SEARCH, Lake
from parts import requires

pytestmark = [requires("sam"), requires("build"), requires("emulator")]


def variables(state: stack.State, name: str) -> dict[str, str]:
    (function,) = (it for it in state.deployment.functions if it.logical_id == name)
    return {**function.environment, **stack.environment(state)}


@pytest.fixture(scope="module")
def package_events(lake) -> str:
    """A queue in place of PackageEvents, which the stack's own IndexPackages does not read."""
    return lake.sqs.create_queue(QueueName="package-events-of-built-functions")["QueueUrl"]


@pytest.fixture(scope="module")
def index_objects(state, package_events) -> Iterator[Invoke]:
    own = variables(state, "IndexObjects") | {"BUCKETDEX_PACKAGE_EVENTS_URL": package_events}
    with running(built_function("IndexObjects"), own) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def index_packages(state, package_events) -> Iterator[Invoke]:
    own = variables(state, "IndexPackages") | {"BUCKETDEX_PACKAGE_EVENTS_URL": package_events}
    with running(built_function("IndexPackages"), own) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def search_api(state) -> Iterator[Invoke]:
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


def batch(lake: Lake, url: str) -> dict[str, Any] | None:
    """Return what waits in a queue as Lambda hands it over, None where nothing does."""
    received = lake.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
    messages = received.get("Messages", [])
    record = json.loads(PACKAGES.read_text())["Records"][0]
    names = {"messageId": "MessageId", "receiptHandle": "ReceiptHandle", "body": "Body", "attributes": "Attributes"}
    own = [{ours: it[theirs] for ours, theirs in names.items()} for it in messages]
    for it in messages:
        lake.sqs.delete_message(QueueUrl=url, ReceiptHandle=it["ReceiptHandle"])
    return {"Records": [record | it for it in own]} if own else None


def test_a_package_is_indexed_from_the_message_that_index_objects_sends(
    index_objects, index_packages, search_api, package_events, lake
):
    keys = lake.publish()
    told = json.loads((EVENTS / "s3-created.json").read_text())
    [record] = told["Records"]
    notification = json.loads(record["body"])
    for key in keys:
        notification["Records"][0]["s3"]["object"]["key"] = key
        record["body"] = json.dumps(notification)
        assert index_objects(told) == {"batchItemFailures": []}
    while event := batch(lake, package_events):
        assert index_packages(event) == {"batchItemFailures": []}
    pointer, manifest = (lake.document(key) for key in keys)
    assert pointer["handle"] == HANDLE and pointer["message"] == "Plates" and pointer["verified"]
    assert manifest["entry_state"]["state"] == "complete" and manifest["entries"] == 3
    lake.opensearch.indices.refresh(index="_all")
    assert lake.opensearch.count(index=ENTRIES_ALIAS)["count"] == 3
    request = json.loads(SEARCH.read_text())
    request["multiValueQueryStringParameters"] = {"q": ["campaign%3Daurora"], "kind": ["package"]}
    assert json.loads(search_api(request)["body"])["hits"][0]["handle"] == HANDLE


def test_the_sample_of_a_message_about_a_package_is_for_index_packages(index_packages, package_events, lake):
    pointer, manifest = lake.publish()
    for key in (pointer, manifest):
        lake.forget(key)
    assert index_packages(json.loads(PACKAGES.read_text())) == {"batchItemFailures": []}
    assert lake.document(pointer)["handle"] == HANDLE
    assert lake.document(manifest) is None  # until its turn comes
    assert manifest in json.dumps(batch(lake, package_events))


def test_an_event_that_is_no_batch_is_an_error_of_the_function(index_objects):
    with pytest.raises(FunctionError, match="KeyError"):
        index_objects({"not": "a batch"})
