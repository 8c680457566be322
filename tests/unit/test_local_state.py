"""The folder of a stack: one supervisor at a time, a state that is never half, an environment for clients."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bucketdex.local import stack, state
from bucketdex.local.deployment import Deployment, EventSource, Function, Queue, Route
from bucketdex.local.functions import application
from bucketdex.local.state import StackError, State

FUNCTION = Function(
    "F", "s-F", "arn", "app.handler", "/code", (), {"BUCKETDEX_QUEUE_URL": "http://e", "OTHER": "x"}, 3, 1
)


def a_state(home: Path, **more: object) -> State:
    return State(
        phase="ready",
        home=str(home),
        template="template.yaml",
        started=1.0,
        supervisor=1,
        processes={},
        edge_url="http://127.0.0.1:4000",
        opensearch_url="http://127.0.0.1:9200",
        api_url="http://127.0.0.1:8000",
        deployment=Deployment((FUNCTION,), (), (), (), {}),
        **more,
    )


def test_one_supervisor_holds_the_folder_and_is_known_by_its_process(tmp_path):
    assert state.holder(tmp_path) is None
    script = f"""
import sys
from pathlib import Path
from bucketdex.local import state
with state.locked(Path({str(tmp_path)!r})) as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"True\n"
        assert state.holder(tmp_path) == holder.pid
        with state.locked(tmp_path) as ours:
            assert not ours
        assert state.holder(tmp_path) == holder.pid, "asking takes nothing away"
        holder.kill()
    assert state.holder(tmp_path) is None
    with state.locked(tmp_path) as ours:
        assert ours


def test_whoever_asks_for_the_holder_keeps_no_supervisor_from_starting(tmp_path):
    import fcntl
    import threading

    with (tmp_path / "supervisor.lock").open("w") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        threading.Timer(0.1, lambda: fcntl.flock(asking, fcntl.LOCK_UN)).start()
        with state.locked(tmp_path) as ours:
            assert ours


def test_the_state_is_read_as_it_was_written(tmp_path):
    written = a_state(tmp_path, notes=("one",))
    state.write(tmp_path, written)
    assert state.read(tmp_path) == written
    assert [it.name for it in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("text", [None, "", "{", '{"phase": "ready"}'])
def test_a_state_that_cannot_be_read_is_none(tmp_path, text):
    if text is not None:
        (tmp_path / "state.json").write_text(text)
    assert state.read(tmp_path) is None


def test_a_state_whose_supervisor_is_gone_is_no_stack(tmp_path):
    state.write(tmp_path, a_state(tmp_path))
    assert stack.status(tmp_path) is None
    assert stack.down(tmp_path) is False
    stack.down(tmp_path, purge=True)
    assert not tmp_path.exists()
    stack.down(tmp_path, purge=True)


@pytest.mark.parametrize("mine", ["d/f", "opensearch/code.py", "logs/mine.log", "state.json"])
def test_a_folder_with_files_of_somebody_else_is_no_home(tmp_path, mine):
    (tmp_path / mine).parent.mkdir(exist_ok=True)
    (tmp_path / mine).write_text("mine")
    with pytest.raises(StackError, match="is not empty, and no stack ever ran there"):
        stack.up(tmp_path, tmp_path / "template.yaml")
    with pytest.raises(StackError, match="nothing of it is removed"):
        stack.down(tmp_path, purge=True)
    supervisor = [sys.executable, "-m", "bucketdex.local.supervisor", "--home", str(tmp_path), "--template", "none"]
    done = subprocess.run(supervisor, check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "no stack ever ran there" in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / mine]


def a_folder(home: Path) -> None:
    state.write(home, a_state(home))
    for name in ("supervisor.lock", "state.json.77", "opensearch/nodes/data", "logs/previous/edge.log"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()


def test_purging_takes_what_is_the_stacks_and_tells_what_else_is_there(tmp_path):
    a_folder(tmp_path)
    (tmp_path / "notes.txt").touch()
    assert state.purge(tmp_path) == ["notes.txt"]
    assert list(tmp_path.iterdir()) == [tmp_path / "notes.txt"]
    (tmp_path / "notes.txt").unlink()
    a_folder(tmp_path)
    assert state.purge(tmp_path) == [] and not tmp_path.exists()


def test_what_cannot_be_removed_is_told_and_can_be_tried_again(tmp_path, monkeypatch):
    a_folder(tmp_path)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(state.shutil, "rmtree", refuse)
        with pytest.raises(StackError, match="logs cannot be removed: Permission denied"):
            state.purge(tmp_path)
    assert state.purge(tmp_path) == [] and not tmp_path.exists()


@pytest.mark.parametrize(
    ("phase", "problem", "told"),
    [("failed", "edge ended", "edge ended"), ("ready", "", "its supervisor was killed"), ("stopped", "", "")],
)
def test_why_a_stack_ended_by_itself_is_kept(tmp_path, phase, problem, told):
    ended = msgspec.structs.replace(a_state(tmp_path, problem=problem), phase=phase)
    state.write(tmp_path, ended)
    assert stack.why_it_ended(tmp_path).startswith(told) and bool(stack.why_it_ended(tmp_path)) is bool(told)


def test_the_home_is_beside_the_template_unless_the_environment_names_one(tmp_path, monkeypatch):
    monkeypatch.delenv("BUCKETDEX_HOME", raising=False)
    assert stack.default_home(tmp_path / "template.yaml") == tmp_path / ".bucketdex"
    monkeypatch.setenv("BUCKETDEX_HOME", str(tmp_path / "elsewhere"))
    assert stack.default_home(tmp_path / "template.yaml") == tmp_path / "elsewhere"


def test_the_template_is_found_from_below(tmp_path):
    (tmp_path / "template.yaml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert stack.find_template(tmp_path / "a" / "b") == tmp_path / "template.yaml"


def test_the_environment_points_aws_clients_and_bucketdex_at_the_stack(tmp_path):
    environment = stack.environment(a_state(tmp_path))
    assert environment == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4000",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "BUCKETDEX_QUEUE_URL": "http://e",
        "BUCKETDEX_OPENSEARCH_URL": "http://127.0.0.1:9200",
        "BUCKETDEX_OPENSEARCH_AUTH": "none",
        "BUCKETDEX_API_URL": "http://127.0.0.1:8000",
    }


def test_a_container_gets_the_address_of_the_bridge_if_the_stack_answers_there(tmp_path):
    environment = stack.environment(a_state(tmp_path, bridge="172.17.0.1"), bridge=True)
    assert environment["AWS_ENDPOINT_URL"] == "http://172.17.0.1:4000"
    assert environment["BUCKETDEX_OPENSEARCH_URL"] == "http://172.17.0.1:9200"
    with pytest.raises(StackError, match="bridge"):
        stack.environment(a_state(tmp_path), bridge=True)


def source(name: str, concurrency: int, *, enabled: bool = True) -> EventSource:
    return EventSource(name, name, "", "", "F", 1, 0, concurrency, reports_item_failures=True, enabled=enabled)


def test_each_event_source_has_processes_of_its_own_so_that_none_waits_for_another():
    def processes(*sources: EventSource, routes: tuple[Route, ...] = (), workers: int = 4) -> int:
        return application.limit(FUNCTION, Deployment((FUNCTION,), sources, (), routes, {}), workers)

    assert processes() == 4, "what is called through Lambda's API, by state machines"
    assert processes(source("Live", 5), source("Bulk", 2)) == 6
    assert processes(source("Live", 5), source("Bulk", 2, enabled=False), workers=2) == 2
    assert processes(routes=(Route("R", 1, ("/*",), "F", "", multi_value=False),)) == 4


def test_depths_are_told_for_each_queue_with_its_dead_letters(tmp_path, monkeypatch):
    from bucketdex.local import depths

    queues = (
        Queue("Q", "s-Q", "", "", 30, "D", 3, holds_dead_letters=False),
        Queue("D", "s-D", "", "", 30, None, None, holds_dead_letters=True),
    )
    told = {
        "s-Q": depths.Told(visible=1, in_flight=2, delayed=3, oldest_sent=1000.0),
        "s-D": depths.Told(visible=4),
    }
    monkeypatch.setattr(depths, "ask", lambda _: told)
    monkeypatch.setattr(depths.time, "time", lambda: 1060.0)
    current = a_state(tmp_path)
    current = State(**{name: getattr(current, name) for name in current.__struct_fields__} | {
        "deployment": Deployment((), (), queues, (), {})})  # fmt: skip
    assert depths.queues(current) == {"Q": depths.QueueDepth(1, 2, 3, 4, 60.0)}
