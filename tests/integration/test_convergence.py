"""Index == bucket after everything went wrong at once, with the real functions, OpenSearch and emulated AWS.

Several writers put, overwrite, retag and delete a few hundred odd keys, in a versioned bucket and in one whose
versioning is suspended; others push, move and delete packages there. OpenSearch and the functions' processes are killed
under them.
"""

import hashlib
import itertools
import json
import os
import random
import re
import shutil
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

import packages
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.buckets import connect
from bucketdex.check.agreement import Agreement, agreements
from bucketdex.control import ControlTable
from bucketdex.index.generations import ALIASES, ENTRIES_ALIAS, OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.local import aws, stack
from bucketdex.manifest.layout import manifest_key, pointer_key

ROOT = Path(__file__).parents[2]
KEYS = [
    form.format(number)
    for number in range(50)
    for form in ("plain/{}.txt", "a b/{} %41+c.csv", "ünï/{}.ñ", "🧬/{}?#&=.json", "x//{}/../y")
]
WRITERS = 4
OPERATIONS = 800  # of each writer
# Of packages: several manifests have entries in common, and one is long enough to be killed while it is loaded.
MANIFESTS = [
    packages.manifest([packages.entry("versioned", f"{n % 3}/{n}-ñ.tif") for n in range(count)], message=f"of {count}")
    for count in (0, 1, 2, 10, 40, 200, 201, 3_000)
]
HANDLES = ["lab/plates", "lab/screen", "ünï/β-2"]
REVISIONS = ["latest", "latest", "latest", packages.TIME, "1700000001"]
PACKAGE_OPERATIONS = 250  # in each bucket
PAUSE_SECONDS = 0.1  # between them: so they last as long as the others, and what they do is indexed meanwhile
KILLED = ["IndexObjects", "opensearch", "IndexPackages"]
SETTLE_SECONDS = 240
# Of IndexPackages: a killed loader of entries counts as dead when its message comes back, and failures come back soon.
IMPATIENCE = """
from datetime import timedelta
from bucketdex.aws import queues
from bucketdex.packages import loading
loading.SIGN, loading.DEAD, queues.FIRST_DELAY_SECONDS = timedelta(seconds=3), timedelta(seconds=10), 3
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template, but with times that a test can wait for after a function was killed."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "layers").symlink_to(ROOT / "layers")
    shutil.copytree(ROOT / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    app = folder / "functions/index_packages/app.py"
    app.write_text(app.read_text() + IMPATIENCE)
    text = (ROOT / "template.yaml").read_text()
    text, count = re.subn(r"VisibilityTimeout: (360|1080)\b", "VisibilityTimeout: 12", text)
    assert count == 3
    (folder / "template.yaml").write_text(text)
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


def publish(s3: Any, bucket: str, seed: str) -> None:
    """Change manifests and pointers at random: each at any time, and most of them many times."""
    chance = random.Random(seed)
    for _ in range(PACKAGE_OPERATIONS):
        time.sleep(PAUSE_SECONDS)
        top_hash, content = chance.choice(MANIFESTS)
        handle, revision = chance.choice(HANDLES), chance.choice(REVISIONS)
        match chance.choice(["push", "push", "move", "move", "manifest", "replace", "cut", "unpoint", "drop", "junk"]):
            case "push":
                packages.put(s3, bucket, top_hash, content)
                packages.point(s3, bucket, handle, top_hash, packages.TIME)
                packages.point(s3, bucket, handle, top_hash)
            case "move":  # also to a manifest that is not there
                packages.point(s3, bucket, handle, top_hash, revision)
            case "manifest":
                packages.put(s3, bucket, top_hash, content)
            case "replace":  # by one that is not what its name says
                packages.put(s3, bucket, top_hash, chance.choice(MANIFESTS)[1])
            case "cut":
                packages.put(s3, bucket, top_hash, content[: len(content) // 2])
            case "unpoint":
                s3.delete_object(Bucket=bucket, Key=pointer_key(handle, revision))
            case "drop":
                s3.delete_object(Bucket=bucket, Key=manifest_key(top_hash))
            case "junk":
                packages.point(s3, bucket, handle, "no top hash", revision)


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
    with ThreadPoolExecutor(WRITERS + len(names)) as writers:
        running = [
            writers.submit(write, edges.s3, names[number % len(names)], f"writer-{number}") for number in range(WRITERS)
        ]
        running += [writers.submit(publish, edges.s3, name, f"publisher-{name}") for name in names]
        killed: list[str] = []
        while not all(writer.done() for writer in running):
            time.sleep(1.5)
            # Later seldom: else no manifest would be loaded before all is over.
            name = KILLED[len(killed) % 3] if len(killed) < 6 else KILLED[2 if len(killed) % 5 == 0 else 0]
            killed += [name] if kill(state, name) else []
        for writer in running:
            writer.result()
    assert set(KILLED) <= set(killed), killed

    assert stack.settled(state, SETTLE_SECONDS), stack.queues(state)
    edges.opensearch.indices.refresh(index=list(ALIASES))
    objects_are_as_in_s3(edges, names)
    for name in names:
        packages_are_as_in_s3(edges, name)
    assert all(depth.dead_letters == 0 for depth in stack.queues(state).values())


def objects_are_as_in_s3(edges: connect.Edges, names: list[str]) -> None:
    found = compared(edges, [(bucket, key) for bucket in names for key in KEYS])
    for bucket in names:
        there = {item["Key"]: item["Size"] for item in listing(edges.s3, bucket) if item["Key"] in KEYS}
        assert {it.key: it.indexed["size"] for it in found if it.indexed and it.bucket == bucket} == there
        assert documents(edges.opensearch, OBJECTS_ALIAS, bucket) == len(there)
    for it in found:
        if it.indexed:
            body = edges.s3.get_object(Bucket=it.bucket, Key=it.key)["Body"].read()
            [digest] = [one["value"] for one in it.indexed["checksums"] if one["type"] == "SHA256"]
            assert digest == hashlib.sha256(body).hexdigest()
            assert it.indexed.get("content", "").encode() == body


def packages_are_as_in_s3(edges: connect.Edges, bucket: str) -> None:
    """Each pointer and manifest, and just the entries of those manifests that a `latest` names."""
    pointers = {pointer_key(handle, revision) for handle in HANDLES for revision in REVISIONS}
    manifests = {manifest_key(top_hash): top_hash for top_hash, _ in MANIFESTS}
    there = {
        key: edges.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        for it in listing(edges.s3, bucket)
        if (key := it["Key"]) in pointers or key in manifests
    }
    found = {it.key: it.indexed for it in compared(edges, [(bucket, key) for key in (*pointers, *manifests)])}
    assert {key for key, indexed in found.items() if indexed} == there.keys()
    assert documents(edges.opensearch, PACKAGES_ALIAS, bucket) == len(there)

    for key in pointers & there.keys():
        pointer, named = found[key] or {}, there[key].decode()
        manifest = found.get(manifest_key(named)) or {}
        assert pointer.get("top_hash") == (named if named in manifests.values() else None)
        assert pointer.get("manifest", {}).get("etag") == manifest.get("etag"), (pointer, manifest)
        for field in ("entries", "verified", "message"):
            assert pointer.get(field) == manifest.get(field), (pointer, manifest)
    latest = {there[key].decode() for key in pointers & there.keys() if key.endswith("/latest")}
    searchable: dict[str, set[str]] = {}
    for key in manifests.keys() & there.keys():
        manifest, top_hash = found[key] or {}, manifests[key]
        assert manifest["verified"] == any(pair == (top_hash, there[key]) for pair in MANIFESTS)
        state = manifest["entry_state"].get("state", "none")
        assert state == ("complete" if top_hash in latest else "none"), manifest
        if top_hash in latest:
            searchable[top_hash] = set(logical_keys(there[key]))
    every = {"query": {"term": {"bucket": bucket}}, "size": 10_000, "_source": ["top_hash", "logical_key"]}
    hits = edges.opensearch.search(index=ENTRIES_ALIAS, body=every)["hits"]["hits"]
    entries = sorted((hit["_source"]["top_hash"], hit["_source"]["logical_key"]) for hit in hits)
    assert entries == sorted((top_hash, key) for top_hash, keys in searchable.items() for key in keys)


def logical_keys(manifest: bytes) -> Iterator[str]:
    """Yield the entries of a manifest that may be cut off."""
    for line in itertools.islice(manifest.splitlines(), 1, None):
        with suppress(ValueError):
            yield json.loads(line)["logical_key"]


def compared(edges: connect.Edges, every: list[tuple[str, str]]) -> list[Agreement]:
    with ThreadPoolExecutor(8) as threads:
        found = list(agreements(every, edges.control, edges.opensearch, edges.s3, threads.map))
    assert [it for it in found if not it.agrees] == []
    return found


def listing(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from page.get("Contents", [])


def documents(opensearch: Any, alias: str, bucket: str) -> int:
    return int(opensearch.count(index=alias, body={"query": {"term": {"bucket": bucket}}})["count"])
