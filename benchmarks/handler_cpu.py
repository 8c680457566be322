"""CPU of the handler for one object event, against the bare `GetObject` calls for the same objects.

Both run in one process, in turns, against answers from a server in another process, so only the client's side counts.
The handler is the deployed one with all it does: SQS event of 100 messages, control table, documents read and written
(signed, as for a domain in AWS), logs, metrics, a sampled trace. The baseline is what anyone would write:
`boto3.client("s3").get_object(...)["Body"].read()`, one after the other, and again in as many threads as the handler
has. The ratio that counts is the one against the cheaper of the two.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import stubs
from benchmarks.measure import Cost, Figure, alternated, median_ratio, spread

GOAL = 1.5
BATCH, BATCHES, ROUNDS = 100, 10, 11
APP = Path(__file__).parent.parent / "functions/index_objects/app.py"


class Context:
    """What Lambda tells a handler of its invocation."""

    function_name, function_version, memory_limit_in_mb = "index_objects", "$LATEST", 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:index_objects"
    aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def environment(url: str) -> dict[str, str]:
    """Return the environment of the function in Lambda, with every service at `url`."""
    queue = "https://sqs.us-east-1.amazonaws.com/123456789012/"
    return {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "k" * 40,
        "AWS_SESSION_TOKEN": "t" * 400, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "index_objects", "LAMBDA_TASK_ROOT": "/var/task",
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "POWERTOOLS_SERVICE_NAME": "index_objects", "POWERTOOLS_METRICS_NAMESPACE": "bucketdex",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "BUCKETDEX_OPENSEARCH_URL": url, "BUCKETDEX_OPENSEARCH_AUTH": "iam", "BUCKETDEX_CONTROL_TABLE": stubs.TABLE,
        "BUCKETDEX_OBJECT_EVENTS_URL": f"{queue}events", "BUCKETDEX_OBJECT_EVENTS_DEAD_LETTERS_URL": f"{queue}dead",
        "BUCKETDEX_BULK_EVENTS_URL": f"{queue}bulk", "BUCKETDEX_BULK_EVENTS_DEAD_LETTERS_URL": f"{queue}bulk-dead",
        "BUCKETDEX_MAX_RECEIVES": "100", "BUCKETDEX_S3_CONCURRENCY": "16",
    }  # fmt: skip


def key(number: int) -> str:
    """Return the key of an object, as keys are in data buckets."""
    return f"projects/rnaseq-2025/batch_{number // BATCH:03}/sample-{number:05}.counts.txt"


def event(batch: int) -> dict[str, Any]:
    """Return the event of a batch, one S3 notification a message."""
    return {"Records": [_message(batch * BATCH + number) for number in range(BATCH)]}


def _message(number: int) -> dict[str, Any]:
    told = {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2025-11-24T09:59:58.123Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AROAEXAMPLE:someone"},
        "requestParameters": {"sourceIPAddress": "10.0.0.1"},
        "responseElements": {"x-amz-request-id": "7T2XK9W4C1QZ8B5M", "x-amz-id-2": "9n1kZbY3mC0eUqYv7w5mS0aGm0m2m1sN"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "bucketdex",
            "bucket": {
                "name": stubs.BUCKET, "ownerIdentity": {"principalId": "A3"}, "arn": f"arn:aws:s3:::{stubs.BUCKET}",
            },
            "object": {
                "key": key(number), "size": len(stubs.BODY), "eTag": "8f14e45fceea167a5a36dedd4bea2543",
                "versionId": "UtzkAN8FP4irtroeN9bfYP1yKzX7ko3G", "sequencer": f"{number:018X}",
            },
        },
    }  # fmt: skip
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-{number:012}", "receiptHandle": "AQEB" + "w" * 300,
        "body": json.dumps({"Records": [told]}), "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "attributes": {
            "ApproximateReceiveCount": "1", "SentTimestamp": "1763978398123", "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": "1763978398130",
        },
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:events",
    }  # fmt: skip


def load_app(path: Path = APP) -> ModuleType:
    """Import the function as Lambda does: its file alone, with the layer on the path."""
    spec = importlib.util.spec_from_file_location("app", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def runs() -> dict[str, Callable[[], None]]:
    """Return what is measured: each handles the same objects, BATCH * BATCHES of them."""
    import boto3  # noqa: PLC0415, under the environment of the function

    app, context = load_app(), Context()
    events = [event(batch) for batch in range(BATCHES)]
    keys = [key(number) for number in range(BATCH * BATCHES)]
    plain = boto3.client("s3")
    threads = ThreadPoolExecutor(int(os.environ["BUCKETDEX_S3_CONCURRENCY"]))

    def handler() -> None:
        for batch in events:
            if app.handler(batch, context) != {"batchItemFailures": []}:
                raise RuntimeError("the handler failed")

    def get(name: str) -> bytes:
        return bytes(plain.get_object(Bucket=stubs.BUCKET, Key=name)["Body"].read())

    def sequential() -> None:
        for name in keys:
            get(name)

    def threaded() -> None:
        for _ in threads.map(get, keys):
            pass

    return {"handler": handler, "sequential": sequential, "threaded": threaded}


def measure(rounds: int) -> dict[str, list[Cost]]:
    """Return the costs in this process, whose environment is the function's and whose output goes nowhere."""
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # takes the traces, and lets them drop
    daemon.bind(("127.0.0.1", 0))
    os.environ["AWS_XRAY_DAEMON_ADDRESS"] = f"127.0.0.1:{daemon.getsockname()[1]}"
    return alternated(runs(), rounds)


def run(latency: float = 0.0, rounds: int = ROUNDS) -> list[Figure]:
    """Measure, and return the figures."""
    with stubs.running(latency) as url, tempfile.NamedTemporaryFile() as result:
        subprocess.run(
            [sys.executable, "-m", __spec__.name, str(rounds), result.name],
            env=os.environ | environment(url), stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        told = json.load(result)
    costs = {name: [Cost(**cost) for cost in of_run] for name, of_run in told.items()}
    cpu = {name: [cost.cpu for cost in of_run] for name, of_run in costs.items()}
    ratios = {name: median_ratio(cpu["handler"], cpu[name]) for name in ("sequential", "threaded")}
    goal = max(ratios.values())  # against the cheaper of the two
    objects = BATCH * BATCHES
    return [
        Figure(
            what="CPU per object event in the handler : boto3's GetObject alone",
            value=f"{goal:.2f}",
            goal=f"<= {GOAL}",
            met=goal <= GOAL,
            details=(
                *(f"{name}: {spread(cpu[name], 1e-6 * objects)} us of CPU an object" for name in cpu),
                *(f"against {name} GetObject: {ratio:.2f}" for name, ratio in ratios.items()),
            ),
        )
    ]


if __name__ == "__main__":
    measured = measure(int(sys.argv[1]))
    Path(sys.argv[2]).write_text(
        json.dumps({name: [{"cpu": c.cpu, "wall": c.wall} for c in costs] for name, costs in measured.items()})
    )
