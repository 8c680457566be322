"""The real function `search_api` behind the local load balancer, over a bucket with objects and packages."""

import importlib.util
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from opensearchpy import OpenSearch

import packages
from bucketdex.aws import clients, settings
from bucketdex.aws.settings import QUEUES
from bucketdex.changes import Author, Fact, ObjectChange
from bucketdex.changes.hint import fold
from bucketdex.changes.outcome import Tally
from bucketdex.control import Bucket, ControlTable
from bucketdex.index.generations import ALIASES, KINDS, ensure
from bucketdex.local.deployment import Route
from bucketdex.local.functions.http import FAILED, LoadBalancer
from bucketdex.local.functions.load_balancer import Request, Response, alb_event, response_of
from bucketdex.manifest.layout import manifest_key
from bucketdex.objects import reconcile as objects
from bucketdex.objects.observe import ObjectReader
from emulated import Aws
from registries import Registry

ROOT = Path(__file__).parent.parent
ROUTE = Route("SearchApiRule", 1, ("/api/*",), "SearchApi", "arn:targets", multi_value=True)
COLONY = "raw/a b+c/Colony 7 é.csv"  # an odd key: what a path does not take as it is
FILES = {
    COLONY: b"species,island\nadelie,Torgersen\n",
    "index.csv": b"name,file\npenguins,raw/penguins.csv\n",
    "raw/penguins.csv": b"species,mass\nadelie,3750\n",
    "notes/readme.md": b"# Penguins\nThree <b>species</b> & three islands\n",
}
# As the reference client orders them: names are sorted at each level.
TREE = ["README.md", "a/b/1.csv", "a/b/2.csv", "a/c.csv", "a.txt", "a0.csv", "images/1.png", "images/2.png", "x.csv"]


@dataclass(frozen=True)
class Served:
    """The function, its address, and what it is asked about; `failures` are the errors that it did not answer."""

    url: str
    registry: Registry
    latest: str
    older: str
    sqs: Any
    failures: list[Exception]

    @property
    def bucket(self) -> str:
        return self.registry.bucket

    def get(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: str | None = None
    ) -> Any:
        """Return the status, the headers and the body of an answer."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read()

    def json(self, path: str, status: int = 200) -> Any:
        found, _, body = self.get(path)
        assert found == status, body
        return json.loads(body)


@pytest.fixture(scope="module")
def served(aws: Aws, index: OpenSearch, opensearch_url: str) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        control = _control(aws)
        for kind in KINDS:
            ensure(index, control, kind)
        registry = _registry(aws, index, control)
        latest, older = _fill(registry)
        sqs = aws.client("sqs")
        _environment(patch, aws, sqs, opensearch_url, control)
        patch.setattr(clients, "opensearch", lambda *_: index)
        for name in ("s3", "sqs", "dynamodb"):
            made = cache(partial(aws.client, name))
            patch.setattr(clients, name, lambda *_, made=made: made())
        failures: list[Exception] = []
        server = LoadBalancer(_responding(failures))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Served(server.url, registry, latest, older, sqs, failures)
        server.shutdown()
        server.server_close()


def _control(aws: Aws) -> ControlTable:
    dynamodb, name = aws.client("dynamodb"), f"control-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": it, "AttributeType": "S"} for it in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return ControlTable(dynamodb, name)


def _registry(aws: Aws, index: OpenSearch, control: ControlTable) -> Registry:
    name, s3 = f"served-{uuid.uuid4().hex[:12]}", aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    control.add_bucket(Bucket(name, datetime.now(UTC)))
    return Registry(name, index, control, s3, aws)


def _fill(registry: Registry) -> tuple[str, str]:
    """Put objects and a package of two revisions, and have them indexed; return its top hashes."""
    s3, bucket = registry.s3, registry.bucket
    s3.put_object(Bucket=bucket, Key="raw/penguins.csv", Body=b"an older version")
    changes = []
    for key, body in FILES.items():
        put = s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"plate": "7"}, Tagging="stage=raw")
        fact = Fact(put["ETag"].strip('"'), put["VersionId"], written_by=Author("AssumedRole", "lab", "run-42"))
        changes.append(ObjectChange(bucket, key, "s3", "put", facts=(fact,)))
    edges = objects.Edges(
        registry.control, registry.index, ObjectReader(s3, lambda: datetime.now(UTC), lambda: 300.0), lambda _: None,
        lambda _: None, lambda: 300.0,
    )  # fmt: skip
    objects.reconcile(edges, fold(changes).values(), Tally())
    real = {"physical_keys": [f"s3://{bucket}/raw/penguins.csv"]}
    hashes = []
    for number, keys in enumerate((["README.md", "x.csv"], TREE)):
        lines = [packages.entry(bucket, key, meta={"n": 3}) | (real if key == "x.csv" else {}) for key in keys]
        top_hash, content = packages.manifest(lines, message=f"revision {number}", user_meta={"license": "CC0"})
        hashes.append(top_hash)
        packages.put(s3, bucket, top_hash, content)
        told = [packages.point(s3, bucket, "bio/penguins", top_hash, it) for it in (f"170000000{number}", "latest")]
        registry.tell(*told, manifest_key(top_hash))
    registry.tell(packages.point(s3, bucket, "bio/alone", hashes[0]))
    registry.index.indices.refresh(index=list(ALIASES))
    return hashes[1], hashes[0]


def _environment(patch: pytest.MonkeyPatch, aws: Aws, sqs: Any, opensearch_url: str, control: ControlTable) -> None:
    variables = {
        "BUCKETDEX_OPENSEARCH_URL": opensearch_url,
        "BUCKETDEX_OPENSEARCH_AUTH": "none",
        "BUCKETDEX_CONTROL_TABLE": control._name,
        "BUCKETDEX_CORS_ORIGINS": "https://notebooks.example.org",
        "POWERTOOLS_METRICS_NAMESPACE": "test",
        "POWERTOOLS_TRACE_DISABLED": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name in QUEUES:
        of = f"stack-{name.title().replace('_', '')}-{uuid.uuid4().hex[:8]}"
        variables[f"BUCKETDEX_{name}_URL"] = sqs.create_queue(QueueName=of)["QueueUrl"]
        variables[f"BUCKETDEX_{name}_DEAD_LETTERS_URL"] = sqs.create_queue(QueueName=f"{of}-dead")["QueueUrl"]
    for name, value in variables.items():
        patch.setenv(name, value)
    assert len(settings.search_api().queues) == len(QUEUES)


def _responding(failures: list[Exception]) -> Any:
    spec = importlib.util.spec_from_file_location("search_api", ROOT / "functions/search_api/app.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = SimpleNamespace(
        function_name="SearchApi", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="1"
    )
    one_at_a_time = threading.Lock()  # as a process of a function is called

    def respond(request: Request) -> Response:
        event = json.loads(json.dumps(alb_event(request, ROUTE)))
        with one_at_a_time:
            try:
                return response_of(json.loads(json.dumps(module.handler(event, context))), ROUTE)
            except Exception as error:
                failures.append(error)
                return FAILED

    return respond
