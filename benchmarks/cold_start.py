"""Cold start of `index_objects`: importing it and making its clients, against the libraries and the same clients alone.

Each run is a Python process of its own that times itself from its first line on, so that the interpreter's own start,
which is the same for both, is left out. The two take turns. Compiled files are kept in a folder of the benchmark; with
`compiled=False` there are none, as in a layer that was packed without them.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.handler_cpu import APP, environment
from benchmarks.measure import Figure, median_ratio, spread

GOAL = 1.3
ROUNDS = 21

TIMED = """
import sys, time
wall, cpu = time.perf_counter(), time.process_time()
{body}
print(time.process_time() - cpu, time.perf_counter() - wall)
"""

# What Lambda does with the function, and what its first invocation then does before it can begin.
OURS = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("app", {str(APP)!r})
app = importlib.util.module_from_spec(spec)
spec.loader.exec_module(app)
from bucketdex.aws import clients, settings
given = settings.index_objects()
clients.s3(given.s3_concurrency), clients.sqs(), clients.dynamodb(), clients.opensearch(given.opensearch)
"""

LIBRARIES = """
import os
import boto3, opensearchpy
from aws_lambda_powertools import Logger, Metrics, Tracer
logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)
boto3.client("s3"), boto3.client("sqs"), boto3.client("dynamodb")
auth = None
if os.environ["BUCKETDEX_OPENSEARCH_AUTH"] == "iam":
    session = boto3.Session()
    auth = opensearchpy.Urllib3AWSV4SignerAuth(session.get_credentials(), session.region_name, "es")
opensearchpy.OpenSearch(
    os.environ["BUCKETDEX_OPENSEARCH_URL"], http_auth=auth, connection_class=opensearchpy.Urllib3HttpConnection
)
"""


def measure(auth: str, cache: Path | None, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return CPU and wall seconds of each run of `ours` and `libraries`; `cache` holds compiled files, if any."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= environment("https://vpc-search.us-east-1.es.amazonaws.com") | {"BUCKETDEX_OPENSEARCH_AUTH": auth}
    env.pop("AWS_ENDPOINT_URL")
    # Without a cache: a folder that stays empty, as nothing may be written either.
    env |= {"PYTHONPYCACHEPREFIX": str(cache)} if cache else {
        "PYTHONPYCACHEPREFIX": os.devnull, "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    scripts = {"ours": TIMED.format(body=OURS), "libraries": TIMED.format(body=LIBRARIES)}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in scripts}
    for number in range(-1, rounds):  # the first turn writes the compiled files, and is not counted
        for name in scripts if number % 2 else reversed(list(scripts)):
            cpu, wall = _run(scripts[name], env)
            if number >= 0:
                found[name].append((cpu, wall))
    return found


def _run(script: str, env: Mapping[str, str]) -> tuple[float, float]:
    said = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    cpu, wall = said.stdout.split()[-2:]
    return float(cpu), float(wall)


def run(rounds: int = ROUNDS) -> list[Figure]:
    """Measure, and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        iam, none = measure("iam", cache, rounds), measure("none", cache, rounds)
    fresh = measure("iam", None, max(3, rounds // 4))
    ratio = _ratio(iam, 0)
    return [
        Figure(
            what="cold start, import and clients of index_objects : those of its libraries alone (CPU)",
            value=f"{ratio:.2f}",
            goal=f"<= {GOAL}",
            met=ratio <= GOAL,
            details=(
                *(f"{name}: CPU {_shown(iam[name], 0)} ms, wall {_shown(iam[name], 1)} ms" for name in iam),
                f"on the clock: {_ratio(iam, 1):.2f}",
                f"without signing (BUCKETDEX_OPENSEARCH_AUTH=none): CPU {_ratio(none, 0):.2f}",
                f"without compiled files: CPU {_ratio(fresh, 0):.2f}; "
                f"ours {statistics.median(cpu for cpu, _ in fresh['ours']) * 1000:.0f} ms",
            ),
        )
    ]


def _ratio(found: Mapping[str, list[tuple[float, float]]], which: int) -> float:
    return median_ratio([run[which] for run in found["ours"]], [run[which] for run in found["libraries"]])


def _shown(runs: list[tuple[float, float]], which: int) -> str:
    return spread([run[which] for run in runs], 1e-3)
