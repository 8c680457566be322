"""`sam local invoke` as a user calls it: what was built, in Lambda's container, against the local stack."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from bucketdex.local import stack
from e2e.lake import EVENTS, HANDLE, HASH_REQUESTS, PACKAGES, RANGE
from parts import ARCHITECTURE, ROOT, SAM, requires

pytestmark = [requires("sam"), pytest.mark.xdist_group("lambda")]

SECONDS = 120  # the container's image is made anew for each invocation, on a machine that may be busy
ENVIRONMENT = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"}


def sam(*arguments: str | Path, environment: dict[str, str] | None = None) -> str:
    """Run sam; the exit status of `local invoke` says nothing, its standard output is the function's answer."""
    done = subprocess.run(
        [SAM, *arguments],
        cwd=ROOT,
        env=environment or ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    print(done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def variables(state, tmp_path_factory) -> Path:
    """The file that `bucketdex local env --sam` writes, by which the container finds the stack."""
    file = tmp_path_factory.mktemp("sam") / "env.json"
    command = [ROOT / ".venv/bin/bucketdex", "local", "env", "--sam"]
    with file.open("w") as output:
        subprocess.run(command, env={**os.environ, "BUCKETDEX_HOME": state.home}, stdout=output, check=True, timeout=30)
    return file


def invoke(function: str, event: Path, state: stack.State, variables: Path) -> str:
    """Return the function's answer."""
    return sam(
        "local", "invoke", function, "--event", event, "--env-vars", variables,
        "--parameter-overrides", f"Architecture={ARCHITECTURE}", "--skip-pull-image",
        environment=ENVIRONMENT | stack.environment(state),
    )  # fmt: skip


@requires("build")
@requires("docker")
@pytest.mark.parametrize("form", ["s3-created", "eventbridge-deleted"])
def test_a_sample_is_indexed_by_sam_local_invoke(form, state, lake, variables):
    _, keys = lake.arrange(EVENTS / f"{form}.json")
    for key in keys:
        lake.forget(key)
    answer = invoke("IndexObjects", EVENTS / f"{form}.json", state, variables)
    assert json.loads(answer) == {"batchItemFailures": []}
    for key in keys:
        document = lake.document(key)
        assert document, f"no document for {key!r}"
        assert document.get("deleted", False) is not lake.exists(key)


@requires("build")
@requires("docker")
def test_a_package_is_indexed_by_sam_local_invoke(state, lake, variables):
    pointer, manifest = lake.publish()
    for key in (pointer, manifest):
        lake.forget(key)
    assert json.loads(invoke("IndexPackages", PACKAGES, state, variables)) == {"batchItemFailures": []}
    assert lake.document(pointer)["handle"] == HANDLE
    # Its hint went to the stack's own queue, as in AWS.
    assert stack.settled(state, 60)
    assert lake.document(manifest)["entry_state"]["state"] == "complete"


@requires("build")
@requires("docker")
def test_an_object_is_hashed_by_sam_local_invoke(state, lake, variables):
    data = lake.put_slide()
    lake.forget_result()
    assert json.loads(invoke("HashRanges", RANGE, state, variables)) == {"range": 0, "state": "done"}
    assert json.loads(invoke("HashObjects", HASH_REQUESTS, state, variables)) == {"batchItemFailures": []}
    assert hashlib.sha256(data).hexdigest() in {it.value for it in lake.result().checksums}


def test_sam_has_nothing_to_object_to_in_the_template():
    assert "is a valid SAM Template" in sam("validate", "--lint")
