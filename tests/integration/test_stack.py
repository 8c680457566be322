"""The local stack made from the sample template: what its queues and routes do, and that nothing survives its end."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bucketdex.local import aws, stack
from bucketdex.local.stack import StackError, State

TEMPLATE = Path(__file__).parent / "stack_sample" / "template.yaml"
WINDOW, VISIBILITY = 1, 4  # seconds, as in the template


class Sample:
    """The running sample stack, and what its functions noted."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.environment = stack.environment(state)
        session, endpoint = aws.session(), self.environment["AWS_ENDPOINT_URL"]
        self.sqs = session.client("sqs", endpoint_url=endpoint)
        self.table = session.resource("dynamodb", endpoint_url=endpoint).Table(
            self.environment["BUCKETDEX_CONTROL_TABLE"]
        )
        self.states = session.client("stepfunctions", endpoint_url=endpoint)
        (self.dead,) = [it.url for it in state.deployment.queues if it.holds_dead_letters]

    def send(self, *bodies: str) -> None:
        for start in range(0, len(bodies), 10):
            entries = [{"Id": str(at), "MessageBody": it} for at, it in enumerate(bodies[start : start + 10])]
            answer = self.sqs.send_message_batch(QueueUrl=self.environment["BUCKETDEX_WORK_URL"], Entries=entries)
            assert not answer.get("Failed")

    def execute(self, **given: Any) -> str:
        """Start the state machine; return the ARN of the execution."""
        machine = self.environment["BUCKETDEX_STEPS_STATE_MACHINE_ARN"]
        name = uuid.uuid4().hex
        return self.states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))["executionArn"]

    def noted(self, what: str) -> dict[str, Any] | None:
        """Return what a function noted; `verb name#receives`."""
        return self.table.get_item(Key={"pk": what}).get("Item")

    def get(self, path: str, **more: Any) -> tuple[int, Any, bytes]:
        request = urllib.request.Request(self.environment["BUCKETDEX_API_URL"] + path, **more)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def opensearch(self, path: str, method: str = "GET", body: object = None) -> dict[str, Any]:
        request = urllib.request.Request(
            self.state.opensearch_url + path,
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)


def wait_for[T](question: Callable[[], T], seconds: float = 30) -> T:
    """Ask until the answer is true; return it."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return answer


def processes(supervisor: int) -> list[psutil.Process]:
    process = psutil.Process(supervisor)
    return [process, *process.children(recursive=True)]


def left(seen: list[psutil.Process], seconds: float = 20) -> list[str]:
    """Return the command lines of those that have not ended after a while."""
    _, alive = psutil.wait_procs(seen, timeout=seconds)
    return [" ".join(it.cmdline()) for it in alive if it.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    home = tmp_path_factory.mktemp("stack")
    state = stack.up(home, TEMPLATE)
    seen = processes(state.supervisor)
    yield Sample(state)
    assert stack.down(home, purge=True)
    assert not psutil.pid_exists(state.supervisor)
    assert left(seen, 1) == []
    assert not home.exists()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    stack.down(tmp_path / "home")


def test_it_is_made_from_the_template_alone(sample):
    deployment = sample.state.deployment
    assert {it.logical_id for it in deployment.functions} == {"Worker", "Web", "Step"}
    (source,) = deployment.event_sources
    assert (source.queue, source.function, source.batch_size, source.window, source.concurrency) == (
        "Work", "Worker", 20, WINDOW, 5)  # fmt: skip
    assert {it.logical_id: it.dead_letters for it in deployment.queues} == {
        "Work": "WorkDeadLetters", "WorkDeadLetters": None}  # fmt: skip
    assert [it.paths for it in deployment.routes] == [("/web/*",)]
    assert [it.logical_id for it in deployment.state_machines] == ["Steps"]
    (schedule,) = deployment.schedules
    assert (schedule.function, schedule.seconds, schedule.enabled) == ("Step", 3600, True)
    assert re.fullmatch(r"arn:aws:events:us-east-1:\d{12}:rule/bucketdex-StepHourly-\w+", schedule.arn)


def test_a_second_up_returns_the_stack_that_runs(sample, tmp_path):
    told: list[str] = []
    again = stack.up(Path(sample.state.home), TEMPLATE, progress=told.append)
    assert again.supervisor == sample.state.supervisor == stack.status(Path(sample.state.home)).supervisor
    assert told == [f"The stack in {sample.state.home} runs already."]
    with pytest.raises(StackError, match="was made of"):
        stack.up(Path(sample.state.home), tmp_path / "template.yaml")


def test_one_message_is_at_the_function_right_after_the_window(sample):
    sample.send("note warm")
    wait_for(lambda: sample.noted("note warm#1"))
    sent = time.time()
    sample.send("note quick")
    noted = wait_for(lambda: sample.noted("note quick#1"))
    assert WINDOW <= float(noted["at"]) - sent < WINDOW + 1.5
    assert noted["hello"].startswith("hello from bucketdex-Worker-")


def test_messages_come_in_batches_of_the_templates_size_and_are_deleted(sample):
    sample.send(*(f"note many-{number}" for number in range(45)))
    assert stack.settled(sample.state, 30)
    batches = [int(sample.noted(f"note many-{number}#1")["batch"]) for number in range(45)]
    assert max(batches) == 20
    assert sample.noted("note many-1#2") is None


def test_what_the_function_refuses_comes_back_and_its_neighbours_do_not(sample):
    sample.send("note fine", "refuse once")
    assert stack.settled(sample.state, 30)
    first, second = sample.noted("refuse once#1"), sample.noted("refuse once#2")
    assert float(second["at"]) - float(first["at"]) >= VISIBILITY
    assert sample.noted("note fine#1")["request"] == first["request"]
    assert sample.noted("note fine#2") is None


def test_an_exception_leaves_the_batch_until_redrive_makes_it_dead_letters(sample):
    before = stack.queues(sample.state)["Work"].dead_letters
    sample.send("raise always")
    seen: list[int] = []
    assert stack.settled(sample.state, 60, lambda depths: seen.append(depths["Work"].in_flight))
    assert 1 in seen
    assert [sample.noted(f"raise always#{receives}") is not None for receives in (1, 2, 3, 4)] == [True] * 3 + [False]
    assert stack.queues(sample.state)["Work"].dead_letters == before + 1
    (message,) = sample.sqs.receive_message(QueueUrl=sample.dead, WaitTimeSeconds=1)["Messages"]
    assert message["Body"] == "raise always"
    sample.sqs.delete_message(QueueUrl=sample.dead, ReceiptHandle=message["ReceiptHandle"])


def test_a_timeout_kills_the_process_and_a_new_one_takes_the_batch_again(sample):
    sample.send("hang a-while")
    assert stack.settled(sample.state, 60)
    first, second = sample.noted("hang a-while#1"), sample.noted("hang a-while#2")
    assert first["process"] != second["process"]
    assert not psutil.pid_exists(int(first["process"]))
    assert not psutil.pid_exists(int(sample.noted("child a-while")["process"])), "what it started"
    assert "task timed out after 2.00 seconds" in stack.log_file(Path(sample.state.home), "Worker").read_text()


def test_a_function_that_dies_is_replaced(sample):
    sample.send("exit once")
    noted = wait_for(lambda: sample.noted("exit once#1"))
    sample.send("note after")
    assert wait_for(lambda: sample.noted("note after#1"))["process"] != noted["process"]
    alive = stack.status(Path(sample.state.home)).processes
    os.kill(alive["Worker-1"], signal.SIGKILL)
    sample.send("note after-kill")
    wait_for(lambda: sample.noted("note after-kill#1"))
    assert stack.settled(sample.state, 60)


def test_routes_answer_as_the_load_balancer_does(sample):
    status, headers, body = sample.get("/web/some%20thing?q=a+b%2Fc&q=2", data=b"{}", headers={"X-Mine": "1"})
    assert (status, headers["X-Sample"]) == (201, "yes")
    told = json.loads(body)
    assert told["event"]["path"] == "/web/some%20thing"
    assert told["event"]["httpMethod"] == "POST"
    assert told["event"]["queryStringParameters"] == {"q": "2"}
    assert told["event"]["headers"]["x-mine"] == "1"
    assert told["event"]["isBase64Encoded"], "a form is not one of the types that stay text"
    assert told["folder"] == str(TEMPLATE.parent / "functions" / "web")
    assert told["environment"]["BUCKETDEX_OPENSEARCH_URL"] == sample.state.opensearch_url
    assert told["environment"]["BUCKETDEX_OPENSEARCH_AUTH"] == "none"
    assert "BUCKETDEX_WORK_URL" not in told["environment"], "that is the other function's"
    key, secret = (told["environment"][f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    assert key.startswith("bucketdex-WebRole-") and secret == "local", "so that its requests are known by its role"
    assert 0 < told["left"] <= 2000
    assert sample.get("/web/bytes")[2] == bytes(range(256))
    status, headers, body = sample.get("/elsewhere")
    assert (status, headers["Content-Type"], body) == (404, "text/plain; charset=utf-8", b"nothing here")
    assert sample.get("/web/head", method="HEAD")[::2] == (201, b"")
    assert json.loads(sample.get("/web/options", method="OPTIONS")[2])["event"]["httpMethod"] == "OPTIONS"
    assert sample.get("/web/raise")[0] == 502
    assert sample.get("/web/nonsense")[0] == 502
    assert sample.get("/web/fine")[0] == 201, "and goes on"


def test_a_state_machine_calls_its_function_with_no_more_processes_than_others_have(sample):
    execution = sample.execute(numbers=list(range(12)), refuse=-1)
    in_flight: list[int] = []
    assert stack.settled(sample.state, 30, lambda depths: in_flight.append(depths["Steps"].in_flight))
    assert 1 in in_flight, "while it runs not all is settled"
    ended = sample.states.describe_execution(executionArn=execution)
    assert ended["status"] == "SUCCEEDED"
    answers = json.loads(ended["output"])
    assert [it["number"] for it in answers] == list(range(12))
    assert len({it["process"] for it in answers}) <= stack.WORKERS, "the map asks for forty"
    (step,) = [it for it in sample.state.deployment.functions if it.logical_id == "Step"]
    assert {it["told"] for it in answers} == {step.arn}


def test_what_a_step_raises_is_caught_by_its_name(sample):
    execution = sample.execute(numbers=[1, 2, 3], refuse=2)
    assert stack.settled(sample.state, 30)
    ended = sample.states.describe_execution(executionArn=execution)
    error = json.loads(ended["output"])["error"]
    assert error["Error"] == "Refused"
    assert json.loads(error["Cause"])["errorMessage"] == "no 2"


def test_opensearch_comes_back_with_its_data_when_it_is_killed(sample):
    home = Path(sample.state.home)
    sample.opensearch("/kept", "PUT", {"settings": {"number_of_replicas": 0}})
    sample.opensearch("/kept/_doc/1?refresh=true", "PUT", {"text": "here"})
    before = stack.status(home).processes["opensearch"]
    os.kill(before, signal.SIGKILL)

    def again() -> bool:
        current = stack.status(home)
        return current.processes["opensearch"] != before and bool(current.notes)

    wait_for(again, 60)
    assert wait_for(lambda: sample.opensearch("/_cluster/health/kept?wait_for_status=green&timeout=30s"))
    assert sample.opensearch("/kept/_doc/1")["_source"] == {"text": "here"}
    assert "opensearch ended with exit code 137" in stack.status(home).notes[-1]


def test_a_killed_supervisor_leaves_nothing_and_the_next_up_starts_clean(home):
    state = stack.up(home, TEMPLATE)
    sample = Sample(state)
    sample.opensearch("/gone", "PUT", {"settings": {"number_of_replicas": 0}})
    sample.send("hang on")
    wait_for(lambda: sample.noted("child on"))
    seen = processes(state.supervisor)
    assert len(seen) >= 9, "supervisor, two guards with their servers, three functions, what one started"
    os.kill(state.supervisor, signal.SIGKILL)
    assert left(seen) == []
    assert stack.status(home) is None

    told: list[str] = []
    again = stack.up(home, TEMPLATE, progress=told.append)
    assert again.edge_id != state.edge_id
    assert any("was not stopped" in it for it in told)
    assert any("starting clean, the index included" in it for it in told)
    assert again.notes == tuple(it for it in told if it in again.notes)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        Sample(again).opensearch("/gone")


def test_when_the_emulated_aws_dies_the_whole_stack_ends_and_says_why(home):
    state = stack.up(home, TEMPLATE)
    seen = processes(state.supervisor)
    os.kill(state.processes["edge"], signal.SIGKILL)
    assert left(seen) == []
    assert stack.status(home) is None
    ended = json.loads((home / "state.json").read_text())
    assert ended["phase"] == "failed"
    assert "edge ended with exit code 137, and with it all buckets" in ended["problem"]


def test_ctrl_c_while_it_starts_leaves_nothing(home):
    script = (
        "import functools, sys; from pathlib import Path; from bucketdex.local import stack\n"
        "stack.up(*map(Path, sys.argv[1:]), progress=functools.partial(print, flush=True))"
    )
    command = [sys.executable, "-c", script, str(home), str(TEMPLATE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as starting:
        while "Creating" not in (line := starting.stdout.readline()):
            assert line, starting.stderr.read()
        seen = psutil.Process(starting.pid).children(recursive=True)
        assert len(seen) >= 5
        starting.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in starting.stderr.read()
    assert left(seen, 1) == []
    assert stack.status(home) is None


def test_removing_the_folder_stops_the_stack_too(home):
    state = stack.up(home, TEMPLATE)
    seen = processes(state.supervisor)
    shutil.rmtree(home)
    assert left(seen) == []


def test_a_template_that_cannot_be_created_fails_with_its_reason_and_leaves_nothing(home, tmp_path):
    (tmp_path / "template.yaml").write_text(
        "Parameters: {Colour: {Type: String}}\nResources: {Work: {Type: AWS::SQS::Queue}}\n"
    )
    with pytest.raises(StackError, match="parameter Colour of the template has no default"):
        stack.up(home, tmp_path / "template.yaml")
    assert stack.status(home) is None
    assert [it for it in psutil.process_iter(["cmdline"]) if f"{home}/" in " ".join(it.info["cmdline"] or [])] == []
