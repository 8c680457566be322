"""Functions that are invoked at the emulated AWS run where it was told to, for clients and for state machines."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError

from emulated import Aws, free_port

ARN = "arn:aws:lambda:us-east-1:123456789012:function:Ranges"
ROLE = "arn:aws:iam::123456789012:role/any"
NUMBERS = count(1)
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": ARN, "Payload.$": "$"},
    "OutputPath": "$.Payload",
    "Retry": [
        {"ErrorEquals": ["Abandoned"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 2},
    ],
    "End": True,
}
MACHINE = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.ranges",
            "MaxConcurrency": 4,
            "ItemSelector": {"number.$": "$$.Map.Item.Value", "errors.$": "$.errors"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "One",
                "States": {"One": INVOKE},
            },
            "ResultPath": "$.done",
            "Catch": [
                {"ErrorEquals": ["Abandoned"], "ResultPath": "$.error", "Next": "Abandoned"},
                {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Aside"},
            ],
            "End": True,
        },
        "Abandoned": {"Type": "Succeed"},
        "Aside": {"Type": "Pass", "Result": True, "ResultPath": "$.aside", "End": True},
    },
}


class Runs(ThreadingHTTPServer):
    """Runs any function: it returns its event's number, or fails with those of its event's errors that are left."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Invocation)
        self.lock = threading.Lock()
        self.names: list[str] = []
        self.types: list[str | None] = []
        self.numbers: list[int] = []
        self.full = threading.Barrier(4)  # broken by what is fewer than four at once
        self.meet = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Invocation(BaseHTTPRequestHandler):
    server: Runs

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            tried = self.server.numbers.count(event["number"])
            self.server.numbers.append(event["number"])
            self.server.names.append(unquote(self.path))
            self.server.types.append(self.headers.get("X-Amz-Invocation-Type"))
        if self.server.meet:
            self.server.full.wait(20)
        errors = event.get("errors", [])
        failed = {"errorType": errors[tried], "errorMessage": "é"} if tried < len(errors) else None
        answer = json.dumps(failed or {"did": event["number"]}).encode()
        self.send_response(200)
        if failed:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


def run_at(aws: Aws, url: str | None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=10)
    connection.request("POST", "/_bucketdex/lambda", json.dumps({"url": url}))
    return connection.getresponse().status


@pytest.fixture
def runs(aws: Aws) -> Iterator[Runs]:
    with Runs() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert run_at(aws, server.url) == 200
        yield server
        assert run_at(aws, None) == 200
        server.shutdown()


def execution(aws: Aws, **given: Any) -> dict[str, Any]:
    """Run the state machine to its end; return how it ended."""
    client = aws.client("stepfunctions")
    name = f"machine-{next(NUMBERS)}"
    machine = client.create_state_machine(name=name, definition=json.dumps(MACHINE), roleArn=ROLE)["stateMachineArn"]
    arn = client.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]
    pause = threading.Event()
    for _ in range(600):
        ended: dict[str, Any] = client.describe_execution(executionArn=arn)
        if ended["status"] != "RUNNING":
            return ended
        pause.wait(0.05)
    raise AssertionError(f"{arn} does not end")


@pytest.mark.parametrize("name", ["Ranges", ARN])
def test_a_function_runs_at_the_address(aws, runs, name):
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"number": 7}), InvocationType="Event")
    assert (answer["StatusCode"], json.load(answer["Payload"]), "FunctionError" in answer) == (200, {"did": 7}, False)
    assert runs.names == [f"/2015-03-31/functions/{name}/invocations"]
    assert runs.types == ["Event"]


def test_a_function_that_fails_says_so(aws, runs):
    event = json.dumps({"number": 7, "errors": ["Transient"]})
    answer = aws.client("lambda").invoke(FunctionName="Ranges", Payload=event)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.load(answer["Payload"]) == {"errorType": "Transient", "errorMessage": "é"}


def test_without_an_address_no_function_is_known(aws):
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.client("lambda").invoke(FunctionName="Ranges", Payload=b"{}")


def test_an_address_that_does_not_answer_is_an_error_of_lambda(aws):
    assert run_at(aws, f"http://127.0.0.1:{free_port()}") == 200
    try:
        with pytest.raises(ClientError, match="does not run functions") as failed:
            aws.client("lambda").invoke(FunctionName="Ranges", Payload=b"{}")
    finally:
        run_at(aws, None)
    assert failed.value.response["Error"]["Code"] == "ServiceException"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:1", "http://127.0.0.1:1/path"])
def test_an_address_that_is_none_is_an_error(aws, url):
    assert run_at(aws, url) == 400


def test_a_state_machine_runs_as_many_functions_at_once_as_it_may(aws, runs):
    runs.meet = True  # each waits until four are there; a fifth would wait in vain
    ended = execution(aws, ranges=list(range(8)), errors=[])
    assert (ended["status"], json.loads(ended["output"])["done"]) == (
        "SUCCEEDED",
        [{"did": number} for number in range(8)],
    )
    assert sorted(runs.numbers) == list(range(8))


def test_a_state_machine_tries_again_what_failed(aws, runs):
    ended = execution(aws, ranges=[1, 2], errors=["Transient", "OSError"])
    assert json.loads(ended["output"])["done"] == [{"did": 1}, {"did": 2}]
    assert sorted(runs.numbers) == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(("errors", "aside"), [(["Abandoned"], False), (["Transient"] * 3, True)])
def test_a_state_machine_catches_errors_by_their_type(aws, runs, errors, aside):
    ended = execution(aws, ranges=[1], errors=errors)
    output = json.loads(ended["output"])
    assert (ended["status"], output["error"]["Error"], output.get("aside", False)) == ("SUCCEEDED", errors[-1], aside)
    assert json.loads(output["error"]["Cause"]) == {"errorType": errors[-1], "errorMessage": "é"}
    assert len(runs.numbers) == len(errors)
