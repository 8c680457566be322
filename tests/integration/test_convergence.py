"""Index == bucket after everything went wrong at once, with the real functions, OpenSearch and emulated AWS.

Several writers put, overwrite, retag and delete a few hundred odd keys, in a versioned bucket and in one whose
versioning is suspended, while OpenSearch and the functions' processes are killed under them.
"""

import hashlib
import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.buckets import connect
from bucketdex.check.agreement import agreements
from bucketdex.control import ControlTable
from bucketdex.index.generations import OBJECTS_ALIAS
from bucketdex.local import aws, stack

ROOT = Path(__file__).parents[2]
KEYS = [
    form.format(number)
    for number in range(50)
    for form in ("plain/{}.txt", "a b/{} %41+c.csv", "ünï/{}.ñ", "🧬/{}?#&=.json", "x//{}/../y")
]
WRITERS = 4
OPERATIONS = 800  # of each writer
SETTLE_SECONDS = 240


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template, but with a visibility timeout that a test can wait for after a function was killed."""
    folder = tmp_path_factory.mktemp("template")
    for name in ("functions", "layers"):
        (folder / name).symlink_to(ROOT / name)
    text = (ROOT / "template.yaml").read_text()
    assert text.count("VisibilityTimeout: 360") == 2
    (folder / "template.yaml").write_text(text.replace("VisibilityTimeout: 360", "VisibilityTimeout: 12"))
    return folder / "template.yaml"


@pytest.fixture(scope="module")
def state(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.State]:
    home = tmp_path_factory.mktemp("home")
    yield stack.up(home, template)
    stack.down(home, purge=True)


@pytest.fixture(scope="module")
def edges(state: stack.State) -> connect.Edges:
    environment = stack.environment(state)
    session, endpoint = aws.session(), environment["AWS_ENDPOINT_URL"]
    config = Config(max_pool_connections=32, request_checksum_calculation="when_required")
    from bucketdex.aws import clients

    return connect.Edges(
        s3=session.client("s3", endpoint_url=endpoint, config=config),
        sqs=session.client("sqs", endpoint_url=endpoint),
        opensearch=clients.opensearch(OpenSearchSettings(state.opensearch_url, "none")),
        control=ControlTable(session.client("dynamodb", endpoint_url=endpoint), environment["BUCKETDEX_CONTROL_TABLE"]),
        object_events_url=environment["BUCKETDEX_OBJECT_EVENTS_URL"],
        bulk_events_url=environment["BUCKETDEX_BULK_EVENTS_URL"],
    )


def write(s3: Any, bucket: str, seed: str) -> None:
    """Change keys at random; the operation is chosen by the seed, so a failure can be run again."""
    chance = random.Random(seed)
    for number in range(OPERATIONS):
        key = chance.choice(KEYS)
        match chance.choice(["put", "put", "put", "tag", "delete", "delete many", "recreate"]):
            case "put":
                body = f"{seed} {number} ".encode() * chance.choice([0, 1, 30])
                s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"n": str(number)})
            case "tag":
                with suppress(s3.exceptions.ClientError):  # the key is not there
                    tags = [{"Key": "n", "Value": f"é{number}"}]
                    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": tags})
            case "delete":
                s3.delete_object(Bucket=bucket, Key=key)
            case "delete many":
                keys = [{"Key": name} for name in chance.sample(KEYS, 3)]
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
            case "recreate":
                s3.delete_object(Bucket=bucket, Key=key)
                s3.put_object(Bucket=bucket, Key=key, Body=b"again", Tagging="again=yes")


def kill(state: stack.State, name: str) -> bool:
    """Kill what runs under this name (`opensearch`, or the first process of a function) without warning."""
    current = stack.status(Path(state.home))
    assert current and current.phase == "ready"
    pids = [pid for known, pid in current.processes.items() if known.startswith(name)]
    for pid in pids[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def test_index_equals_bucket_after_writes_kills_and_restarts(state, edges):
    names = ["versioned", "suspended"]
    for name in names:
        connect.connect(name, edges, lambda: datetime.now(UTC))
    edges.s3.put_bucket_versioning(Bucket="suspended", VersioningConfiguration={"Status": "Suspended"})
    with ThreadPoolExecutor(WRITERS) as writers:
        running = [
            writers.submit(write, edges.s3, names[number % len(names)], f"writer-{number}") for number in range(WRITERS)
        ]
        killed = []
        while not all(writer.done() for writer in running):
            time.sleep(1.5)
            name = ["IndexObjects", "opensearch"][len(killed) % 2] if len(killed) < 6 else "IndexObjects"
            killed += [name] if kill(state, name) else []
        for writer in running:
            writer.result()
    assert {"IndexObjects", "opensearch"} <= set(killed), killed

    assert stack.settled(state, SETTLE_SECONDS), stack.queues(state)
    edges.opensearch.indices.refresh(index=OBJECTS_ALIAS)
    with ThreadPoolExecutor(8) as threads:
        every = [(bucket, key) for bucket in names for key in KEYS]
        found = list(agreements(every, edges.control, edges.opensearch, edges.s3, threads.map))
    assert [it for it in found if not it.agrees] == []
    for bucket in names:
        there = {item["Key"]: item["Size"] for item in listing(edges.s3, bucket)}
        assert {it.key: it.indexed["size"] for it in found if it.indexed and it.bucket == bucket} == there
        assert documents(edges.opensearch, bucket) == len(there)
    for it in found:
        if it.indexed:
            body = edges.s3.get_object(Bucket=it.bucket, Key=it.key)["Body"].read()
            assert it.indexed["checksums"][-1]["value"] == hashlib.sha256(body).hexdigest()
            assert it.indexed.get("content", "").encode() == body
    assert all(depth.dead_letters == 0 for depth in stack.queues(state).values())


def listing(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from page.get("Contents", [])


def documents(opensearch: Any, bucket: str) -> int:
    return int(opensearch.count(index=OBJECTS_ALIAS, body={"query": {"term": {"bucket": bucket}}})["count"])
