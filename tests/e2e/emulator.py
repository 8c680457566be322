"""Functions as `make build` built them, run under Lambda's Runtime Interface Emulator, without Docker.

The function's process gets what it would have in AWS: awslambdaric and boto3, its layers, the template's variables.

>>> with running(built_function("IndexObjects"), environment) as invoke:
...     answer = invoke({"Records": []})
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import parts

type Invoke = Callable[[Any], Any]

START_SECONDS = 10


class FunctionError(Exception):
    """The function raised, or did not answer within its timeout."""


@dataclass(frozen=True)
class BuiltFunction:
    """A function of the built template."""

    name: str
    handler: str
    code: Path
    layers: tuple[Path, ...]
    timeout: int
    memory: int
    variables: Mapping[str, Any]  # a text, or a dict where the template refers to something


def built_function(name: str, build: Path = parts.BUILD) -> BuiltFunction:
    """Read a function from the built template, which is plain YAML; its own properties stand over the global ones."""
    template = yaml.safe_load((build / "template.yaml").read_text())
    common, own = template.get("Globals", {}).get("Function", {}), template["Resources"][name]["Properties"]
    layers = [layer["Ref"] for level in (common, own) for layer in level.get("Layers", [])]
    variables = [level.get("Environment", {}).get("Variables", {}) for level in (common, own)]
    return BuiltFunction(
        name=name,
        handler=(common | own)["Handler"],
        code=build / own["CodeUri"],
        layers=tuple(build / template["Resources"][layer]["Properties"]["ContentUri"] for layer in layers),
        timeout=(common | own).get("Timeout", 3),
        memory=(common | own).get("MemorySize", 128),
        variables=variables[0] | variables[1],
    )


@contextlib.contextmanager
def running(function: BuiltFunction, environment: Mapping[str, str]) -> Iterator[Invoke]:
    """Start the function; what is yielded hands it one event after the other and returns its answers.

    One at a time: a second event while the first is handled would kill the emulator.
    """
    executable = parts.emulator()
    assert executable
    # The runtime API needs a port of its own too: its default, 9001, serves one emulator at a time.
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        events, runtime_api = (f"127.0.0.1:{server.getsockname()[1]}" for server in (first, second))
    addresses = ["--runtime-interface-emulator-address", events, "--runtime-api-address", runtime_api]
    python = [parts.RUNTIME / "bin/python", "-m", "awslambdaric", function.handler]
    process = subprocess.Popen(
        [executable, "--log-level", "error", *addresses, *python],
        cwd=function.code,
        env=_environment(function, environment),
        process_group=0,
    )
    try:
        _wait_for(process, events)
        yield lambda event: _invoke(f"http://{events}/2015-03-31/functions/function/invocations", event, function)
    finally:
        process.terminate()
        process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # an emulator that crashed leaves its Python behind


def _environment(function: BuiltFunction, given: Mapping[str, str]) -> dict[str, str]:
    variables = {**function.variables, **given}
    unknown = sorted(name for name, value in variables.items() if isinstance(value, dict))
    assert not unknown, f"the template only refers to these, so they must be given: {unknown}"
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(str(layer / "python") for layer in function.layers),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "LAMBDA_TASK_ROOT": str(function.code),
    } | {name: str(value) for name, value in variables.items()}


def _wait_for(process: subprocess.Popen[bytes], address: str) -> None:
    host, port = address.split(":")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise FunctionError(f"the emulator ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.05)
    raise FunctionError(f"the emulator did not answer within {START_SECONDS} s")


def _invoke(address: str, event: Any, function: BuiltFunction) -> Any:
    request = urllib.request.Request(address, data=json.dumps(event).encode())
    with urllib.request.urlopen(request, timeout=function.timeout + 30) as response:
        text = response.read().decode()
    # It answers 200 to everything: an exception is a JSON error, a timeout not even JSON.
    try:
        answer = json.loads(text or "null")
    except ValueError:
        raise FunctionError(text) from None
    if isinstance(answer, dict) and "errorMessage" in answer:
        raise FunctionError(text)
    return answer
