"""Cold starts: importing a function and making its clients, against the libraries and the same clients alone.

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
from typing import NamedTuple

from benchmarks.handler_cpu import environment
from benchmarks.measure import Figure, median_ratio, spread
from bucketdex.aws.settings import QUEUES

ROUNDS = 21
FOLDER = Path(__file__).parent.parent / "functions"

TIMED = """
import sys, time
wall, cpu = time.perf_counter(), time.process_time()
{body}
print(time.process_time() - cpu, time.perf_counter() - wall)
"""

# What Lambda does with a function.
IMPORTED = """
import importlib.util
spec = importlib.util.spec_from_file_location("app", {app!r})
app = importlib.util.module_from_spec(spec)
spec.loader.exec_module(app)
from bucketdex.aws import clients, settings
"""

LIBRARIES = """
import os
import boto3, opensearchpy
from aws_lambda_powertools import Logger, Metrics, Tracer
logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)
auth = None
if os.environ["BUCKETDEX_OPENSEARCH_AUTH"] == "iam":
    session = boto3.Session()
    auth = opensearchpy.Urllib3AWSV4SignerAuth(session.get_credentials(), session.region_name, "es")
opensearchpy.OpenSearch(
    os.environ["BUCKETDEX_OPENSEARCH_URL"], http_auth=auth, connection_class=opensearchpy.Urllib3HttpConnection
)
"""


class Function(NamedTuple):
    """A function: what its first invocation does before it can begin, and the same of its libraries alone."""

    name: str
    goal: float
    ours: str
    libraries: str


FUNCTIONS = (
    Function(
        "index_objects",
        1.3,
        """
given = settings.index_objects()
clients.s3(given.s3_concurrency), clients.sqs(), clients.dynamodb(), clients.opensearch(given.opensearch)
""",
        """
boto3.client("s3"), boto3.client("sqs"), boto3.client("dynamodb")
""",
    ),
    Function(
        "search_api",
        1.5,
        """
given = settings.search_api()
clients.dynamodb(), clients.opensearch(given.opensearch)
app.app()
from bucketdex.searching.language.parsing import parse
parse("word ext:.csv")
""",
        """
import lark, msgspec
from aws_lambda_powertools.event_handler import ALBResolver
ALBResolver(enable_validation=True)
boto3.client("dynamodb")
""",
    ),
    Function(
        "catalog",
        1.5,
        """
given = settings.catalog()
clients.dynamodb(), clients.opensearch(given.opensearch)
import bucketdex.catalog.pages.search
from bucketdex.catalog.rendering import environment
from bucketdex.searching.language.parsing import parse
environment(), parse("word ext:.csv")
""",
        """
import jinja2, lark, msgspec
boto3.client("dynamodb")
""",
    ),
)


def measure(function: Function, auth: str, cache: Path | None, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return CPU and wall seconds of each run of `ours` and `libraries`; `cache` holds compiled files, if any."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= environment("https://vpc-search.us-east-1.es.amazonaws.com") | {"BUCKETDEX_OPENSEARCH_AUTH": auth}
    env |= {f"BUCKETDEX_{name}{end}": "https://sqs/1/x" for name in QUEUES for end in ("_URL", "_DEAD_LETTERS_URL")}
    env |= {"POWERTOOLS_SERVICE_NAME": function.name}
    env.pop("AWS_ENDPOINT_URL")
    # Without a cache: a folder that stays empty, as nothing may be written either.
    env |= {"PYTHONPYCACHEPREFIX": str(cache)} if cache else {
        "PYTHONPYCACHEPREFIX": os.devnull, "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    imported = IMPORTED.format(app=str(FOLDER / function.name / "app.py"))
    scripts = {
        "ours": TIMED.format(body=imported + function.ours),
        "libraries": TIMED.format(body=LIBRARIES + function.libraries),
    }
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
    return [cold_start(function, rounds) for function in FUNCTIONS]


def cold_start(function: Function, rounds: int) -> Figure:
    """Measure one function."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        iam, none = (measure(function, auth, cache, rounds) for auth in ("iam", "none"))
    fresh = measure(function, "iam", None, max(3, rounds // 4))
    ratio = _ratio(iam, 0)
    return Figure(
        what=f"cold start, import and clients of {function.name} : those of its libraries alone (CPU)",
        value=f"{ratio:.2f}",
        goal=f"<= {function.goal}",
        met=ratio <= function.goal,
        details=(
            *(f"{name}: CPU {_shown(iam[name], 0)} ms, wall {_shown(iam[name], 1)} ms" for name in iam),
            f"on the clock: {_ratio(iam, 1):.2f}",
            f"without signing (BUCKETDEX_OPENSEARCH_AUTH=none): CPU {_ratio(none, 0):.2f}",
            f"without compiled files: CPU {_ratio(fresh, 0):.2f}; "
            f"ours {statistics.median(cpu for cpu, _ in fresh['ours']) * 1000:.0f} ms",
        ),
    )


def _ratio(found: Mapping[str, list[tuple[float, float]]], which: int) -> float:
    return median_ratio([run[which] for run in found["ours"]], [run[which] for run in found["libraries"]])


def _shown(runs: list[tuple[float, float]], which: int) -> str:
    return spread([run[which] for run in runs], 1e-3)
