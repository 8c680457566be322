"""What a function runs in, in the place of Lambda's runtime: `python -P runtime.py SOCKET NAME`.

One process serves one invocation at a time. Over the inherited socket come and go lines of JSON: an invocation in, an
answer out; the first line out tells that the handler was imported, or why not. The end of the socket ends the process
and all that it started, so that nothing outlives the stack. Nothing but the standard library is imported here, and the
file is run by its path: all else that a function imports is from its own folders.
"""

import importlib
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO


class Context:
    """What a handler gets beside the event, with the names of Lambda's context object."""

    def __init__(self, request_id: str, arn: str, deadline: float) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = self.identity = None
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still take before the process is killed."""
        return max(0, int((self._deadline - time.time()) * 1000))


type Handler = Callable[[Any, Context], Any]


def main() -> None:
    """Import the handler that the environment names and answer invocations until the socket ends."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)  # else what the function starts would hold the stack's end open
    invocations: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # A thread of its own reads, so that the end of the stack is seen while a handler works, or hangs.
    threading.Thread(target=receive, args=(connection.makefile("rb"), invocations), daemon=True).start()
    try:
        handler = load(os.environ["_HANDLER"])
    except BaseException as error:  # noqa: BLE001  SystemExit too
        log(error)  # first, for then the stack kills us
        answer(connection, {"error": told(error)})
        sys.exit(1)
    answer(connection, {"ready": True})
    while True:
        answer(connection, invoke(handler, json.loads(invocations.get())))


def receive(lines: BinaryIO, invocations: queue.SimpleQueue[bytes]) -> None:
    """Pass invocations on; at the end of the socket end the process with all that the handler started."""
    try:
        for line in lines:
            invocations.put(line)
    finally:
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(0)


def load(name: str) -> Handler:
    """Return the function that `module.function` names."""
    module, _, function = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    return handler


def invoke(handler: Handler, invocation: dict[str, Any]) -> dict[str, Any]:
    """Run one invocation; an exception is an answer too."""
    started = time.perf_counter()
    try:
        result = handler(invocation["event"], Context(invocation["id"], invocation["arn"], invocation["deadline"]))
        return {"result": json.dumps(result)}  # a string, for what JSON cannot hold is the handler's error too
    except Exception as error:  # noqa: BLE001  whatever a handler raises
        log(error)
        return {"error": told(error)}
    finally:
        spent = (time.perf_counter() - started) * 1000
        print(f"REPORT RequestId: {invocation['id']} Duration: {spent:.1f} ms", flush=True)  # noqa: T201


def log(error: BaseException) -> None:
    """Print an exception as Lambda's runtime does."""
    print("[ERROR]", "".join(traceback.format_exception(error)), file=sys.stderr, flush=True)  # noqa: T201


def told(error: BaseException) -> dict[str, Any]:
    """Return an exception in the form of Lambda's error answers."""
    return {"type": type(error).__name__, "message": str(error), "trace": traceback.format_tb(error.__traceback__)}


def answer(connection: socket.socket, document: dict[str, Any]) -> None:
    """Send one line to the stack."""
    connection.sendall(json.dumps(document).encode() + b"\n")


if __name__ == "__main__":
    main()
