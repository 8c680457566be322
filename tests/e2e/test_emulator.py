"""Every sample, through the functions as they are built for AWS, under Lambda's runtime emulator."""

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from bucketdex.changes import parse_message
from bucketdex.control.checks import Checks
from bucketdex.hashing import chunked
from bucketdex.index.generations import ENTRIES_ALIAS, READS_ALIAS
from bucketdex.local import stack
from e2e.emulator import FunctionError, Invoke, built_function, running
from e2e.lake import (
    BUCKET,
    CATALOG,
    CHECK,
    EVENTS,
    HANDLE,
    HASH_REQUESTS,
    PACKAGES,
    RANGE,
    SAMPLES,
    SEARCH,
    SLIDE,
    TRAIL_LOG,
    TRAIL_LOG_BAD,
    TRAIL_RECORD,
    Lake,
)
from parts import requires

pytestmark = [requires("sam"), requires("build"), requires("emulator"), pytest.mark.xdist_group("lambda")]

MOST_BYTES_OF_LAYERS = 262_144_000  # unpacked, of a function and all its layers
OWN_ROLE = "arn:aws:iam::123456789012:role/bucketdex-HashObjectsRole-EXAMPLE"  # as the sample of a log file has it


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
def facts(lake) -> str:
    """A queue in place of BulkEvents, which the stack's own IndexObjects does not read."""
    return lake.sqs.create_queue(QueueName="facts-of-built-functions")["QueueUrl"]


@pytest.fixture(scope="module")
def hash_objects(state, facts) -> Iterator[Invoke]:
    own = variables(state, "HashObjects") | {"BUCKETDEX_BULK_EVENTS_URL": facts}
    with running(built_function("HashObjects"), own) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def hash_ranges(state, facts) -> Iterator[Invoke]:
    own = variables(state, "HashRanges") | {"BUCKETDEX_BULK_EVENTS_URL": facts}
    with running(built_function("HashRanges"), own) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def hints(lake) -> str:
    """Another queue in place of BulkEvents, for what the trail and checks tell."""
    return lake.sqs.create_queue(QueueName="hints-of-built-functions")["QueueUrl"]


@pytest.fixture(scope="module")
def read_trail(state, hints) -> Iterator[Invoke]:
    own = variables(state, "ReadTrail") | {"BUCKETDEX_BULK_EVENTS_URL": hints, "BUCKETDEX_OWN_ROLE_ARNS": OWN_ROLE}
    with running(built_function("ReadTrail"), own) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def check_buckets(state, hints) -> Iterator[Invoke]:
    own = variables(state, "CheckBuckets") | {"BUCKETDEX_BULK_EVENTS_URL": hints}
    with running(built_function("CheckBuckets"), own) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def search_api(state) -> Iterator[Invoke]:
    with running(built_function("SearchApi"), variables(state, "SearchApi")) as invoke:
        yield invoke


@pytest.fixture(scope="module")
def catalog(state) -> Iterator[Invoke]:
    with running(built_function("Catalog"), variables(state, "Catalog")) as invoke:
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


def page(catalog: Invoke, path: str) -> str:
    """Return the page of the catalog at a path, as a browser gets it."""
    answer = catalog(json.loads(CATALOG.read_text()) | {"path": path, "multiValueQueryStringParameters": {}})
    assert answer["statusCode"] == 200, answer["body"]
    return answer["body"]


def test_the_catalog_shows_what_was_indexed(index_objects, catalog, lake):
    event, _ = lake.arrange(EVENTS / "s3-created.json")
    index_objects(event)
    lake.opensearch.indices.refresh(index="_all")
    answer = catalog(json.loads(CATALOG.read_text()))
    assert answer["statusCode"] == 200
    [content_type] = answer["multiValueHeaders"]["content-type"]
    assert content_type.startswith("text/html")
    assert f"/b/{BUCKET}/object/plates/red%20flower.csv" in answer["body"]
    assert "red flower.csv" in page(catalog, f"/b/{BUCKET}/object/plates/red%20flower.csv")


def test_the_catalog_has_readers_of_large_formats_in_a_layer_that_fits(catalog, lake):
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"species": ["Adelie"], "grams": [3750]}), file)
    lake.s3.put_object(Bucket=BUCKET, Key="plates/birds.parquet", Body=file.getvalue())
    shown = page(catalog, f"/b/{BUCKET}/object/plates/birds.parquet")
    assert "Adelie" in shown and "3750" in shown.replace(",", "")
    first, second = built_function("Catalog").layers
    assert (first.name, second.name) == ("BucketdexLayer", "ReadersLayer")
    size = sum(path.stat().st_size for layer in (first, second) for path in layer.rglob("*") if path.is_file())
    assert size < MOST_BYTES_OF_LAYERS


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


def told(lake: Lake, facts: str) -> dict[str, tuple[str, str]]:
    """Return the value and origin of each checksum of the one fact that was sent."""
    (record,) = batch(lake, facts)["Records"]
    (change,) = parse_message(record["body"]).changes
    assert (change.key, change.facts_only) == (SLIDE, True)
    return {it.type: (it.value, it.origin) for it in change.facts[0].checksums}


def test_the_sample_of_a_request_for_a_digest_is_for_hash_objects(hash_objects, facts, lake):
    data = lake.put_slide()
    lake.forget_result()
    assert hash_objects(json.loads(HASH_REQUESTS.read_text())) == {"batchItemFailures": []}
    computed = told(lake, facts)
    assert computed["SHA256"] == (hashlib.sha256(data).hexdigest(), "computed")
    assert computed["sha2-256-chunked"] == (chunked(data), "computed")


def test_the_ranges_of_the_sample_give_the_same_digest(hash_ranges, facts, lake):
    data = lake.put_slide()
    lake.forget_result()
    step = json.loads(RANGE.read_text())
    assert hash_ranges(step) == {"range": 0, "state": "done"}
    assert hash_ranges(step) == {"range": 0, "state": "done before"}
    assert hash_ranges(step | {"number": 1}) == {"range": 1, "state": "done"}
    assert hash_ranges(step | {"step": "combine"}) == {"state": "done"}
    assert told(lake, facts)["sha2-256-chunked"] == (chunked(data), "computed")
    with pytest.raises(FunctionError, match='"errorType": "Abandoned"'):
        hash_ranges(step | {"number": 1, "object": step["object"] | {"etag": "another"}})


def hinted(lake: Lake, hints: str) -> set[tuple[str, str]]:
    """Return the event and key of each hint that was sent."""
    found = set()
    while event := batch(lake, hints):
        found |= {(it.event, it.key) for record in event["Records"] for it in parse_message(record["body"]).changes}
    return found


def test_the_sample_of_a_log_file_is_for_read_trail(read_trail, hints, lake):
    event = lake.deliver(TRAIL_LOG)
    hinted(lake, hints)
    assert read_trail(event) == {"batchItemFailures": []}
    told = hinted(lake, hints)
    assert {("PutObject", "plates/red flower+1%.csv"), ("CopyObject", "plates/copy.csv")} <= told
    assert {("CompleteMultipartUpload", "plates/slide.tif"), ("DeleteObject", "plates/old.csv")} <= told
    assert not {key for _, key in told} & {"plates/refused.csv", "notes.txt", ""}
    lake.opensearch.indices.refresh(index=READS_ALIAS)
    rows = lake.opensearch.search(index=READS_ALIAS, body={"size": 10})["hits"]["hits"]
    counts = {it["_source"]["key"]: it["_source"]["count"] for it in rows}
    assert counts == {"plates/red flower.csv": 4, "plates/copy.csv": 2}  # what HashObjects read is not counted
    assert (
        Checks(lake.dynamodb, lake.state.deployment.tables["ControlTable"]).state(BUCKET).wanted is not None
    )  # for DeleteObjects


def test_a_log_file_with_bad_records_tells_the_others_and_is_set_aside(read_trail, hints, lake):
    dead_letters = lake.queue("TrailFilesDeadLetters").url
    lake.sqs.purge_queue(QueueUrl=dead_letters)
    hinted(lake, hints)
    assert read_trail(lake.deliver(TRAIL_LOG_BAD)) == {"batchItemFailures": []}
    assert ("PutObject", "plates/red flower.csv") in hinted(lake, hints)
    (message,) = lake.sqs.receive_message(QueueUrl=dead_letters, MessageAttributeNames=["All"], WaitTimeSeconds=5)[
        "Messages"
    ]
    assert "3 of its records cannot be read" in message["MessageAttributes"]["Reason"]["StringValue"]


def test_the_sample_of_a_single_record_is_for_read_trail(read_trail, hints, lake):
    event = json.loads(TRAIL_RECORD.read_text())
    event["Records"][0]["eventSourceARN"] = lake.queue("TrailFiles").arn
    hinted(lake, hints)
    assert read_trail(event) == {"batchItemFailures": []}
    assert hinted(lake, hints) == {("PutObject", "plates/red flower+1%.csv")}


def test_the_sample_of_a_schedule_is_for_check_buckets(check_buckets):
    # Connected a moment ago, when all of it was looked at: it is due in a day.
    assert check_buckets(json.loads(CHECK.read_text()))["checked"] in ([], [BUCKET])


def test_only_what_hashes_has_the_layer_of_checksums():
    for name in ("HashObjects", "HashRanges"):
        first, second = built_function(name).layers
        assert (first.name, second.name) == ("BucketdexLayer", "ChecksumsLayer"), name
        assert (second / "python" / "awscrt").is_dir()
    for name in ("IndexObjects", "IndexPackages", "ReadTrail", "CheckBuckets", "SearchApi"):
        (layer,) = built_function(name).layers
        assert not (layer / "python" / "awscrt").exists(), name


def test_an_event_that_is_no_batch_is_an_error_of_the_function(index_objects):
    with pytest.raises(FunctionError, match="KeyError"):
        index_objects({"not": "a batch"})
