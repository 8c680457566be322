"""Functions as processes: each slot of a function is one `runtime.py` that the pool invokes.

As in Lambda an invocation that takes too long is ended by killing its process, an exception leaves the process as it
is, and a process that dies fails the invocation it was in and no other.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bucketdex.local.deployment import Function

INIT_LIMIT = 60.0  # seconds to import the handler; Lambda gives 10, but a laptop that starts a stack is busy
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")  # all that a function sees of the environment of the stack
RUNTIME = str(Path(__file__).with_name("runtime.py"))

type Watch = Callable[[str, int | None], None]  # is told the process of each slot, None when it is gone


class FunctionError(Exception):
    """An invocation failed: raised, ran out of time, or lost its process. `kind` is Lambda's `errorType`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message


class _Failure(msgspec.Struct, frozen=True):
    type: str
    message: str
    trace: list[str] = []


class _Answer(msgspec.Struct, frozen=True):
    ready: bool = False
    result: str | None = None
    error: _Failure | None = None


class FunctionPool:
    """The slots of one function: made when needed, at most `limit`, replaced when they die."""

    def __init__(
        self, function: Function, limit: int, edges: Mapping[str, str], log: Path, watch: Watch = lambda *_: None
    ) -> None:
        self.function = function
        self.limit = limit
        self._environment = function_environment(function, edges)
        self._log = log
        self._watch = watch
        self._permits = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._idle: list[_Slot] = []
        self._all: set[_Slot] = set()
        self._closed = False

    def warm(self) -> None:
        """Start one slot now, so that the first event does not wait for the imports."""
        slot = self._take()
        self._give_back(slot)

    def invoke(self, event: object) -> Any:
        """Return what the handler answers to the event; waits for a free slot. Raises FunctionError."""
        with self._permits:
            slot = self._take()
            try:
                return slot.invoke(event, self.function)
            finally:
                self._give_back(slot)

    def close(self) -> None:
        """Kill all slots."""
        with self._lock:
            self._closed = True
            slots = list(self._all)
        for slot in slots:
            slot.kill()

    def _take(self) -> "_Slot":
        with self._lock:
            while self._idle:
                slot = self._idle.pop()
                if slot.alive:
                    return slot
                self._forget(slot)  # someone killed it while it was idle
            if self._closed:
                raise FunctionError("Local.Stopped", "the stack is stopping")
            used = {slot.number for slot in self._all}
            number = next(it for it in range(1, self.limit + 2) if it not in used)
            slot = _Slot(number, self.function, self._environment, self._log)
            self._all.add(slot)
            self._watch(self._name(slot), slot.pid)
            return slot

    def _give_back(self, slot: "_Slot") -> None:
        with self._lock:
            if slot.alive and not self._closed:
                self._idle.append(slot)
            else:
                self._forget(slot)

    def _forget(self, slot: "_Slot") -> None:
        slot.kill()
        self._all.discard(slot)
        self._watch(self._name(slot), None)

    def _name(self, slot: "_Slot") -> str:
        return f"{self.function.logical_id}-{slot.number}"


class _Slot:
    """One process of a function and our end of its socket."""

    def __init__(self, number: int, function: Function, environment: Mapping[str, str], log: Path) -> None:
        self.number = number
        self._log = log
        self._ready = self._killed = False
        ours, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", RUNTIME, str(theirs.fileno()), function.logical_id],
                cwd=function.code,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                process_group=0,  # so that what the function started can be killed with it
            )
        self.pid = self._process.pid
        self._socket = ours
        self._answers = ours.makefile("rb")

    @property
    def alive(self) -> bool:
        """Whether the process can be given another invocation."""
        return self._process.poll() is None

    def invoke(self, event: object, function: Function) -> Any:
        """Run one invocation within the function's timeout, else kill the process."""
        request_id = str(uuid.uuid4())
        if not self._ready:
            try:
                self._answer(INIT_LIMIT, request_id, "import of the handler")
            except FunctionError:
                self.kill()
                raise
            self._ready = True
        deadline = time.time() + function.timeout
        invocation = {"id": request_id, "arn": function.arn, "deadline": deadline, "event": event}
        answer = self._answer(function.timeout, request_id, "task", msgspec.json.encode(invocation) + b"\n")
        try:
            return msgspec.json.decode(answer.result or "null")
        except msgspec.DecodeError as error:  # NaN, say
            raise FunctionError("Runtime.MarshalError", f"the answer is not JSON: {error}") from error

    def kill(self) -> None:
        """End the process and what it started, and take back its resources."""
        if self._killed:
            return
        self._killed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM when only zombies are left
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._socket.close()

    def _answer(self, timeout: float, request_id: str, what: str, line: bytes = b"") -> _Answer:
        try:
            self._socket.settimeout(timeout)
            self._socket.sendall(line)
            received = self._answers.readline()
        except TimeoutError:
            self.kill()
            self._say(f"{request_id} {what} timed out after {timeout:.2f} seconds")
            raise FunctionError("Sandbox.Timedout", f"{what} timed out after {timeout:.2f} seconds") from None
        except OSError:
            received = b""
        if not received:
            self.kill()
            status = self._process.returncode
            self._say(f"{request_id} process {self.pid} ended with status {status} in the {what}")
            raise FunctionError("Runtime.ExitError", f"process ended with status {status}")
        answer = msgspec.json.decode(received, type=_Answer)
        if answer.error:
            raise FunctionError(answer.error.type, answer.error.message)
        return answer

    def _say(self, text: str) -> None:
        with self._log.open("a") as log:
            log.write(f"{text}\n")


def function_environment(function: Function, edges: Mapping[str, str]) -> dict[str, str]:
    """Return all that the processes of a function see: what Lambda sets, the template's variables, then `edges`."""
    layers = [str(python if (python := Path(it) / "python").is_dir() else it) for it in function.layers]
    return (
        {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        | {
            "PYTHONPATH": os.pathsep.join([function.code, *layers]),
            "PYTHONUNBUFFERED": "1",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": function.code,
            "_HANDLER": function.handler,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "POWERTOOLS_TRACE_DISABLED": "true",  # no X-Ray daemon here
            "AWS_XRAY_SDK_ENABLED": "false",
        }
        | function.environment
        | dict(edges)
    )
