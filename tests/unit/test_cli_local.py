"""`bucketdex local`: what is printed of a stack, and of none. The stack itself has its own tests."""

import json
import subprocess
import threading
import time
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from bucketdex.cli import here
from bucketdex.cli.following import last_and_next
from bucketdex.cli.log_lines import readable
from bucketdex.cli.main import app
from bucketdex.local import stack
from bucketdex.local.deployment import Deployment, Function
from bucketdex.local.stack import State
from bucketdex.local.state import write

runner = CliRunner()
ODD = "a value with 'quotes' & $signs"


def state(home: Path, phase: str = "ready", bridge: str = "") -> State:
    function = Function(
        "IndexObjects", "index", "arn", "app.handler", "code", (),
        {"BUCKETDEX_CONTROL_TABLE": ODD, "BUCKETDEX_OBJECT_EVENTS_URL": "http://127.0.0.1:5000/1/events",
         "BUCKETDEX_OBJECT_EVENTS_DEAD_LETTERS_URL": "http://127.0.0.1:5000/1/dead", "POWERTOOLS_LOG_LEVEL": "INFO"},
        60.0, 512,
    )  # fmt: skip
    return State(
        phase, str(home), "template.yaml", 0.0, 1, {"edge": 2},
        edge_url="http://127.0.0.1:5000", opensearch_url="http://127.0.0.1:9200", api_url="http://127.0.0.1:8000",
        bridge=bridge, deployment=Deployment((function,), (), (), (), {}),
    )  # fmt: skip


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A stack that runs, as far as commands can tell."""
    monkeypatch.setenv("BUCKETDEX_HOME", str(tmp_path))
    for name in here.misleading():
        monkeypatch.delenv(name)
    now = {"state": state(tmp_path)}
    monkeypatch.setattr(stack, "status", lambda _home: now["state"])
    return now


def test_env_prints_lines_that_a_shell_can_take(running, tmp_path):
    lines = runner.invoke(app, ["local", "env"]).stdout
    assert all(line.startswith("export ") for line in lines.splitlines())
    seen = subprocess.run(
        ["bash", "-c", f'{lines}\nprintf "%s\\n" "$BUCKETDEX_CONTROL_TABLE" "$AWS_ENDPOINT_URL" "$BUCKETDEX_HOME"'],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert seen.stdout.splitlines() == [ODD, "http://127.0.0.1:5000", str(tmp_path)]


def test_env_unsets_what_would_turn_clients_away_and_is_set(running, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere")
    lines = runner.invoke(app, ["local", "env"]).stdout.splitlines()
    assert {line for line in lines if not line.startswith("export ")} == {
        "unset AWS_PROFILE", "unset AWS_ENDPOINT_URL_S3"}  # fmt: skip


def test_env_can_be_taken_back_without_a_stack(running):
    lines = runner.invoke(app, ["local", "env"]).stdout
    running["state"] = None
    exported = dict(line.removeprefix("export ").split("=", 1) for line in lines.splitlines())
    unset = runner.invoke(app, ["local", "env", "--unset"], env=exported | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert set(unset.stdout.split()) == {"unset", *exported}


def test_env_names_all_that_programs_rely_on(running):
    told = json.loads(runner.invoke(app, ["local", "env", "--json"]).stdout)
    assert set(told) >= {
        "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION",
        "BUCKETDEX_OPENSEARCH_URL", "BUCKETDEX_API_URL", "BUCKETDEX_CONTROL_TABLE",
    }  # fmt: skip


def test_env_for_sam_has_addresses_that_a_container_reaches(running, tmp_path):
    refused = runner.invoke(app, ["local", "env", "--sam"])
    assert refused.exit_code == 3 and "bridge" in refused.stderr
    running["state"] = state(tmp_path, bridge="172.17.0.1")
    told = json.loads(runner.invoke(app, ["local", "env", "--sam"]).stdout)["Parameters"]
    assert told["AWS_ENDPOINT_URL"] == "http://172.17.0.1:5000"
    assert told["BUCKETDEX_OBJECT_EVENTS_URL"] == "http://172.17.0.1:5000/1/events"


def test_a_stack_that_is_still_starting_is_none_yet(running, tmp_path):
    running["state"] = state(tmp_path, phase="starting")
    result = runner.invoke(app, ["local", "env"])
    assert result.exit_code == 3 and "is not ready, but starting" in result.stderr
    assert runner.invoke(app, ["local", "status"]).exit_code == 1


def test_status_tells_what_runs_and_1_when_nothing_does(running):
    assert json.loads(runner.invoke(app, ["local", "status", "--json"]).stdout)["phase"] == "ready"
    assert "http://127.0.0.1:8000" in runner.invoke(app, ["local", "status"]).stdout
    running["state"] = None
    result = runner.invoke(app, ["local", "status", "--json"])
    assert result.exit_code == 1 and json.loads(result.stdout)["phase"] == "none"


def test_when_a_stack_ended_by_itself_it_is_told_why(running, tmp_path):
    running["state"] = None
    write(tmp_path, msgspec.structs.replace(state(tmp_path, phase="failed"), problem="edge ended with exit code 137"))
    assert "the last one ended by itself: edge ended" in runner.invoke(app, ["local", "status"]).stdout
    told = json.loads(runner.invoke(app, ["local", "status", "--json"]).stdout)
    assert told["problem"] == "edge ended with exit code 137"
    result = runner.invoke(app, ["local", "env"])
    assert result.exit_code == 3 and result.stderr.splitlines()[1].startswith("the last one ended by itself: edge")


def test_down_says_what_it_left(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_HOME", str(tmp_path))
    write(tmp_path, state(tmp_path))
    (tmp_path / "notes.txt").touch()
    result = runner.invoke(app, ["local", "down", "--purge"])
    assert result.exit_code == 0 and result.stdout.endswith("not the stack's, and left there: notes.txt.\n")
    assert "is removed" not in runner.invoke(app, ["local", "down", "--purge"]).stdout
    (tmp_path / "notes.txt").unlink()
    write(tmp_path, state(tmp_path))
    assert json.loads(runner.invoke(app, ["local", "down", "--purge", "--json"]).stdout)["left"] == []
    assert runner.invoke(app, ["local", "down", "--purge"]).stdout.endswith(f"There is no {tmp_path}.\n")


def test_the_environment_goes_before_the_stack_that_runs(running, monkeypatch):
    monkeypatch.setattr(here.os, "environ", {"BUCKETDEX_API_URL": "https://search.example"})
    here.adopt("BUCKETDEX_API_URL")
    assert here.os.environ == {"BUCKETDEX_API_URL": "https://search.example"}


def test_without_one_this_process_becomes_a_client_of_the_stack_and_of_nothing_else(running, monkeypatch, tmp_path):
    others = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_S3": "https://elsewhere", "AWS_SESSION_TOKEN": "t"}
    monkeypatch.setattr(here.os, "environ", {"BUCKETDEX_HOME": str(tmp_path), **others})
    here.adopt("BUCKETDEX_API_URL")
    assert here.os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert not set(others) & set(here.os.environ)
    [(name, queue)] = here.queues().items()
    assert (name, queue.name, queue.dead_letters_url) == ("ObjectEvents", "events", "http://127.0.0.1:5000/1/dead")


def test_addresses_of_a_stack_that_was_started_anew_are_pointed_out(running, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(
        here.os, "environ", {"BUCKETDEX_HOME": str(tmp_path), "BUCKETDEX_API_URL": "http://127.0.0.1:1"}
    )
    here.adopt("BUCKETDEX_API_URL")
    assert 'eval "$(bucketdex local env)"' in capsys.readouterr().err


def test_logs_show_the_last_lines_of_one_or_of_all(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_HOME", str(tmp_path))
    assert runner.invoke(app, ["local", "logs"]).stdout == ""
    for name in ("edge", "http"):
        log = stack.log_file(tmp_path, name)
        log.parent.mkdir(exist_ok=True)
        log.write_text(f"{name} 1\n{name} \x1b[31m2\n{name} 3\n")
    assert runner.invoke(app, ["local", "logs", "edge", "-n", "2"]).stdout == "edge \\x1b[31m2\nedge 3\n"
    assert runner.invoke(app, ["local", "logs", "-n", "1"]).stdout == "edge | edge 3\nhttp | http 3\n"
    assert json.loads(runner.invoke(app, ["local", "logs", "http", "-n", "1", "--json"]).stdout) == {
        "log": "http", "line": "http 3"}  # fmt: skip
    wrong = runner.invoke(app, ["local", "logs", "nobody"])
    assert wrong.exit_code == 2 and "edge, http" in wrong.stderr


def test_logs_are_readable_unless_asked_for_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_HOME", str(tmp_path))
    log = stack.log_file(tmp_path, "IndexObjects")
    log.parent.mkdir()
    lines = [
        '{"level":"WARNING","location":"x:1","message":"object not indexed","timestamp":"2026-01-02 03:04:05,678+0000",'
        '"bucket":"lab","key":"a\\u001b.txt","reason":"too odd","message_ids":["1"],"attempt":2}',
        '{"_aws":{"Timestamp":1},"ObjectsIndexed":[1.0]}',
        "REPORT RequestId: 1 Duration: 2.0 ms",
        "{no JSON",
    ]
    log.write_text("\n".join([*lines, ""]))
    assert runner.invoke(app, ["local", "logs", "indexobjects", "-n", "2"]).stdout.splitlines() == [
        "2026-01-02 03:04:05 WARNING object not indexed s3://lab/a\\x1b.txt attempt=2: too odd", "{no JSON",
    ]  # fmt: skip
    assert runner.invoke(app, ["local", "logs", "IndexObjects", "--raw"]).stdout.splitlines() == lines
    told = runner.invoke(app, ["local", "logs", "--json"]).stdout.splitlines()
    assert [json.loads(line)["line"] for line in told] == lines


def test_a_fault_of_ours_is_logged_with_its_trace():
    line = '{"level":"ERROR","message":"failed","timestamp":"2026-01-02 03:04:05","exception":"Traceback:\\n  File"}'
    assert readable(line) == "2026-01-02 03:04:05 ERROR   failed\n  Traceback:\n    File"


def test_following_yields_whole_lines_as_they_come(tmp_path):
    log = tmp_path / "it.log"
    log.write_text("old\n")
    lines = last_and_next({"it": log}, 1, follow=True)
    assert next(lines) == ("it", "old")

    def write() -> None:
        with log.open("a", buffering=1) as file:
            for part in ("new", " line\n", "next\n"):
                time.sleep(0.15)
                file.write(part)
                file.flush()

    thread = threading.Thread(target=write)
    thread.start()
    assert [next(lines), next(lines)] == [("it", "new line"), ("it", "next")]
    thread.join()
    log.write_text("anew\n")
    assert next(lines) == ("it", "anew")
